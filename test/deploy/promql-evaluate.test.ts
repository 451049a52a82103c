import { expect, test } from 'vitest'
import { createExpression } from './promql-evaluate.ts'
import { toSeries } from './promql-series.ts'

const series = [
  { series: 'calls_total{job="a",kind="x"}', values: '0+60x5 0+60x5' },
  { series: 'calls_total{job="a",kind="y"}', values: '0+30x11' },
  { series: 'calls_total{job="b",kind="x"}', values: '5x3 _x8' },
  { series: 'lag{job="a"}', values: '100-10x11' },
  { series: 'lag{job="c"}', values: '7x11' },
].map(toSeries)

// What promtool 3 says of the same series, at the eleventh minute.
test.each([
  [
    'lag',
    [
      ['a', -10],
      ['c', 7],
    ],
  ],
  ['lag{job!="a"}', [['c', 7]]],
  ['lag{job=~"a|b"} + 1', [['a', -9]]],
  ['count by (job) (calls_total)', [['a', 2]]],
  [
    'sum by (job) (rate(calls_total[10m]))',
    [
      ['a', 1.388888889],
      ['b', 0],
    ],
  ],
  ['sum by (job) (increase(calls_total{kind="y"}[5m]))', [['a', 150]]],
  ['sum by (job) (deriv(lag[5m])) < 0', [['a', -1 / 6]]],
  ['lag and on (job) calls_total', [['a', -10]]],
  ['lag unless on (job) calls_total', [['c', 7]]],
  [
    'lag{job="a"} or lag',
    [
      ['a', -10],
      ['c', 7],
    ],
  ],
  [
    'lag / lag',
    [
      ['a', 1],
      ['c', 1],
    ],
  ],
  ['lag > 0', [['c', 7]]],
  [
    'max by (job) (label_replace(lag, "job", "$1$1", "job", "(a)"))',
    [
      ['aa', -10],
      ['c', 7],
    ],
  ],
  ['absent(lag)', []],
  ['absent(none)', [[undefined, 1]]],
])('%s', (expression, expected) => {
  const vector = createExpression(expression, { series, stepSeconds: 60 })(660)
  expect(vector.map(({ labels, value }) => [labels['job'], Number(value.toFixed(9))])).toEqual(
    expected.map(([job, value]) => [job, Number(Number(value).toFixed(9))]),
  )
})

test.each([
  ['median(lag)', 'what function is this? median'],
  ['lag)', ') is too much'],
  ['sum by (job) lag', 'found lag, where ( is wanted'],
  ['rate(lag[5])', 'what duration is this? 5'],
  ['1 > 2', 'a number stands left of >'],
])('%s is refused, as what the evaluator does not know', (expression, message) => {
  expect(() => createExpression(expression, { series, stepSeconds: 60 })(660)).toThrow(message)
})

test.each([
  ['1', [1]],
  ['1x2', [1, 1, 1]],
  ['0+5x2 3', [0, 5, 10, 3]],
  ['10-5x2', [10, 5, 0]],
  ['_ 1 _x2', [null, 1, null, null]],
])('the values %s are %j', (values, expected) => {
  expect(toSeries({ series: 'up', values }).values).toEqual(expected)
})

test('values and series that it does not know are refused', () => {
  expect(() => toSeries({ series: 'up', values: '1 stale' })).toThrow('what values are these? stale')
  expect(() => toSeries({ series: '{job="a"}', values: '1' })).toThrow('what series is this? {job="a"}')
})
