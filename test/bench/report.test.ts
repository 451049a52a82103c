import { array, assert, integer, property } from 'fast-check'
import { expect, test } from 'vitest'
import {
  digits,
  isMet,
  latencyFigures,
  median,
  medianRow,
  quantile,
  reportText,
  withRatio,
} from '../../bench/report.ts'

test.each([
  [[3], 3],
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[], Number.NaN],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected)
})

test('half of the values lie on either side of their median, whatever their order', () => {
  assert(
    property(array(integer(), { minLength: 1 }), (values) => {
      const middle = median(values)
      expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2)
      expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2)
    }),
  )
})

test.each([
  [0.5, 50],
  [0.99, 99],
  [1, 100],
  [0, 1],
])('the quantile %d of 1 to 100 is %d', (share, expected) => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(quantile(values, share)).toBe(expected)
})

test('latencies are told by their number, median, 99th percentile and maximum', () => {
  const ms = Array.from({ length: 1_000 }, (_, index) => 1_000 - index)
  expect(latencyFigures(ms)).toStrictEqual({ samples: 1_000, 'p50 ms': 500, 'p99 ms': 990, 'max ms': 1_000 })
})

test('a row of medians takes a column that some runs lack from those that have it', () => {
  const runs = [{ a: 1, b: 10 }, { a: 3 }, { a: 2, b: 30 }]
  expect(medianRow('x', runs)).toStrictEqual({ name: 'x', figures: { a: 2, b: 20 }, runs })
})

test('a ratio is told of the rows that have the column, and of none when the base is not there', () => {
  const rows = [
    { name: 'base', figures: { cpu: 4 } },
    { name: 'half', figures: { cpu: 2 } },
    { name: 'other', figures: { rss: 1 } },
  ]
  expect(withRatio(rows, { column: 'cpu', base: 'base', title: 'ratio' })).toStrictEqual([
    { name: 'base', figures: { cpu: 4, ratio: 1 } },
    { name: 'half', figures: { cpu: 2, ratio: 0.5 } },
    { name: 'other', figures: { rss: 1 } },
  ])
  expect(withRatio(rows, { column: 'cpu', base: 'missing', title: 'ratio' })).toStrictEqual(rows)
})

test.each([
  [{ name: 'a', found: 15, limit: 15 }, true],
  [{ name: 'a', found: 15.1, limit: 15 }, false],
  [{ name: 'a', found: Number.NaN, limit: 15 }, false],
  [{ name: 'a', found: 0.8, limit: 0.8, atLeast: true }, true],
  [{ name: 'a', found: 0.79, limit: 0.8, atLeast: true }, false],
])('the aim %j is met: %s', (aim, expected) => {
  expect(isMet(aim)).toBe(expected)
})

test.each([
  [500_000, '500,000'],
  [35_120.4, '35,120'],
  [34.14, '34.1'],
  [0.254, '0.25'],
])('the figure %d is shown as %s', (value, expected) => {
  expect(digits(value)).toBe(expected)
})

test('a report shows facts, a table with gaps where a row lacks a column, and the aims with their outcome', () => {
  const report = {
    facts: { records: 1000, kafka: 'embedded' },
    rows: [
      { name: 'one', figures: { 'events/s': 35_120, 'CPU s/M': 15.24 } },
      { name: 'three', figures: { 'CPU s/M': 5 } },
    ],
    aims: [
      { name: 'CPU', found: 15.24, limit: 15 },
      { name: 'ratio', found: 0.9, limit: 0.8, atLeast: true },
    ],
  }
  expect(reportText('process', report)).toBe(
    [
      'process: records 1,000, kafka embedded',
      '         events/s  CPU s/M',
      '  one      35,120     15.2',
      '  three                  5',
      '  aim missed  CPU: 15.2, at most 15',
      '  aim met     ratio: 0.90, at least 0.80',
    ].join('\n'),
  )
})
