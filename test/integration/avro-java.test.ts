import { expect, test } from 'vitest'
import { stringifyJson } from '../../src/json.ts'
import { writerSchema } from '../../src/schemas/avro-value.ts'
import { deadLetterEncoder } from '../../src/schemas/dead-letter-value.ts'
import { messageEncoder } from '../../src/schemas/message-value.ts'
import { ownSchema } from '../../src/schemas/own-schemas.ts'
import { messageText } from '../../src/translate/message-text.ts'
import type { Message } from '../../src/translate/message.ts'
import { readWithJavaAvro, writeWithJavaAvro } from '../support/avro-client.ts'

const framed = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), bytes])
const unframed = (value: Buffer): Buffer => value.subarray(5)
const string = (value: string | undefined): object | null => (value === undefined ? null : { string: value })
const bytes = (value: Buffer | null): object | null => value && { bytes: value.toString('latin1') }

const time = '2026-11-21T10:00:00.123Z'
const message = (more: Partial<Message>): Message => ({
  type: 'track',
  messageId: '01H8K2W9Z2M3N4P5Q6R7S8T9V0',
  timestamp: time,
  originalTimestamp: time,
  sentAt: time,
  receivedAt: '2026-11-21T10:00:01.000Z',
  context: { journeys: { identifiers: { id: '42' } } },
  integrations: { All: true },
  ...more,
})
const messages: readonly Message[] = [
  message({ userId: '42', event: 'viewed', properties: { n: 1 } }),
  message({ userId: 'Zoë 😀', event: 'x'.repeat(9_000), properties: { text: 'ä'.repeat(40_000) } }),
  message({ type: 'alias', previousId: 'a', userId: 'b' }),
  message({ type: 'group', anonymousId: '', groupId: 'acme', traits: {} }),
]

const messageColumns = (one: Message) => ({
  payload: messageText(one),
  type: one.type,
  messageId: one.messageId,
  userId: string(one.userId),
  anonymousId: string(one.anonymousId),
  previousId: string(one.previousId),
  groupId: string(one.groupId),
  event: string(one.event),
  name: string(one.name),
  destination: 'main',
  source: string('site'),
  timestamp: Date.parse(one.timestamp),
  receivedAt: Date.parse(one.receivedAt),
})

test('Java reads the messages that we write, to the letter', async () => {
  const schema = ownSchema('PipelinesMessage')
  const encode = messageEncoder(1, 'main')
  const values = messages.map((one) => encode(one, one.integrations, 'site'))
  const read = await readWithJavaAvro(
    values.map((value) => ({ writer: schema, reader: schema, value: unframed(value) })),
  )
  expect(read).toEqual(messages.map(messageColumns))
})

test('Java reads them with a newer schema that has a field more, and with an older one that lacks some', async () => {
  const own = JSON.parse(ownSchema('PipelinesMessage')) as { fields: { name: string }[] }
  const newer = { ...own, fields: [{ name: 'region', type: 'string', default: 'eu' }, ...own.fields] }
  const older = { ...own, fields: own.fields.filter(({ name }) => name !== 'source' && name !== 'groupId') }
  const value = unframed(messageEncoder(1, 'main')(messages[0]!, { All: true }, 'site'))
  const read = await readWithJavaAvro(
    [newer, older].map((reader) => ({ writer: JSON.stringify(own), reader: JSON.stringify(reader), value })),
  )
  const { source: _source, groupId: _groupId, ...rest } = messageColumns(messages[0]!)
  expect(read).toEqual([{ region: 'eu', ...messageColumns(messages[0]!) }, rest])
})

const newer = (name: 'TrackCall' | 'PipelinesMessage'): string => {
  const own = JSON.parse(ownSchema(name)) as { fields: object[] }
  const added = { name: 'tags', type: { type: 'map', values: ['null', 'long'] }, default: {} }
  return JSON.stringify({ ...own, fields: [added, ...own.fields] })
}

test('we read what Java writes with a newer schema, payload and call alike', async () => {
  const tags = { a: null, b: { long: 5 } }
  const call = {
    method: 'PUT',
    path: '/api/v1/customers/42',
    body: string('{"plan":"Zoë"}'),
    id: null,
    source: string('web'),
    received_at: { long: 1_763_719_200_000 },
  }
  const [callBytes, messageBytes] = await writeWithJavaAvro([
    { schema: newer('TrackCall'), value: { tags, ...call } },
    { schema: newer('PipelinesMessage'), value: { tags, ...messageColumns(messages[1]!) } },
  ])
  const read = writerSchema(newer('TrackCall')).decode(framed(callBytes!))
  expect(read.ok && stringifyJson(read.value)).toBe(
    '{"method":"PUT","path":"/api/v1/customers/42","body":{"plan":"Zoë"},"id":null,"source":"web","received_at":"2025-11-21T10:00:00.000Z"}',
  )
  const found = writerSchema(newer('PipelinesMessage')).payload(framed(messageBytes!))
  expect(found.ok && found.payload.toString()).toBe(messageText(messages[1]!))
})

test('we write nothing else than Java does', async () => {
  const schema = ownSchema('PipelinesMessage')
  const encode = messageEncoder(1, 'main')
  const ours = messages.map((one) => unframed(encode(one, one.integrations, 'site')).toString('base64'))
  const theirs = await writeWithJavaAvro(messages.map((one) => ({ schema, value: messageColumns(one) })))
  expect(theirs.map((value) => value.toString('base64'))).toEqual(ours)
})

test('Java reads a dead letter, every byte of its record', async () => {
  const [key, value] = [Buffer.from([0xff, 0, 0x80]), Buffer.from('{"a":')]
  const letter = deadLetterEncoder(1)({
    source: {
      topic: 'raw',
      partition: 3,
      offset: 2 ** 45,
      timestamp: 5,
      key,
      value,
      headers: [
        ['h', value],
        ['h', null],
      ],
    },
    reason: 'rejected',
    message: 'refused',
    stage: 'sink',
    destination: 'main',
    attempt: 2,
    answer: { status: 400, body: '{}' },
    at: -1,
  })
  const schema = ownSchema('DeadLetter')
  expect(await readWithJavaAvro([{ writer: schema, reader: schema, value: unframed(letter) }])).toEqual([
    {
      reason: 'rejected',
      field: null,
      message: 'refused',
      stage: 'sink',
      sourceTopic: 'raw',
      sourcePartition: 3,
      sourceOffset: 2 ** 45,
      sourceTimestamp: { long: 5 },
      destination: { string: 'main' },
      attempt: 2,
      answerStatus: { int: 400 },
      answerBody: { string: '{}' },
      key: bytes(key),
      value: bytes(value),
      headers: [
        { name: 'h', value: bytes(value) },
        { name: 'h', value: null },
      ],
      failedAt: { long: -1 },
      operations: null,
    },
  ])
})
