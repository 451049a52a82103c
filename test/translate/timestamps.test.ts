import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { lastMs, parseTime, toIso } from '../../src/translate/timestamps.ts'

const anyMs = fc.integer({ min: 0, max: lastMs })
const sameDayMs = fc.integer({ min: 0, max: 86_399_999 }).map((clockMs) => Date.UTC(2024, 1, 29) + clockMs)
const time = fc.oneof(anyMs, sameDayMs)

test('times come out as Date prints them, whichever came before', () => {
  fc.assert(
    fc.property(time, (ms) => {
      expect(toIso(ms)).toBe(new Date(ms).toISOString())
    }),
    { numRuns: 2000 },
  )
})

test('an ISO time is read as Date reads it and comes out as it was, whichever came before', () => {
  fc.assert(
    fc.property(time, (ms) => {
      const text = new Date(ms).toISOString()
      expect(parseTime(text)).toBe(ms)
      expect(toIso(ms)).toBe(text)
    }),
    { numRuns: 2000 },
  )
})

test.each([
  '2024-02-29T24:00:01.000Z',
  '2024-02-29T23:60:00.000Z',
  '2024-02-29T23:59:60.000Z',
  '2024-02-29T23:59:5x.000Z',
  '2024-02-29T23-59:59.000Z',
  '2024-02-29T23:59:59,000Z',
  '2024-02-29T23:59:59.000X',
  '2023-02-29T23:59:59.000Z',
])('%s is no time, although the last time was of this day', (text) => {
  expect(parseTime('2024-02-29T10:00:00.000Z')).toBe(Date.UTC(2024, 1, 29, 10))
  expect(parseTime(text)).toBeUndefined()
})
