import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { BatchContext } from '../../src/kafka/broker.ts'
import { decoded } from '../support/decoded-record.ts'
import { kafkaClient, produceRaw, randomName, withAdmin } from '../support/kafka.ts'
import {
  collect,
  newTopic,
  openBroker,
  openSession,
  outRecord,
  produce,
  summary,
  unitOf,
} from '../support/kafkajs-adapter.ts'
import { until } from '../support/until.ts'

test('a record arrives with its key, value, headers and timestamp', async () => {
  const topic = await newTopic()
  const timestamp = systemClock.now() - 12_345
  await produceRaw(topic, [
    { partition: 0, key: 'k', value: 'v', headers: { a: ['1', '2'], b: 'x' }, timestamp: String(timestamp) },
    { partition: 0, key: null, value: null, timestamp: String(timestamp + 1) },
  ])
  const { batches } = await collect(openBroker(), { topics: [topic] })
  await until(() => batches.length > 0)
  expect(batches[0]?.records.map(decoded)).toEqual([
    {
      offset: 0,
      timestamp,
      key: Buffer.from('k'),
      value: Buffer.from('v'),
      headers: [
        ['a', Buffer.from('1')],
        ['a', Buffer.from('2')],
        ['b', Buffer.from('x')],
      ],
    },
    { offset: 1, timestamp: timestamp + 1, key: null, value: null, headers: [] },
  ])
})

test('the next offset passes control records, and filtered records do not break continuity', async () => {
  const broker = openBroker()
  const topic = await newTopic()
  const session = await openSession(broker, { group: randomName('group'), source: { topic, partition: 0 } })
  await session.commit(unitOf([outRecord(topic, 'a'), outRecord(topic, 'b')], 0))
  await stableUpTo(topic, '3')
  const { batches, values } = await collect(broker, { topics: [topic] })
  await until(() => batches.length === 1)
  await abortOne(topic)
  await stableUpTo(topic, '5')
  await produce(topic, ['c'])
  await until(() => values().includes('c'))
  await produce(topic, ['d'])
  await until(() => values().includes('d'))
  expect(batches.map(summary)).toEqual([
    { fetchedOffset: 0, nextOffset: 3, continuous: false, offsets: [0, 1] },
    { fetchedOffset: expect.any(Number) as number, nextOffset: 6, continuous: true, offsets: [5] },
    { fetchedOffset: 6, nextOffset: 7, continuous: true, offsets: [6] },
  ])
})

async function stableUpTo(topic: string, offset: string): Promise<void> {
  await until(async () => (await withAdmin((admin) => admin.fetchTopicOffsets(topic)))[0]?.high === offset)
}

async function abortOne(topic: string): Promise<void> {
  const producer = kafkaClient().producer({
    transactionalId: randomName('tx'),
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: [{ partition: 0, value: 'aborted' }] })
  await transaction.abort()
  await producer.disconnect()
}

test('a rejected batch comes again, from the last resolved offset', async () => {
  const topic = await newTopic()
  await produce(topic, ['a', 'b', 'c'])
  let calls = 0
  const { batches } = await collect(openBroker(), { topics: [topic] }, (batch, context) => {
    calls += 1
    if (calls === 1) throw new Error('not yet')
    if (calls === 2) {
      context.resolve(1)
      throw new Error('not all of it')
    }
    context.resolve(batch.nextOffset)
  })
  await until(() => calls === 3)
  expect(batches.map(summary)).toEqual([
    { fetchedOffset: 0, nextOffset: 3, continuous: false, offsets: [0, 1, 2] },
    { fetchedOffset: 0, nextOffset: 3, continuous: false, offsets: [0, 1, 2] },
    { fetchedOffset: 1, nextOffset: 3, continuous: true, offsets: [1, 2] },
  ])
})

test('a seek back is continuous and gives the records again', async () => {
  const topic = await newTopic()
  await produce(topic, ['a', 'b', 'c'])
  let calls = 0
  const { batches } = await collect(openBroker(), { topics: [topic] }, (batch, context) => {
    calls += 1
    if (calls === 1) context.seek(1)
    else context.resolve(batch.nextOffset)
  })
  await until(() => calls === 2)
  expect(batches.map(summary)).toEqual([
    { fetchedOffset: 0, nextOffset: 3, continuous: false, offsets: [0, 1, 2] },
    { fetchedOffset: 1, nextOffset: 3, continuous: true, offsets: [1, 2] },
  ])
})

test('a committed offset is where the next consumer of the group starts', async () => {
  const broker = openBroker()
  const topic = await newTopic()
  await produce(topic, ['a', 'b', 'c'])
  const first = await collect(broker, { topics: [topic] })
  await until(() => first.batches.length > 0)
  await first.consumer.commit([{ topic, partition: 0, next: 2 }])
  await first.consumer.stop()
  await first.consumer.ended
  const second = await collect(broker, { topics: [topic], group: first.group })
  await until(() => second.batches.length > 0)
  expect(second.values()).toEqual(['c'])
})

test('offsets that were not handed out in this assignment are not committed', async () => {
  const broker = openBroker()
  const topic = await newTopic(2)
  await produce(topic, ['a', 'b'])
  const { consumer, batches, group } = await collect(broker, { topics: [topic] })
  await until(() => batches.length > 0)
  const refused = { code: 'TB_KAFKA_REBALANCED' }
  await expect(consumer.commit([{ topic, partition: 0, next: 3 }])).rejects.toMatchObject(refused)
  await expect(consumer.commit([{ topic, partition: 1, next: 0 }])).rejects.toMatchObject(refused)
  await expect(consumer.commit([{ topic: 'other', partition: 0, next: 1 }])).rejects.toMatchObject(refused)
  const admin = await broker.admin()
  onTestFinished(() => admin.close())
  expect(await admin.groupOffsets(group, topic)).toEqual(new Map())
})

test('a paused partition rests while others go on, until it is resumed', async () => {
  const topic = await newTopic(2)
  const collected = await collect(openBroker(), { topics: [topic] })
  await until(() => collected.assigned()?.length === 2)
  collected.consumer.pause({ topic, partition: 0 })
  await produce(topic, ['rests'], 0)
  await produce(topic, ['goes on'], 1)
  await until(() => collected.values().length > 0)
  await produce(topic, ['goes on as well'], 1)
  await until(() => collected.values().includes('goes on as well'))
  expect(collected.values()).toEqual(['goes on', 'goes on as well'])
  collected.consumer.resume({ topic, partition: 0 })
  await until(() => collected.values().includes('rests'))
})

test('a pause outlives a rebalance for the partition that stays and ends for the one that leaves', async () => {
  const broker = openBroker()
  const topic = await newTopic(2)
  const first = await collect(broker, { topics: [topic] })
  await until(() => first.assigned()?.length === 2)
  for (const partition of [0, 1]) first.consumer.pause({ topic, partition })
  const second = await collect(broker, { topics: [topic], group: first.group })
  await until(() => first.assigned()?.length === 1 && second.assigned()?.length === 1)
  const kept = Number(first.assigned()?.[0]?.split('/')[1])
  await produce(topic, ['of the partition that stays'], kept)
  await produce(topic, ['of the partition that leaves'], 1 - kept)
  await until(() => second.values().length > 0)
  await second.consumer.stop()
  await until(() => first.values().length > 0)
  expect([first.values(), second.values()]).toEqual([
    ['of the partition that leaves'],
    ['of the partition that leaves'],
  ])
  first.consumer.resume({ topic, partition: kept })
  await until(() => first.values().includes('of the partition that stays'))
})

test('a rebalance ends the assignment of work under way, which then cannot move the group', async () => {
  const broker = openBroker()
  const topic = await newTopic(2)
  await produce(topic, ['a'], 0)
  await produce(topic, ['b'], 1)
  const contexts: BatchContext[] = []
  const released = Promise.withResolvers<void>()
  const first = await collect(broker, { topics: [topic] }, async (_, context) => {
    contexts.push(context)
    if (contexts.length <= 2) await released.promise
  })
  await until(() => contexts.length === 2)
  const old = first.batches.map(({ member }) => [member.assignment, member.generation])
  const second = await collect(broker, { topics: [topic], group: first.group })
  await until(() => contexts.every(({ signal }) => signal.aborted))
  await expect(contexts[0]!.heartbeat()).rejects.toMatchObject({ code: 'TB_KAFKA_REBALANCED' })
  released.resolve()
  await until(() => second.batches.length === 1 && first.batches.length > 2)
  contexts[0]!.resolve(1)
  contexts[1]!.seek(1)
  const lost = { topic, partition: second.batches[0]!.partition, next: 1 }
  await expect(first.consumer.commit([lost])).rejects.toMatchObject({ code: 'TB_KAFKA_REBALANCED' })
  const again = first.batches[2]!
  expect(old).toEqual([
    [1, 1],
    [1, 1],
  ])
  expect(again.member.assignment).toBeGreaterThan(1)
  expect(again.member.generation).toBeGreaterThan(1)
  expect([again.fetchedOffset, again.continuous]).toEqual([0, false])
})

test('handlers that take longer than the session keep their partitions', async () => {
  const topic = await newTopic()
  await produce(topic, ['a'])
  let finished = 0
  const first = await collect(openBroker(), { topics: [topic], sessionTimeoutMs: 6_000 }, async (batch, context) => {
    await systemClock.sleep(9_000, context.signal)
    if (!context.signal.aborted) finished += 1
    context.resolve(batch.nextOffset)
  })
  await until(() => finished === 1)
  expect(first.batches.map(summary)).toEqual([{ fetchedOffset: 0, nextOffset: 1, continuous: false, offsets: [0] }])
})
