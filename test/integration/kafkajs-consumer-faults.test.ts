import { expect, onTestFinished, test } from 'vitest'
import { systemClock, type Clock } from '../../src/clock.ts'
import { randomName, withAdmin } from '../support/kafka.ts'
import {
  collect,
  newTopic,
  openBroker,
  produce,
  resolveAll,
  summary,
  type Collected,
} from '../support/kafkajs-adapter.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { until } from '../support/until.ts'

async function deleteBefore(topic: string, offset: number): Promise<void> {
  await withAdmin(async (admin) => {
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
  })
}

test('records gone from within an assignment are reported as data loss, with their offsets', async () => {
  const topic = await newTopic()
  const { log, lines } = createRecordingLog()
  await produce(topic, ['a', 'b'])
  const collected = await collect(openBroker({ log }), { topics: [topic] })
  await until(() => collected.values().length === 2)
  collected.consumer.pause({ topic, partition: 0 })
  await produce(topic, ['c', 'd', 'e', 'f'])
  await deleteBefore(topic, 5)
  collected.consumer.resume({ topic, partition: 0 })
  await until(() => collected.values().includes('f'))
  expect(collected.batches.map(summary).at(-1)).toEqual({
    fetchedOffset: 5,
    nextOffset: 6,
    continuous: true,
    offsets: [5],
  })
  expect(lines.filter(({ level }) => level === 'error')).toEqual([
    {
      level: 'error',
      fields: { topic, partition: 0, firstLostOffset: 2, lastLostOffset: 4 },
      message: 'data loss: offsets are no longer there',
    },
  ])
})

test('records gone while nobody read are reported as data loss', async () => {
  const topic = await newTopic()
  const { log, lines } = createRecordingLog()
  const broker = openBroker({ log })
  await produce(topic, ['a', 'b', 'c'])
  const first = await collect(broker, { topics: [topic] })
  await until(() => first.batches.length > 0)
  await first.consumer.commit([{ topic, partition: 0, next: 1 }])
  await first.consumer.stop()
  await deleteBefore(topic, 2)
  const second = await collect(broker, { topics: [topic], group: first.group })
  await until(() => second.values().includes('c'))
  expect(lines.filter(({ level }) => level === 'error')).toEqual([
    {
      level: 'error',
      fields: { topic, partition: 0, firstLostOffset: undefined, lastLostOffset: 1 },
      message: 'data loss: offsets are no longer there',
    },
  ])
})

const hurriedClock: Clock = {
  now: () => systemClock.now(),
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 50), signal),
}

async function consumeWith(onAssignment: () => void, clock: Clock): Promise<Collected['consumer']> {
  const topic = await newTopic()
  await produce(topic, ['a'])
  const options = { group: randomName('group'), topics: [topic], concurrency: 1, sessionTimeoutMs: 6_000 }
  const consumer = await openBroker({ clock }).consume(
    { ...options, maxWaitMs: 100, maxBytesPerPartition: 1_048_576 },
    { onAssignment, onBatch: async (batch, context) => resolveAll(batch, context) },
  )
  onTestFinished(() => consumer.stop())
  return consumer
}

test('a consumer that crashes is started again', async () => {
  let joins = 0
  await consumeWith(() => {
    joins += 1
    if (joins === 1) throw new TypeError('of a kind that ends kafkajs for good')
  }, hurriedClock)
  await until(() => joins > 1)
})

test('a consumer that crashes ten times in a row is given up and says why', async () => {
  const consumer = await consumeWith(() => {
    throw new Error('it never works')
  }, hurriedClock)
  await expect(consumer.ended).rejects.toMatchObject({
    code: 'TB_KAFKA_UNAVAILABLE',
    message: expect.stringMatching(
      /^group \S+ crashed 10 times in a row and is not started again; .*it never works/,
    ) as string,
  })
})

test('a consumer stopped while it joins leaves no member behind', async () => {
  const broker = openBroker()
  const topic = await newTopic()
  const first = await collect(broker, { topics: [topic] })
  await first.consumer.stop()
  await first.consumer.ended
  const { groups } = await withAdmin((admin) => admin.describeGroups([first.group]))
  expect(groups.map(({ members }) => members)).toEqual([[]])
})

test('a missing topic is named when a consumer is opened', async () => {
  const group = randomName('group')
  await expect(collect(openBroker(), { topics: ['not-there'], group })).rejects.toMatchObject({
    code: 'TB_KAFKA_UNAVAILABLE',
    message:
      `cannot consume not-there as group ${group}: a topic or partition does not exist, or may not be described; ` +
      `create the topics, or look at the ACLs (UNKNOWN_TOPIC_OR_PARTITION)`,
  })
})
