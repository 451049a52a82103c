// A record's value in Confluent's wire format: magic byte 0, schema id, Avro. In: the value and its writer's schema. Out:
// the raw call or other record, or the JSON of a message, or why there is none. Pure. Ruled by kafka.md, "Formats":
// trailing or missing bytes are errors.
import { parseJson, type DecodedJson } from '../json.ts'
import { openTap, readLength, skipBytes, type Tap } from './avro-bytes.ts'
import { compileSchema, type AvroType } from './avro-types.ts'
import { trackCallName, trackCallReader } from './track-call.ts'

/** Magic byte and schema id. */
export const headerBytes = 5

/** True for a value that begins as Avro does; no JSON text does. */
export const isAvro = (value: Buffer | null): value is Buffer => value !== null && value[0] === 0

/** The schema id of a value for which `isAvro` holds; undefined where it is too short to have one. Ids are 32 bits with a
 *  sign: a negative one is no id of any registry. */
export const schemaIdOf = (value: Buffer): number | undefined =>
  value.length < headerBytes ? undefined : value.readInt32BE(1)

/** The JSON text of a message, in place, or why there is none. */
export type FoundPayload =
  { readonly ok: true; readonly payload: Buffer } | { readonly ok: false; readonly reason: string }

/** A writer's schema, ready to read its values. None of its functions throws. */
export interface WriterSchema {
  /** e.g. `trackbridge.v1.TrackCall`; the kind, e.g. `string`, where the schema has no name. */
  readonly name: string
  /** The value as translate reads it. */
  decode(value: Buffer): DecodedJson
  /** Field `payload` of a message. */
  payload(value: Buffer): FoundPayload
}

/** From the texts that the registry holds; `parts` as for compileSchema. Throws SyntaxError where it is no Avro schema. */
export function writerSchema(schemaText: string, parts: readonly string[] = []): WriterSchema {
  const type = compileSchema(parseJson(schemaText), parts.map(parseJson))
  const read = type.fullName === trackCallName && type.kind === 'record' ? trackCallReader(type) : type.read
  const find = payloadFinder(type)
  return {
    name: type.fullName ?? type.kind,
    decode: (value) => whole(value, read, (decoded) => ({ ok: true, value: decoded })),
    payload: (value) =>
      find === undefined
        ? { ok: false, reason: 'has an Avro schema without a text "payload"; expected a PipelinesMessage' }
        : whole(value, find, (payload) => ({ ok: true, payload })),
  }
}

type Unread = { readonly ok: false; readonly reason: string }

function whole<T, R>(value: Buffer, read: (tap: Tap) => T, toResult: (found: T) => R): R | Unread {
  const tap = openTap(value, headerBytes)
  try {
    const found = read(tap)
    if (tap.at === value.length) return toResult(found)
    return unread(`${value.length - tap.at} bytes stand behind the value`)
  } catch (error) {
    if (error instanceof RangeError) return unread(error.message)
    throw error
  }
}

const unread = (why: string): Unread => ({ ok: false, reason: `cannot be read as Avro: ${why}` })

// The other columns are only skipped: the payload holds all of it.
function payloadFinder({ fields = [] }: AvroType): ((tap: Tap) => Buffer) | undefined {
  const at = fields.findIndex(({ name, type }) => name === 'payload' && type.kind === 'string')
  if (at < 0) return undefined
  const before = fields.slice(0, at).map(({ type }) => type.skip)
  const after = fields.slice(at + 1).map(({ type }) => type.skip)
  return (tap) => {
    for (const skip of before) skip(tap)
    const start = skipBytes(tap, readLength(tap))
    const payload = tap.bytes.subarray(start, tap.at)
    for (const skip of after) skip(tap)
    return payload
  }
}
