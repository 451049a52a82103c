import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { comparisonText, readSaved, type Saved } from '../../bench/compare.ts'

const folder = mkdtempSync(join(tmpdir(), 'trackbridge-compare-'))
afterAll(() => rmSync(folder, { recursive: true }))

function saved(rows: Saved['rows'], facts: Saved['facts'] = { records: 100 }): Saved {
  return { bench: 'process', facts, rows }
}

test('a comparison sets every shared figure side by side with its ratio', () => {
  const before = saved([{ name: 'product', figures: { 'CPU s/M': 30, 'events/s': 10_000 } }])
  const after = saved([{ name: 'product', figures: { 'CPU s/M': 15, 'events/s': 25_000 } }])
  expect(comparisonText(before, after)).toBe(
    [
      'process',
      '             figure  before   after  ratio',
      '  product   CPU s/M      30      15   0.50',
      '  product  events/s  10,000  25,000   2.50',
    ].join('\n'),
  )
})

test('a comparison says which rows only one side has and which facts differ', () => {
  const before = saved([{ name: 'gone', figures: { a: 1 } }], { records: 100, node: 'v24.0.0' })
  const after = saved([{ name: 'new', figures: { a: 1 } }], { records: 200, node: 'v24.0.0' })
  expect(comparisonText(before, after).split('\n').slice(2)).toStrictEqual([
    '  only before: gone',
    '  only after: new',
    '  records differs: 100 before, 200 after',
  ])
})

test('results of two benchmarks are not compared', () => {
  expect(() => comparisonText(saved([]), { ...saved([]), bench: 'idle' })).toThrow(
    'results of one benchmark can be compared, found process and idle',
  )
})

test('a saved result is read as it was written', () => {
  const path = join(folder, 'good.json')
  const result = saved([{ name: 'product', figures: { 'CPU s/M': 30 } }])
  writeFileSync(path, JSON.stringify({ ...result, aims: [] }))
  expect(readSaved(path)).toStrictEqual(result)
})

test.each([
  ['no-json.json', '{', /^.*no-json\.json cannot be read as JSON: /],
  ['other.json', '{"rows": 1}', /^.*other\.json is not a result that a benchmark saved with --json$/],
])('a file that is no saved result is named: %s', (name, text, message) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  expect(() => readSaved(path)).toThrow(message)
})
