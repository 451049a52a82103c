import { expect, test } from 'vitest'
import type { Admin, ConsumeHandlers, Consumer } from '../../src/kafka/broker.ts'
import { silentLog } from '../../src/ops/log.ts'
import { openDestination } from '../../src/sink/destination.ts'
import type { ApiAnswer } from '../../src/sink/verdict.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'
import { limits } from '../support/sink.ts'
import { ok, records } from '../support/worker.ts'

const where = { topic: 'main', partition: 0 }
const batchOf = (memberId: string, from: number, to: number) => ({
  ...where,
  member: { assignment: 1, memberId, generation: 1 },
  fetchedOffset: from,
  nextOffset: to,
  highWatermark: to,
  continuous: true,
  records: records(from, to),
})

/** A destination whose assignments, batches, answers and committed offsets the test gives. */
async function setUp() {
  const clock = createFakeClock(0)
  const answers: ((answer: ApiAnswer) => void)[] = []
  const group = { committed: 0, asked: 0, isDown: false }
  const given: ConsumeHandlers[] = []
  const consumer: Consumer = {
    pause: () => undefined,
    resume: () => undefined,
    async commit([offset]) {
      group.committed = offset?.next ?? -1
    },
    ended: new Promise(() => undefined),
    stop: async () => undefined,
  }
  const admin = {
    async groupOffsets() {
      group.asked++
      if (group.isDown) throw new Error('Kafka is away')
      return new Map([[0, group.committed]])
    },
    close: async () => undefined,
  } as unknown as Admin
  const destination = await openDestination(
    {
      broker: {
        admin: async () => admin,
        async consume(_options, handlers) {
          given.push(handlers)
          return consumer
        },
      },
      clock,
      log: silentLog,
      random: () => 0.5,
      api: { send: () => new Promise((resolve) => answers.push(resolve)) },
      deadLetter: async () => undefined,
      rate: { takeNow: () => true, take: async () => true, own: () => undefined, leave: () => undefined },
    },
    {
      name: 'main',
      topic: 'main',
      partitions: 1,
      group: 'tb.sink.main',
      limits,
      isRateShared: false,
      sessionTimeoutMs: 15_000,
      shutdownTimeoutMs: 5_000,
    },
  )
  const handlers = given[0]!
  const context = {
    signal: new AbortController().signal,
    heartbeat: async () => undefined,
    resolve: () => undefined,
    seek: () => undefined,
  }
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100)
      await settle()
    }
  }
  handlers.onAssignment([where])
  await handlers.onBatch(batchOf('one', 0, 4), context)
  await pass(200)
  return { group, answers, handlers, context, pass, destination }
}

test('a process that was overtaken while it was frozen does not take the group back, though no new record comes', async () => {
  const { group, answers, handlers, context, pass, destination } = await setUp()
  // Frozen meanwhile: the heir has sent all of it and more.
  group.committed = 9
  handlers.onAssignment([where])
  answers[0]?.(ok)
  await pass(2_000)
  expect([group.committed, destination.status().partitions]).toEqual([9, 0])
  await handlers.onBatch(batchOf('two', 9, 12), context)
  await pass(500)
  answers[1]?.(ok)
  await pass(1_000)
  expect(group.committed).toBe(12)
})

test('after an assignment that changed nothing what has settled is committed, and Kafka is asked once', async () => {
  const { group, answers, handlers, pass } = await setUp()
  handlers.onAssignment([where])
  answers[0]?.(ok)
  await pass(3_000)
  expect(group).toEqual({ committed: 4, asked: 1, isDown: false })
})

test('as long as Kafka does not say how far the group is, nothing is committed', async () => {
  const { group, answers, handlers, pass } = await setUp()
  group.isDown = true
  handlers.onAssignment([where])
  answers[0]?.(ok)
  await pass(3_000)
  expect([group.committed, group.asked > 3]).toEqual([0, true])
  group.isDown = false
  await pass(1_000)
  expect(group.committed).toBe(4)
})
