import type { Kafka } from 'kafkajs'
import { expect, test } from 'vitest'
import type { Clock } from '../../src/clock.ts'
import { TrackbridgeError } from '../../src/errors.ts'
import { createCommittedOffsets, readStableOffset } from '../../src/kafka/committed-offsets.ts'
import { silentLog } from '../../src/ops/log.ts'

function createSleepCounter(): { readonly clock: Clock; readonly slept: readonly number[] } {
  const slept: number[] = []
  return { slept, clock: { now: () => 0, sleep: (ms) => Promise.resolve(void slept.push(ms)) } }
}

const answers = (list: readonly (number | null)[]): (() => Promise<number | null>) => {
  let index = 0
  return () => Promise.resolve(list[Math.min(index++, list.length - 1)] ?? null)
}

test.each([
  { name: 'two equal reads', list: [5, 5], offset: 5, gaps: 1 },
  { name: 'no offset twice', list: [null, null], offset: null, gaps: 1 },
  { name: 'an offset that appears late', list: [null, 7, 9, 9], offset: 9, gaps: 3 },
])('$name make a stable offset', async ({ list, offset, gaps }) => {
  const { clock, slept } = createSleepCounter()
  expect(await readStableOffset(answers(list), clock)).toBe(offset)
  expect(slept).toEqual(Array.from({ length: gaps }, () => 100))
})

test('an offset that never rests is a passing fault', async () => {
  let offset = 0
  const read = (): Promise<number> => Promise.resolve((offset += 1))
  await expect(readStableOffset(read, createSleepCounter().clock)).rejects.toEqual(
    new TrackbridgeError(
      'TB_KAFKA_UNAVAILABLE',
      'the committed offset does not come to rest: another owner is at work',
    ),
  )
  expect(offset).toBe(20)
})

interface AdminStub {
  readonly kafka: Kafka
  readonly calls: string[]
}
function createAdminStub(offsets: Readonly<Record<number, string>>, fails = 0): AdminStub {
  const calls: string[] = []
  let failures = fails
  const admin = {
    connect: () => {
      calls.push('connect')
      if (failures > 0) {
        failures -= 1
        return Promise.reject(new Error('down'))
      }
      return Promise.resolve()
    },
    disconnect: () => Promise.resolve(void calls.push('disconnect')),
    fetchOffsets: ({ topics }: { topics: string[] }) =>
      Promise.resolve([
        {
          topic: topics[0],
          partitions: Object.entries(offsets).map(([partition, offset]) => ({ partition: Number(partition), offset })),
        },
      ]),
  }
  return { calls, kafka: { admin: () => admin } as unknown as Kafka }
}

const waiting: Clock = {
  now: () => 0,
  sleep: (_, signal) => new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
}
const deps = { log: silentLog, clock: waiting }

test.each([
  { name: 'an offset is a number', partition: 0, offset: 42 },
  { name: 'no offset is null', partition: 1, offset: null },
  { name: 'an offset that was reset to the earliest is null', partition: 2, offset: null },
])('$name', async ({ partition, offset }) => {
  const { kafka } = createAdminStub({ 0: '42', 1: '-1', 2: '-2' })
  const committed = createCommittedOffsets(kafka, deps)
  await committed.open()
  expect(await committed.read('g', { topic: 'raw', partition })).toBe(offset)
})

test('a partition that the answer leaves out is a passing fault, never "no offset"', async () => {
  const committed = createCommittedOffsets(createAdminStub({ 0: '42' }).kafka, deps)
  await committed.open()
  await expect(committed.read('g', { topic: 'raw', partition: 5 })).rejects.toEqual(
    new TrackbridgeError(
      'TB_KAFKA_UNAVAILABLE',
      'cannot read the committed offset of group g for raw/5: the answer does not name the partition',
    ),
  )
})

test('all users share one client, which the last one closes', async () => {
  const { kafka, calls } = createAdminStub({})
  const committed = createCommittedOffsets(kafka, deps)
  await Promise.all([committed.open(), committed.open()])
  await committed.close()
  expect(calls).toEqual(['connect'])
  await committed.close()
  expect(calls).toEqual(['connect', 'disconnect'])
  await committed.open()
  expect(calls).toEqual(['connect', 'disconnect', 'connect'])
})

test('after a connection that failed the next user connects afresh', async () => {
  const { kafka, calls } = createAdminStub({}, 1)
  const committed = createCommittedOffsets(kafka, deps)
  await expect(committed.open()).rejects.toMatchObject({ code: 'TB_KAFKA_UNAVAILABLE' })
  await committed.open()
  await committed.close()
  expect(calls).toEqual(['connect', 'connect', 'disconnect'])
})
