import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultBurst, fullBucket, takeToken } from '../../src/sink/token-bucket.ts'

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

test('a clock that is set back neither fills nor empties the bucket', () => {
  expect(takeAt([1_000, 1_000, 0, 1_000])).toEqual([0, 0, 100, 200])
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
