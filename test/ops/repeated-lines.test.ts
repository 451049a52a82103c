import { expect, test } from 'vitest'
import { createRepeats, type Line } from '../../src/ops/repeated-lines.ts'

function setUp(most: number) {
  const due: (() => void)[] = []
  const written: Line[] = []
  const repeats = createRepeats({ most, periodMs: 60_000, later: (call) => void due.push(call) })
  const say = (message: string, partition: number): void =>
    repeats.pass({ level: 'warn', message, fields: { partition } }, (line) => void written.push(line))
  return { say, written, endPeriod: () => due.splice(0).forEach((call) => call()) }
}

test('a message that repeats is written a few times in a period, and its end tells how many more there were', () => {
  const { say, written, endPeriod } = setUp(2)
  for (const partition of [1, 2, 3, 4, 5]) say('not written', partition)
  say('another', 9)
  endPeriod()
  expect(written.map(({ message, fields }) => [message, fields])).toEqual([
    ['not written', { partition: 1 }],
    ['not written', { partition: 2 }],
    ['another', { partition: 9 }],
    ['more lines of one message in the last minute, not shown', { repeated: 3, ofMessage: 'not written' }],
  ])
})

test('after a period the message is written again, and nothing is told of one without repeats', () => {
  const { say, written, endPeriod } = setUp(1)
  say('once', 1)
  endPeriod()
  say('once', 2)
  expect(written.map(({ fields }) => fields)).toEqual([{ partition: 1 }, { partition: 2 }])
})
