import { readFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { labels, metrics, metricsPage } from '../../src/ops/metrics.ts'

test('docs/metrics.md is what the list of metrics gives', async () => {
  const path = 'docs/metrics.md'
  const page = await format(metricsPage(), { ...(await resolveConfig(path)), parser: 'markdown' })
  expect(readFileSync(path, 'utf8')).toBe(page)
})

test('every label is used, and no metric is told by person, event or path', () => {
  const used = new Set(Object.values(metrics).flatMap((metric): readonly string[] => metric.labels))
  expect([...used].toSorted()).toEqual(Object.keys(labels).toSorted())
  expect([...used].filter((label) => /user|person|event|path|id$/i.test(label))).toEqual([])
})

test.each(Object.entries(metrics))('the name of %s says type and unit', (name, { type, unit }) => {
  expect(name.endsWith('_total')).toBe(type === 'counter')
  const inSeconds = name.replace(/_total$/, '').endsWith('_seconds')
  expect(inSeconds).toBe(unit === 'seconds')
})
