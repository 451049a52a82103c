// Messages in Avro as they stand on a destination topic, dead letters read back, and values that only look like Avro.
// Written and read by avsc and not by the product, so that the two share no mistake. Pure.
import avro from 'avsc'
import { ownSchema } from '../../src/schemas/own-schemas.ts'
import { avroCall, framed } from '../../test/support/avro-calls.ts'

/** A schema of messages and its id in the registry. */
export interface MessageSchema {
  readonly id: number
  readonly text: string
}

/** Text of a schema that a later version may have: PipelinesMessage with an optional column in front of the payload, so that
 *  whoever takes it for another version reads nothing. */
export function laterSchema(version: number): string {
  const schema = JSON.parse(ownSchema('PipelinesMessage')) as { readonly fields: readonly object[] }
  const column = { name: `column${version}`, type: ['null', 'string'], default: null }
  return JSON.stringify({ ...schema, fields: [column, ...schema.fields] })
}

export interface MessageCodec {
  readonly id: number
  /** `text`: a message, or what is none, as JSON. */
  encode(text: string): Buffer
  /** The payload of what `encode` gave; undefined for other values. */
  decode(value: Buffer): string | undefined
}

export function messageCodec({ id, text: schema }: MessageSchema): MessageCodec {
  const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema)
  const { fields } = JSON.parse(schema) as { readonly fields: readonly { readonly name: string }[] }
  const columns = fields.filter(({ name }) => name.startsWith('column')).map(({ name }) => [name, name] as const)
  return {
    id,
    encode: (text) => framed(id, type.toBuffer({ ...Object.fromEntries(columns), ...fieldsOf(text) })),
    decode(value) {
      const payload = fieldsIn(type, value)?.['payload']
      return typeof payload === 'string' ? payload : undefined
    },
  }
}

/** Id of the schema of a value in Confluent's wire format; undefined where it is too short, or no such value. */
export const idOf = (value: Buffer): number | undefined =>
  value.length < 5 || value[0] !== 0 ? undefined : value.readInt32BE(1)

const letterType = avro.Type.forSchema(JSON.parse(ownSchema('DeadLetter')) as avro.Schema)

/** Reason and value of a dead letter; undefined where it is none in Avro. */
export function letterOf(value: Buffer): { readonly reason: unknown; readonly value: Buffer | null } | undefined {
  const found = fieldsIn(letterType, value)
  return found && { reason: found['reason'], value: Buffer.isBuffer(found['value']) ? found['value'] : null }
}

/** Ids for values that cannot be read. */
export interface OtherIds {
  /** Of TrackCall, which holds no message. */
  readonly trackCall: number
  /** Of none in the registry. */
  readonly unknown: number
}

const call = JSON.stringify({ method: 'POST', path: '/api/v1/track', body: {} })

/** A value that is no message in Avro, each kind in turn by `number`; `text` is the one of its JSON form. */
export function unreadableValue(codec: MessageCodec, number: number, ids: OtherIds, text: string): Buffer | string {
  const whole = codec.encode(JSON.stringify({ type: 'track', messageId: `m${number}`, userId: 'u0' }))
  const elsewhere = Buffer.from(whole)
  elsewhere.writeInt32BE(ids.unknown, 1)
  const forms: readonly (Buffer | string)[] = [
    codec.encode(text),
    whole.subarray(0, whole.length - 30),
    Buffer.concat([whole, Buffer.from([0])]),
    elsewhere,
    avroCall(ids.trackCall, call) ?? text,
    text,
    whole.subarray(0, 4),
  ]
  // The texts have their own turn, of four.
  return forms[Math.floor(number / 4) % forms.length] ?? text
}

function fieldsIn(type: avro.Type, value: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    return type.fromBuffer(value.subarray(5)) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}

function fieldsOf(payload: string): Readonly<Record<string, unknown>> {
  const message = parsed(payload)
  const text = (name: string): string | null => (typeof message[name] === 'string' ? message[name] : null)
  const time = (name: string): number => Date.parse(text(name) ?? '1970-01-01T00:00:00.000Z')
  return {
    payload,
    type: text('type') ?? 'track',
    messageId: text('messageId') ?? '',
    userId: text('userId'),
    anonymousId: text('anonymousId'),
    previousId: text('previousId'),
    groupId: text('groupId'),
    event: text('event'),
    name: text('name'),
    destination: 'main',
    source: null,
    timestamp: time('timestamp'),
    receivedAt: time('receivedAt'),
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}
