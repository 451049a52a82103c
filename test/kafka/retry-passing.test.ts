import { expect, test } from 'vitest'
import { kafkaErrorType } from '../../src/kafka/kafkajs-errors.ts'
import { retryPassing } from '../../src/kafka/retry-passing.ts'
import { createSleepClock } from './scripted-cluster.ts'

function answering(codes: readonly number[], last: number) {
  const clock = createSleepClock()
  let attempts = 0
  const work = retryPassing(clock, () => {
    attempts += 1
    return Promise.resolve(codes[attempts - 1] ?? last)
  })
  return { clock, work, attempts: () => attempts }
}

test('an attempt that succeeds at once is the only one', async () => {
  const { work, attempts, clock } = answering([], 0)
  await work
  expect([attempts(), clock.sleeps]).toEqual([1, []])
})

test('passing answers are tried again after pauses that double up to 100 ms', async () => {
  const { work, clock } = answering([51, 51, 51, 51, 14, 14, 14, 51], 0)
  await work
  expect(clock.sleeps).toEqual([2, 4, 8, 16, 32, 64, 100, 100])
})

test('an answer that does not pass within 10 s is its error', async () => {
  const { work, clock } = answering([], 51)
  expect(await work.catch(kafkaErrorType)).toBe('CONCURRENT_TRANSACTIONS')
  const sleptMs = clock.sleeps.reduce((sum, ms) => sum + ms, 0)
  expect(sleptMs - (clock.sleeps.at(-1) ?? 0)).toBeLessThanOrEqual(10_000)
  expect(sleptMs).toBeGreaterThan(10_000)
})

test.each([
  [47, 'INVALID_PRODUCER_EPOCH'],
  [90, 'PRODUCER_FENCED'],
  [16, 'NOT_COORDINATOR_FOR_GROUP'],
  [88, 'UNSTABLE_OFFSET_COMMIT'],
] as const)('answer %i is its error at once', async (code, type) => {
  const { work, attempts } = answering([], code)
  expect(await work.catch(kafkaErrorType)).toBe(type)
  expect(attempts()).toBe(1)
})

test('what an attempt throws is thrown on and not tried again', async () => {
  const clock = createSleepClock()
  const lost = new Error('socket hang up')
  await expect(retryPassing(clock, () => Promise.reject(lost))).rejects.toBe(lost)
  expect(clock.sleeps).toEqual([])
})
