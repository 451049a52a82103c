import avro from 'avsc'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DeadLetterInput } from '../../src/records/dead-letter.ts'
import { writerSchema } from '../../src/schemas/avro-value.ts'
import { deadLetterEncoder } from '../../src/schemas/dead-letter-value.ts'
import { messageEncoder } from '../../src/schemas/message-value.ts'
import { ownSchema, type SchemaName } from '../../src/schemas/own-schemas.ts'
import { messageBytes } from '../../src/translate/message-text.ts'
import { messageTypes, type Message } from '../../src/translate/message.ts'
import { toIso } from '../../src/translate/timestamps.ts'

const typeOf = (name: SchemaName) => avro.Type.forSchema(JSON.parse(ownSchema(name)) as avro.Schema)
const decoded = (name: SchemaName, value: Buffer): unknown =>
  JSON.parse(JSON.stringify(typeOf(name).fromBuffer(value.subarray(5))))
const header = (value: Buffer): unknown => [value[0], value.readInt32BE(1)]

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }))
const optional = fc.option(text, { nil: undefined })
const time = fc.integer({ min: 0, max: 253_402_300_799_999 })

const message = fc
  .record({
    type: fc.constantFrom(...messageTypes),
    messageId: text,
    userId: optional,
    anonymousId: optional,
    previousId: optional,
    groupId: optional,
    event: optional,
    name: optional,
    traits: fc.option(fc.dictionary(text, fc.jsonValue()), { nil: undefined }),
    at: time,
    receivedAt: time,
  })
  .map(({ at, receivedAt, ...body }): { message: Message; at: number; receivedAt: number } => {
    const [timestamp, received] = [toIso(at), toIso(receivedAt)]
    const times = { timestamp, originalTimestamp: timestamp, sentAt: received, receivedAt: received }
    const context = { journeys: { identifiers: { id: '42' } } }
    return { message: { ...body, ...times, context, integrations: { All: true } }, at, receivedAt }
  })

const wellFormed = (field: string | undefined): string | null => field?.toWellFormed() ?? null

test('a message in Avro holds the bytes of the message in JSON, and the columns beside it, for any message', () => {
  fc.assert(
    fc.property(message, optional, fc.integer({ min: 0, max: 2 ** 31 - 1 }), (one, source, id) => {
      const value = messageEncoder(id, 'main')(one.message, { All: true }, source)
      const { type, messageId, userId, anonymousId, previousId, groupId, event, name } = one.message
      expect(header(value)).toEqual([0, id])
      expect(decoded('PipelinesMessage', value)).toEqual({
        payload: messageBytes(one.message, { All: true }).toString(),
        type,
        messageId: wellFormed(messageId),
        userId: wellFormed(userId),
        anonymousId: wellFormed(anonymousId),
        previousId: wellFormed(previousId),
        groupId: wellFormed(groupId),
        event: wellFormed(event),
        name: wellFormed(name),
        destination: 'main',
        source: wellFormed(source),
        timestamp: one.at,
        receivedAt: one.receivedAt,
      })
    }),
  )
})

test('the payload of a message is found in place, byte for byte', () => {
  const reader = writerSchema(ownSchema('PipelinesMessage'))
  fc.assert(
    fc.property(message, (one) => {
      const found = reader.payload(messageEncoder(7, 'x'.repeat(100))(one.message, { All: true }, 'site'))
      expect(found).toEqual({ ok: true, payload: messageBytes(one.message, { All: true }) })
    }),
  )
})

const letter: DeadLetterInput = {
  source: {
    topic: 'cio.track.raw',
    partition: 3,
    offset: 2 ** 40,
    timestamp: 1_763_719_200_000,
    key: Buffer.from([0xff, 0]),
    value: Buffer.from('{'),
    headers: [
      ['a', Buffer.from('1')],
      ['a', null],
    ],
  },
  reason: 'rejected',
  field: 'body.name',
  message: 'the API refuses this message',
  stage: 'sink',
  destination: 'main',
  attempt: 2,
  operations: [1, 300],
  answer: { status: 400, body: 'ä' },
  at: 1_763_719_201_000,
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

test.each(['DeadLetter', 'Unsupported'] as const)('%s keeps every byte of key, value and headers', (name) => {
  const value = deadLetterEncoder(9)(letter)
  const read = typeOf(name).fromBuffer(value.subarray(5)) as Record<string, unknown>
  expect(header(value)).toEqual([0, 9])
  expect(plain(read)).toEqual({
    reason: 'rejected',
    field: 'body.name',
    message: 'the API refuses this message',
    stage: 'sink',
    sourceTopic: 'cio.track.raw',
    sourcePartition: 3,
    sourceOffset: 2 ** 40,
    sourceTimestamp: 1_763_719_200_000,
    destination: 'main',
    attempt: 2,
    answerStatus: 400,
    answerBody: 'ä',
    key: plain(Buffer.from([0xff, 0])),
    value: plain(Buffer.from('{')),
    headers: [
      { name: 'a', value: plain(Buffer.from('1')) },
      { name: 'a', value: null },
    ],
    failedAt: 1_763_719_201_000,
    operations: [1, 300],
  })
})

test('a dead letter without key, value, answer and date says null', () => {
  const source = { ...letter.source, key: null, value: null, headers: [], timestamp: Number.NaN }
  const { field: _field, answer: _answer, operations: _operations, ...rest } = letter
  const value = deadLetterEncoder(9)({ ...rest, source, destination: null })
  const read = plain(typeOf('DeadLetter').fromBuffer(value.subarray(5))) as Record<string, unknown>
  const nulls = Object.entries(read).flatMap(([name, content]) => (content === null ? [name] : []))
  const others = ['sourceTimestamp', 'destination', 'answerStatus', 'answerBody', 'key', 'value', 'operations']
  expect(nulls).toEqual(['field', ...others])
  expect(read['headers']).toEqual([])
})
