import { expect, onTestFinished, test } from 'vitest'
import type { HistoryReader, OffsetRange, RangeBatch } from '../../src/kafka/broker.ts'
import { createTopics, kafkaClient, produceRaw, randomName, withAdmin } from '../support/kafka.ts'
import { openBroker } from '../support/kafkajs-adapter.ts'
import { until } from '../support/until.ts'

const never = new AbortController().signal

async function openHistory(broker = openBroker()): Promise<HistoryReader> {
  const history = await broker.history()
  onTestFinished(() => history.close())
  return history
}

async function readAll(history: HistoryReader, range: OffsetRange): Promise<readonly RangeBatch[]> {
  const batches: RangeBatch[] = []
  for await (const batch of history.read(range, never)) batches.push(batch)
  return batches
}

const valuesOf = (batches: readonly RangeBatch[]): readonly string[] =>
  batches.flatMap(({ records }) => records.map(({ offset, value }) => `${offset}:${String(value)}`))

async function topicWith(values: readonly string[]): Promise<string> {
  const topic = randomName('history')
  await createTopics({ [topic]: 1 })
  for (const value of values) await produceRaw(topic, [{ partition: 0, value }])
  return topic
}

test('a range is read from its beginning up to its end and no further, batch borders or not', async () => {
  const topic = await topicWith([])
  await produceRaw(
    topic,
    Array.from({ length: 10 }, (_, index) => ({ partition: 0, value: `v${index}` })),
  )
  const batches = await readAll(await openHistory(), { topic, partition: 0, from: 3, to: 7 })
  expect([valuesOf(batches), batches.at(-1)?.nextOffset]).toEqual([['3:v3', '4:v4', '5:v5', '6:v6'], 7])
})

test('an empty range gives nothing', async () => {
  const topic = await topicWith(['a'])
  expect(await readAll(await openHistory(), { topic, partition: 0, from: 1, to: 1 })).toEqual([])
})

test('aborted records are left out, and a range that ends with their markers is read to its end', async () => {
  const broker = openBroker()
  const topic = await topicWith(['a', 'b'])
  const producer = kafkaClient().producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true })
  await producer.connect()
  onTestFinished(() => producer.disconnect())
  const transaction = await producer.transaction()
  for (const value of ['x', 'y']) await transaction.send({ topic, messages: [{ partition: 0, value }] })
  await transaction.abort()
  const admin = await broker.admin()
  onTestFinished(() => admin.close())
  // Offsets 2 and 3 are the aborted ones, 4 is their marker.
  await until(async () => (await admin.watermarks(topic)).get(0)?.lastStable === 5)
  const history = await openHistory(broker)
  const batches = await readAll(history, { topic, partition: 0, from: 0, to: 5 })
  expect([valuesOf(batches), batches.at(-1)?.nextOffset]).toEqual([['0:a', '1:b'], 5])
  await produceRaw(topic, [{ partition: 0, value: 'c' }])
  expect(valuesOf(await readAll(history, { topic, partition: 0, from: 3, to: 6 }))).toEqual(['5:c'])
})

test('says how much retention has taken, and goes on behind it', async () => {
  const topic = await topicWith(['a', 'b', 'c', 'd'])
  await withAdmin(async (admin) => {
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] })
  })
  const batches = await readAll(await openHistory(), { topic, partition: 0, from: 0, to: 4 })
  expect([valuesOf(batches), batches[0]?.gone]).toEqual([['2:c', '3:d'], 2])
})

test('ends with the reason of its signal', async () => {
  const topic = await topicWith(['a', 'b'])
  const stopping = new AbortController()
  const batches = (await openHistory()).read({ topic, partition: 0, from: 0, to: 3 }, stopping.signal)
  const iterator = batches[Symbol.asyncIterator]()
  await iterator.next()
  stopping.abort(new Error('enough'))
  await expect(iterator.next()).rejects.toThrowError('enough')
})

test('offsets of a group without members are set with a note, and are what it begins from', async () => {
  const broker = openBroker()
  const topic = await topicWith(['a', 'b', 'c'])
  const group = randomName('group')
  const admin = await broker.admin()
  onTestFinished(() => admin.close())
  await admin.commitOffsets(group, topic, new Map([[0, { next: 2, note: '{"from":1}' }]]))
  expect([await admin.groupCommits(group, topic), await admin.groupOffsets(group, topic)]).toEqual([
    new Map([[0, { next: 2, note: '{"from":1}' }]]),
    new Map([[0, 2]]),
  ])
  const values: string[] = []
  const first = Promise.withResolvers<void>()
  const consumer = await broker.consume(
    { group, topics: [topic], concurrency: 1, sessionTimeoutMs: 6_000, maxWaitMs: 50, maxBytesPerPartition: 100_000 },
    {
      onAssignment: () => undefined,
      async onBatch(batch, context) {
        values.push(...batch.records.map(({ value }) => String(value)))
        context.resolve(batch.nextOffset)
        first.resolve()
      },
    },
  )
  onTestFinished(() => consumer.stop())
  await first.promise
  expect(values).toEqual(['c'])
  await expect(admin.commitOffsets(group, topic, new Map([[0, { next: 0, note: '' }]]))).rejects.toMatchObject({
    code: 'TB_KAFKA_REBALANCED',
  })
})
