import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import type { ConsumeHandlers, ConsumerBatch, TopicPartition } from '../../src/kafka/broker.ts'
import { headersOf } from '../../src/records/headers.ts'
import type { Pace } from '../../src/replay/pace.ts'
import { windowedBroker, type RecordChoice } from '../../src/replay/windowed-broker.ts'
import { settle } from '../support/fake-clock.ts'
import { createMemoryBroker, type MemoryBroker } from '../support/memory-broker.ts'
import { until } from '../support/until.ts'

const freePace: Pick<Pace, 'take' | 'atOnce'> = { take: async () => true, atOnce: () => Infinity }

interface Setting {
  readonly ends?: ReadonlyMap<string, number>
  readonly pace?: Pick<Pace, 'take' | 'atOnce'>
  readonly choice?: RecordChoice
}

/** A raw topic of two partitions, and a broker that ends partition 0 at 4 and partition 1 at 2 unless told otherwise. */
function create({
  ends = new Map([
    ['raw/0', 4],
    ['raw/1', 2],
  ]),
  pace = freePace,
  choice,
}: Setting = {}) {
  const broker = createMemoryBroker()
  for (const topic of ['raw', 'out']) broker.createTopic(topic, 2)
  const asked = { times: 0 }
  const windowed = windowedBroker({
    broker,
    pace,
    name: 'spring',
    readEnds: async () => {
      asked.times++
      return ends
    },
    ...(choice && { choice }),
  })
  return { broker, windowed, asked }
}

function setUp(setting?: Setting) {
  const created = create(setting)
  onTestFinished(() => expect(created.broker.open()).toBe(0))
  return created
}

const fill = (broker: MemoryBroker, counts: readonly number[]): void =>
  broker.append(
    counts.flatMap((count, partition) =>
      Array.from({ length: count }, (_, index) => ({ topic: 'raw', partition, value: `${partition}:${index}` })),
    ),
  )

const options = {
  group: 'g',
  topics: ['raw'],
  concurrency: 4,
  sessionTimeoutMs: 6_000,
  maxWaitMs: 10,
  maxBytesPerPartition: 10_000,
}

const textOf = ({ topic, partition, fetchedOffset, nextOffset, records }: ConsumerBatch): string =>
  `${topic}/${partition} ${fetchedOffset}-${nextOffset}: ${records.map(({ offset }) => offset).join(',')}`

/** Consumes and resolves everything, unless `onBatch` does otherwise. */
async function consume({ windowed }: Pick<ReturnType<typeof setUp>, 'windowed'>, given: Partial<ConsumeHandlers> = {}) {
  const seen: string[] = []
  const consumer = await windowed.consume(options, {
    onAssignment: () => undefined,
    onBatch: async (batch, context) => {
      seen.push(textOf(batch))
      context.resolve(batch.nextOffset)
    },
    ...given,
  })
  onTestFinished(() => consumer.stop())
  return { consumer, seen }
}

test('each partition ends with its window: what lies behind is never handed on, and never asked for again', async () => {
  const setting = setUp()
  fill(setting.broker, [6, 1])
  const { seen } = await consume(setting)
  await settle()
  fill(setting.broker, [1, 3])
  await settle()
  expect(seen).toEqual(['raw/0 0-4: 0,1,2,3', 'raw/1 0-1: 0', 'raw/1 1-2: 1'])
})

test('a partition that came after the window was fixed is not read', async () => {
  const setting = setUp({ ends: new Map([['raw/1', 1]]) })
  fill(setting.broker, [2, 2])
  const { seen } = await consume(setting)
  await settle()
  expect(seen).toEqual(['raw/1 0-1: 0'])
})

test('aborted records and markers at the end of a window count as read', async () => {
  const setting = setUp({ ends: new Map([['raw/0', 6]]) })
  fill(setting.broker, [3, 0])
  const session = setting.broker.session({
    delivery: 'exactly-once',
    transactionalId: 'writer',
    transactionTimeoutMs: 1_000,
    commit: 'partition',
    group: 'other',
    source: { topic: 'raw', partition: 0 },
  })
  await session.init()
  setting.broker.faults.sessionCommit = () => 'aborted'
  const record = { topic: 'raw', partition: 0, key: null, value: 'aborted', timestamp: 0, headers: {} }
  await session.commit({ records: [record, record], next: 0, member: { assignment: 0, memberId: '', generation: 0 } })
  await session.close()
  fill(setting.broker, [3, 0])
  const { seen } = await consume(setting)
  await settle()
  expect(seen).toEqual(['raw/0 0-6: 0,1,2'])
})

test('after a rebalance the ends are read anew, and a partition that had ended goes on from the committed offset', async () => {
  const ends = new Map([['raw/0', 2]])
  const setting = setUp({ ends })
  fill(setting.broker, [4, 0])
  const { seen } = await consume(setting)
  await settle()
  ends.set('raw/0', 3)
  await setting.broker.rebalance('g')
  await settle()
  expect([seen, setting.asked.times]).toEqual([['raw/0 0-2: 0,1', 'raw/0 0-3: 0,1,2'], 2])
})

test('the engine may pause and resume as it likes: a partition that has ended stays paused', async () => {
  const setting = setUp()
  fill(setting.broker, [6, 0])
  const { consumer, seen } = await consume(setting)
  await settle()
  consumer.pause({ topic: 'raw', partition: 0 })
  consumer.resume({ topic: 'raw', partition: 0 })
  fill(setting.broker, [2, 0])
  await settle()
  expect(seen).toEqual(['raw/0 0-4: 0,1,2,3'])
})

test('a partition that the engine has paused stays so after a rebalance', async () => {
  const setting = setUp()
  fill(setting.broker, [6, 0])
  const { consumer, seen } = await consume(setting)
  await settle()
  const partition: TopicPartition = { topic: 'raw', partition: 0 }
  consumer.pause(partition)
  await setting.broker.rebalance('g')
  await settle()
  expect(seen).toEqual(['raw/0 0-4: 0,1,2,3'])
  consumer.resume(partition)
  await settle()
  expect(seen).toEqual(['raw/0 0-4: 0,1,2,3', 'raw/0 0-4: 0,1,2,3'])
})

test('batches go in slices as large as the pace allows, each beginning where the one before ended', async () => {
  const takes: number[] = []
  const take = async (records: number): Promise<boolean> => takes.push(records) > 0
  const setting = setUp({ pace: { take, atOnce: () => 3 }, ends: new Map([['raw/0', 7]]) })
  fill(setting.broker, [8, 0])
  const { seen } = await consume(setting)
  await settle()
  expect([seen, takes]).toEqual([
    ['raw/0 0-3: 0,1,2', 'raw/0 3-6: 3,4,5', 'raw/0 6-7: 6'],
    [3, 3, 1],
  ])
})

test('whatever the sizes of batches, slices and window, every record of the window is handed on once, in order, without a gap', async () => {
  const sizes = fc.record({
    count: fc.integer({ min: 0, max: 40 }),
    end: fc.integer({ min: 0, max: 45 }),
    atOnce: fc.integer({ min: 1, max: 9 }),
    batchBytes: fc.integer({ min: 1, max: 60 }),
  })
  await fc.assert(
    fc.asyncProperty(sizes, async ({ count, end, atOnce, batchBytes }) => {
      const { broker, windowed } = create({
        ends: new Map([['raw/0', end]]),
        pace: { take: async () => true, atOnce: () => atOnce },
      })
      fill(broker, [count, 0])
      const seen: ConsumerBatch[] = []
      const consumer = await windowed.consume(
        { ...options, maxBytesPerPartition: batchBytes },
        {
          onAssignment: () => undefined,
          onBatch: async (batch, context) => {
            seen.push(batch)
            context.resolve(batch.nextOffset)
          },
        },
      )
      await until(() => (seen.at(-1)?.nextOffset ?? 0) >= Math.min(count, end))
      await settle(3)
      await consumer.stop()
      const offsets = seen.flatMap(({ records }) => records.map(({ offset }) => offset))
      expect(offsets).toEqual(Array.from({ length: Math.min(count, end) }, (_, offset) => offset))
      expect(seen.every(({ records }) => records.length <= atOnce)).toBe(true)
      expect(seen.slice(1).map(({ fetchedOffset }) => fetchedOffset)).toEqual(
        seen.slice(0, -1).map(({ nextOffset }) => nextOffset),
      )
    }),
    { numRuns: 60 },
  )
})

test('what the engine does not take of a slice comes again, and nothing behind it goes first', async () => {
  const setting = setUp({ pace: { take: async () => true, atOnce: () => 2 } })
  fill(setting.broker, [4, 0])
  const seen: string[] = []
  await consume(setting, {
    onBatch: async (batch, context) => {
      seen.push(textOf(batch))
      context.resolve(seen.length === 1 ? batch.fetchedOffset + 1 : batch.nextOffset)
    },
  })
  await settle()
  expect(seen).toEqual(['raw/0 0-2: 0,1', 'raw/0 1-3: 1,2', 'raw/0 3-4: 3'])
})

test('a pace that gives no leave leaves the batch where it is', async () => {
  const setting = setUp({ pace: { take: async () => false, atOnce: () => Infinity } })
  fill(setting.broker, [1, 0])
  const { seen, consumer } = await consume(setting)
  await settle(3)
  await consumer.stop()
  expect(seen).toEqual([])
})

test('only chosen records are handed on, the offsets behind the others all the same, and they are counted', async () => {
  let leftOut = 0
  const choice: RecordChoice = { keep: ({ offset }) => offset % 2 === 1, onLeftOut: (records) => (leftOut += records) }
  const setting = setUp({ choice })
  fill(setting.broker, [5, 1])
  const { seen } = await consume(setting)
  await settle()
  expect([seen, leftOut]).toEqual([['raw/0 0-4: 1,3', 'raw/1 0-1: '], 3])
})

test('every record written bears the name of the replay, in transactions and outside', async () => {
  const { broker, windowed } = setUp()
  const record = {
    topic: 'out',
    partition: 0,
    key: null,
    value: 'v',
    timestamp: 0,
    headers: { 'tb-type': 'track', 'tb-replay': 'older' },
  }
  const session = windowed.session({
    delivery: 'exactly-once',
    transactionalId: 'writer',
    transactionTimeoutMs: 1_000,
    commit: 'partition',
    group: 'g',
    source: { topic: 'raw', partition: 0 },
  })
  await session.init()
  await session.commit({ records: [record], next: 1, member: { assignment: 0, memberId: '', generation: 0 } })
  const producer = await windowed.producer()
  await producer.send([record])
  await Promise.all([session.close(), producer.close()])
  const headers = broker
    .stored('out')
    .map((stored) => headersOf(stored).map(([name, value]) => `${name}: ${String(value)}`))
  expect(headers).toEqual([
    ['tb-type: track', 'tb-replay: spring'],
    ['tb-type: track', 'tb-replay: spring'],
  ])
})
