import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffMs, longestRetryAfterMs } from '../../src/sink/backoff.ts'

const nearlyOne = 1 - Number.EPSILON

test.each([
  [1, 250],
  [2, 500],
  [3, 1_000],
  [8, 32_000],
  [9, 60_000],
  [10, 60_000],
  [5_000, 60_000],
])('after failure %i the wait is anything up to %i ms', (failures, ceilingMs) => {
  expect([backoffMs(failures, 0), backoffMs(failures, nearlyOne)]).toEqual([0, ceilingMs])
})

test('the wait is never shorter than the API asked for', () => {
  expect(backoffMs(1, 0.5, 7_000)).toBe(7_000)
})

test('a Retry-After shorter than the back-off does not shorten it', () => {
  expect(backoffMs(9, nearlyOne, 1_000)).toBe(60_000)
})

test('a Retry-After of years is cut to an hour', () => {
  expect(backoffMs(1, 0, 1e15)).toBe(longestRetryAfterMs)
})

test('the wait is a whole number that a timer takes, whatever comes in', () => {
  const random = fc.double({ min: 0, max: nearlyOne, noNaN: true })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), random, fc.nat(), (failures, drawn, retryAfter) => {
      const waitMs = backoffMs(failures, drawn, retryAfter)
      expect(Number.isInteger(waitMs) && waitMs >= 0 && waitMs <= longestRetryAfterMs).toBe(true)
    }),
  )
})
