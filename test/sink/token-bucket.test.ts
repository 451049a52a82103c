import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultBurst, fullBucket, refill, takeToken } from '../../src/sink/token-bucket.ts'

const rate = { requestsPerSecond: 10, burst: 2 }

function takeAt(timesMs: readonly number[]): number[] {
  let bucket = fullBucket(rate, 0)
  return timesMs.map((nowMs) => {
    const taken = takeToken(bucket, nowMs, rate)
    bucket = taken.bucket
    return taken.waitMs
  })
}

test('a full bucket lets its burst go at once and the rest at the rate', () => {
  expect(takeAt([0, 0, 0, 0, 0])).toEqual([0, 0, 100, 200, 300])
})

test('a quiet time fills the bucket up to its burst and no further', () => {
  expect(takeAt([0, 0, 60_000, 60_000, 60_000])).toEqual([0, 0, 0, 0, 100])
})

test('a clock that is set back fills nothing, and time counts on from where it then stands', () => {
  expect(takeAt([3_600_000, 3_600_000, 0, 100])).toEqual([0, 0, 100, 100])
})

test('at a rate of 0 nothing goes after the burst', () => {
  const never = { requestsPerSecond: 0, burst: 1 }
  const empty = takeToken(fullBucket(never, 0), 0, never)
  expect([empty.waitMs, takeToken(empty.bucket, 1e9, never).waitMs]).toEqual([0, Infinity])
})

test('the time before a change counts at the rate before it', () => {
  expect(refill({ tokens: -1, atMs: 0 }, 150, rate)).toEqual({ tokens: 0.5, atMs: 150 })
})

test('the default burst is a hundredth of a second, at least one request', () => {
  expect([defaultBurst(1), defaultBurst(99), defaultBurst(1_000)]).toEqual([1, 1, 10])
})

test('in any span at most the burst and the rate go', () => {
  const gaps = fc.array(fc.nat(300), { maxLength: 60 })
  fc.assert(
    fc.property(gaps, (gapsMs) => {
      let clockMs = 0
      const timesMs = gapsMs.map((gapMs) => (clockMs += gapMs))
      const goesMs = takeAt(timesMs).map((waitMs, index) => timesMs[index]! + waitMs)
      goesMs.forEach((startMs, first) =>
        goesMs.slice(first).forEach((endMs, later) => {
          const allowed = rate.burst + ((endMs - startMs) / 1_000) * rate.requestsPerSecond
          expect(later + 1).toBeLessThanOrEqual(allowed + 1e-6)
        }),
      )
    }),
  )
})
