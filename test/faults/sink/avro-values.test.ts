import { expect, test } from 'vitest'
import {
  idOf,
  laterSchema,
  letterOf,
  messageCodec,
  unreadableValue,
  type OtherIds,
} from '../../../faults/sink/avro-values.ts'
import { systemClock } from '../../../src/clock.ts'
import type { SourceRecord } from '../../../src/records/dead-letter.ts'
import { deadLetterEncoder } from '../../../src/schemas/dead-letter-value.ts'
import { messageEncoder } from '../../../src/schemas/message-value.ts'
import { ownSchema } from '../../../src/schemas/own-schemas.ts'
import { createSchemaCache } from '../../../src/schemas/schema-cache.ts'
import { messageText } from '../../../src/translate/message-text.ts'
import type { Message } from '../../../src/translate/message.ts'
import { outgoing } from '../../../src/sink/outgoing.ts'
import { createRecordingLog } from '../../support/recording-log.ts'

const at = '2026-11-21T10:00:00.000Z'
const integrations = { All: true }
const message: Message = {
  type: 'alias',
  messageId: 'm1',
  userId: 'u1',
  previousId: 'a1',
  timestamp: at,
  originalTimestamp: at,
  sentAt: at,
  receivedAt: at,
  context: { journeys: { identifiers: { id: 'u1' } } },
  integrations,
}
const text = messageText(message, integrations)

const own = { id: 1, text: ownSchema('PipelinesMessage') }
const later = [1, 2].map((version) => ({ id: 1 + version, text: laterSchema(version) }))
const ids: OtherIds = { trackCall: 9, unknown: 77 }
const texts = new Map([own, ...later].map((schema) => [schema.id, schema.text] as const))
texts.set(ids.trackCall, ownSchema('TrackCall'))

async function schemaById(id: number) {
  const schema = texts.get(id)
  return schema === undefined ? null : { schema, type: 'AVRO', parts: [] }
}

/** What the sink finds in a value: the JSON of a message, or why there is none. */
async function found(value: Buffer): Promise<string> {
  const cache = createSchemaCache({ registry: { schemaById }, clock: systemClock, log: createRecordingLog().log })
  await cache.ensure([{ value }], new AbortController().signal)
  const read = value[0] === 0 ? cache.payload(value) : ({ ok: true, payload: value } as const)
  if (!read.ok) return read.reason
  const sent = outgoing(read.payload)
  return sent.ok ? read.payload.toString() : sent.why
}

test('a message stands on the topic as process writes it, byte for byte', () => {
  const written = messageEncoder(own.id, 'main')(message, integrations, undefined)
  expect(messageCodec(own).encode(text)).toEqual(written)
})

test.each([own, ...later])('what is written with schema $id is read back, by the sink too', async (schema) => {
  const codec = messageCodec(schema)
  const value = codec.encode(text)
  expect([idOf(value), codec.decode(value), await found(value)]).toEqual([schema.id, text, text])
})

test('a message of a later schema is none to whoever takes it for the one before', () => {
  const value = messageCodec(later[0]!).encode(text)
  expect([messageCodec(own).decode(value), laterSchema(1) === laterSchema(2)]).toEqual([undefined, false])
})

test.each([
  [0, /^the value is not JSON$/],
  [4, /^cannot be read as Avro: /],
  [8, /^cannot be read as Avro: 1 bytes stand behind the value$/],
  [12, /^is Avro of schema 77, which the schema registry does not have$/],
  [16, /^has an Avro schema without a text "payload"; expected a PipelinesMessage$/],
  [20, /^the value is not JSON$/],
  [24, /^begins as Avro does, but is too short to hold a schema id$/],
])('the unreadable value number %i and its three followers are of one kind', async (number, why) => {
  for (const next of [0, 1, 2, 3]) {
    const value = unreadableValue(messageCodec(own), number + next, ids, 'no JSON at all')
    expect(await found(Buffer.from(value))).toMatch(why)
  }
})

test('a dead letter in Avro tells its reason and the bytes of its record', () => {
  const value = messageCodec(own).encode(text)
  const source: SourceRecord = { topic: 'main', partition: 0, offset: 7, timestamp: 0, key: null, value, headers: [] }
  const input = { source, reason: 'rejected', message: 'no', stage: 'sink', destination: 'main', attempt: 1 } as const
  expect(letterOf(deadLetterEncoder(3)({ ...input, at: 0 }))).toEqual({ reason: 'rejected', value })
  const empty = deadLetterEncoder(3)({ ...input, source: { ...source, value: null }, at: 0 })
  expect(letterOf(empty)).toEqual({ reason: 'rejected', value: null })
})

test.each([
  ['JSON', Buffer.from('{"reason":"rejected"}')],
  ['a message', messageCodec(own).encode(text)],
])('%s is no dead letter in Avro', (_name, value) => {
  expect(letterOf(value)).toBeUndefined()
})

test.each([
  [Buffer.from('{"a":1}'), undefined],
  [Buffer.from([0, 0, 0]), undefined],
  [Buffer.from([0, 0, 0, 1, 2]), 258],
])('the schema id of %j is %s', (value, id) => {
  expect(idOf(value)).toBe(id)
})
