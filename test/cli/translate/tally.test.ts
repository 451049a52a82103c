import { expect, test } from 'vitest'
import { createTally, progressText, summaryText } from '../../../src/cli/translate/tally.ts'

test('the tally adds up lines by outcome', () => {
  const tally = createTally()
  const before = tally.sums()
  tally.add({ outcome: 'translated', messages: 3, isInPart: true })
  tally.add({ outcome: 'translated', messages: 1, isInPart: false })
  tally.add({ outcome: 'unsupported', messages: 0, isInPart: false })
  tally.add({ outcome: 'invalid', messages: 0, isInPart: false })
  expect([before, tally.sums()]).toEqual([
    { lines: 0, translated: 0, unsupported: 0, invalid: 0, messages: 0, inPart: 0 },
    { lines: 4, translated: 2, unsupported: 1, invalid: 1, messages: 4, inPart: 1 },
  ])
})

test('the tally adds the sums of many lines', () => {
  const tally = createTally()
  const sums = { lines: 10, translated: 5, unsupported: 3, invalid: 2, messages: 8, inPart: 1 }
  tally.addSums(sums)
  tally.addSums(sums)
  expect(tally.sums()).toEqual({ lines: 20, translated: 10, unsupported: 6, invalid: 4, messages: 16, inPart: 2 })
})

test('the summary tells every sum, with thousands grouped', () => {
  const sums = { lines: 12_345, translated: 12_000, unsupported: 300, invalid: 45, messages: 15_000, inPart: 7 }
  expect(summaryText(sums, 2_000)).toBe(
    '12,345 lines: 12,000 translated (7 in part), 300 unsupported, 45 invalid; 15,000 messages; 2.0 s, 6,173 lines/s',
  )
})

test.each([
  [{ lines: 10, readBytes: 100, sizeBytes: 400, elapsedMs: 2_000 }, ' 25 %   10 lines   5 lines/s   0:06 left'],
  [{ lines: 1, readBytes: 1, sizeBytes: 100_000, elapsedMs: 1_000 }, '  0 %   1 line   1 lines/s   27:46:39 left'],
  [{ lines: 1, readBytes: 1, sizeBytes: 4_000, elapsedMs: 1_000 }, '  0 %   1 line   1 lines/s   1:06:39 left'],
  [{ lines: 0, readBytes: 0, sizeBytes: 5, elapsedMs: 1_000 }, '  0 %   0 lines   0 lines/s'],
  [{ lines: 9, readBytes: 9, sizeBytes: 5, elapsedMs: 0 }, '100 %   9 lines   9,000 lines/s   0:00 left'],
  [{ lines: 9, readBytes: 9, sizeBytes: 0, elapsedMs: 1_000 }, '100 %   9 lines   9 lines/s   0:00 left'],
])('progress of %j is told in one line', (progress, text) => {
  expect(progressText(progress)).toBe(text)
})
