import { expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { OutRecord } from '../../src/kafka/broker.ts'
import { compressionNumbers, type Compression } from '../../src/kafka/wire/compression.ts'
import { decoded, type DecodedRecord } from '../support/decoded-record.ts'
import { createTopics, randomName } from '../support/kafka.ts'
import { collect, openBroker, openSession, summary, unitOf, type Collected } from '../support/kafkajs-adapter.ts'
import { until } from '../support/until.ts'
import { emptyFirstBatch, readWithJava, writeWithJava, type JavaRecord } from '../support/wire-client.ts'

const compressions = Object.keys(compressionNumbers) as readonly Compression[]
const days = 24 * 3_600_000
const everyByte = Buffer.from(Uint8Array.from({ length: 256 }, (_, byte) => byte))
const utf8 = (text: string): Buffer => Buffer.from(text)

/** Several blocks of every codec, and hard to compress in part. */
const longValue = Buffer.concat(
  Array.from({ length: 1_200 }, (_, index) => Buffer.concat([everyByte, utf8(`${index}`)])),
)

const javaRecords = (now: number): readonly JavaRecord[] => [
  { timestamp: now, key: utf8('k'), value: utf8('v'), headers: [] },
  { timestamp: now + 5, key: null, value: everyByte, headers: [['h', everyByte]] },
  {
    timestamp: now - 70 * days,
    key: utf8(''),
    value: utf8(''),
    headers: [
      ['twice', utf8('1')],
      ['', utf8('')],
      ['twice', utf8('2')],
      ['none', null],
      ['日本', utf8('😀')],
    ],
  },
  { timestamp: now + 6, key: utf8('tombstone'), value: null, headers: [] },
  { timestamp: now + 7, key: utf8('x'.repeat(9_000)), value: longValue, headers: [] },
]

/** Bytes as text, one character a byte: vitest compares long buffers very slowly. */
const latin1 = (field: Buffer | null): string | null => field && field.toString('latin1')
const inText = (lists: readonly (readonly JavaRecord[])[]): unknown =>
  lists.map((records) =>
    records.map(({ key, value, headers, ...rest }) => ({
      ...rest,
      key: latin1(key),
      value: latin1(value),
      headers: headers.map(([name, content]) => [name, latin1(content)]),
    })),
  )

const topicOf = async (partitions: number, settings: Readonly<Record<string, string>> = {}): Promise<string> => {
  const topic = randomName('wire')
  await createTopics({ [topic]: { partitions, settings: { 'retention.ms': '-1', ...settings } } })
  return topic
}

async function readWithOurs(
  topic: string,
  lists: readonly (readonly unknown[])[],
): Promise<readonly DecodedRecord[][]> {
  const collected: Collected = await collect(openBroker(), { topics: [topic] })
  const count = lists.reduce((sum, records) => sum + records.length, 0)
  const read = (): number => collected.batches.reduce((sum, { records }) => sum + records.length, 0)
  await until(() => read() >= count)
  return lists.map((_, partition) =>
    collected.batches.filter((batch) => batch.partition === partition).flatMap(({ records }) => records.map(decoded)),
  )
}

test('what Java writes, by whatever codec, is read to the letter, by us as by Java', async () => {
  const topic = await topicOf(compressions.length)
  const records = javaRecords(systemClock.now())
  const expected = compressions.map(() => records.map((record, offset) => ({ offset, ...record })))
  await writeWithJava(
    topic,
    compressions.map(() => records),
  )
  expect(inText(await readWithOurs(topic, expected))).toEqual(inText(expected))
  expect(inText(await readWithJava(topic, compressions.length))).toEqual(inText(expected))
})

test('on a topic with LogAppendTime our timestamps are those that Java reads', async () => {
  const topic = await topicOf(compressions.length, { 'message.timestamp.type': 'LogAppendTime' })
  const startedAt = systemClock.now()
  const records = javaRecords(startedAt - 10 * days)
  await writeWithJava(
    topic,
    compressions.map(() => records),
  )
  const java = await readWithJava(topic, compressions.length)
  expect(inText(await readWithOurs(topic, java))).toEqual(inText(java))
  expect(java.flat().filter(({ timestamp }) => timestamp < startedAt)).toEqual([])
  expect(java.map(({ length }) => length)).toEqual(compressions.map(() => records.length))
})

const outRecords = (topic: string, partition: number, now: number): readonly OutRecord[] => [
  { topic, partition, key: 'k', value: 'v', timestamp: now, headers: {} },
  {
    topic,
    partition,
    key: null,
    value: everyByte,
    timestamp: now + 5,
    headers: { h: everyByte, 日本: '😀', empty: '' },
  },
  { topic, partition, key: '', value: '', timestamp: now - 70 * days, headers: {} },
  {
    topic,
    partition,
    key: Buffer.from('tombstone'),
    value: null,
    timestamp: now + 6,
    headers: { 'tb-src': 'raw:0:1' },
  },
  { topic, partition, key: 'é'.repeat(9_000), value: longValue, timestamp: now + 7, headers: {} },
]

const bytes = (field: Buffer | string | null): Buffer | null => (field === null ? null : Buffer.from(field as string))
const asRead = ({ timestamp, key, value, headers }: OutRecord, offset: number): DecodedRecord => ({
  offset,
  timestamp,
  key: bytes(key),
  value: bytes(value),
  headers: Object.entries(headers).map(([name, content]) => [name, bytes(content)]),
})

test('what a session writes, by whatever codec, Java reads to the letter', async () => {
  const topic = await topicOf(compressions.length)
  const now = systemClock.now()
  for (const [partition, compression] of compressions.entries()) {
    const broker = openBroker({ settings: { compression } })
    const session = await openSession(broker, { group: randomName('group'), source: { topic, partition } })
    expect(await session.commit(unitOf(outRecords(topic, partition, now), 0))).toEqual({ ok: true })
    expect(await session.commit(unitOf(outRecords(topic, partition, now + 100), 0))).toEqual({ ok: true })
  }
  // Each transaction ends with a marker.
  const second = outRecords(topic, 0, now).length + 1
  const expected = [
    ...outRecords(topic, 0, now).map(asRead),
    ...outRecords(topic, 0, now + 100).map((record, index) => asRead(record, second + index)),
  ]
  expect(inText(await readWithJava(topic, compressions.length))).toEqual(inText(compressions.map(() => expected)))
})

test('what the plain producer writes, by whatever codec, Java reads to the letter', async () => {
  const topic = await topicOf(compressions.length)
  const now = systemClock.now()
  for (const [partition, compression] of compressions.entries()) {
    const producer = await openBroker({ settings: { compression } }).producer()
    await producer.send(outRecords(topic, partition, now))
    await producer.close()
  }
  const expected = outRecords(topic, 0, now).map(asRead)
  expect(inText(await readWithJava(topic, compressions.length))).toEqual(inText(compressions.map(() => expected)))
})

test('a batch that the broker has emptied by compaction is stepped over, also where it is all that a fetch brings', async () => {
  const topic = await topicOf(1, {
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0.01',
    'segment.ms': '100',
  })
  expect(await emptyFirstBatch(topic)).toEqual([2, 3, 4])
  const { batches } = await collect(openBroker(), { topics: [topic], maxBytesPerPartition: 1 })
  await until(() => batches.at(-1)?.nextOffset === 5)
  expect(batches.map(summary)).toEqual([
    { fetchedOffset: 0, nextOffset: 2, continuous: false, offsets: [] },
    { fetchedOffset: 2, nextOffset: 4, continuous: true, offsets: [2, 3] },
    { fetchedOffset: 4, nextOffset: 5, continuous: true, offsets: [4] },
  ])
})
