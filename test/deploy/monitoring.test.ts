import { readFileSync } from 'node:fs'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { metrics } from '../../src/ops/metrics.ts'
import { spokenOf } from './promql.ts'

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string }
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

interface Query {
  readonly where: string
  readonly expr: string
}

const { groups } = parse(readFileSync('deploy/prometheus/trackbridge.rules.yaml', 'utf8')) as {
  groups: readonly { readonly rules: readonly Rule[] }[]
}
const rules = groups.flatMap((group) => group.rules)
const dashboard = JSON.parse(readFileSync('deploy/grafana/trackbridge.json', 'utf8')) as {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] }
}
const panels = dashboard.panels.filter(({ type }) => type !== 'row')

const queries: readonly Query[] = [
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: title, expr }))),
  ...dashboard.templating.list.flatMap(({ name, definition }) =>
    definition === undefined ? [] : [{ where: name, expr: definition }],
  ),
]

const ownLabels = new Map<string, readonly string[]>(
  Object.entries(metrics).flatMap(([name, { type, labels }]): [string, readonly string[]][] =>
    type === 'histogram'
      ? [
          [`${name}_bucket`, [...labels, 'le']],
          ...['sum', 'count'].map((part) => [`${name}_${part}`, labels] as [string, readonly string[]]),
        ]
      : [[name, labels]],
  ),
)

async function defaultNames(): Promise<readonly string[]> {
  const register = new Registry()
  collectDefaultMetrics({ register })
  return (await register.getMetricsAsJSON()).map(({ name }) => name)
}

const ofPrometheus = ['job', 'instance']

test.each(queries)('$where asks for metrics that exist, by labels that they have: $expr', async ({ expr }) => {
  const { metrics: names, labels } = spokenOf(expr)
  const spoken = names.filter((name) => name !== 'job')
  const known = [...ownLabels.keys(), ...(await defaultNames())]
  expect(spoken.length).toBeGreaterThan(0)
  expect(spoken.filter((name) => !known.includes(name))).toStrictEqual([])
  const made = /label_replace\([^,]+, "(\w+)"/.exec(expr)?.[1] ?? ''
  const had = [...spoken.flatMap((name) => ownLabels.get(name) ?? []), ...ofPrometheus, made]
  expect(labels.filter((label) => !had.includes(label))).toStrictEqual([])
})

test('a metric or a label that does not exist is found', () => {
  expect(spokenOf('sum by (where) (rate(trackbridge_lost_total{why="x"}[5m])) > 0.5')).toStrictEqual({
    metrics: ['trackbridge_lost_total'],
    labels: ['where', 'why'],
  })
  expect(() => spokenOf('sum(rate(trackbridge_ready[5m])')).toThrow('( is never closed')
  expect(() => spokenOf('sum(trackbridge_ready]')).toThrow('] closes nothing')
})

test('every alert says how grave it is, what it means and where to read on', () => {
  const bare = rules.filter(
    ({ annotations, labels, for: duration }) =>
      !['page', 'ticket'].includes(labels.severity) ||
      !/^\d+m$/.test(duration) ||
      annotations.summary === '' ||
      annotations.description === '',
  )
  expect(bare).toStrictEqual([])
  expect(rules.map(({ annotations }) => annotations.runbook)).toStrictEqual(
    rules.map(({ alert }) => `docs/runbook.md#${alert.toLowerCase()}`),
  )
})

test('the runbook has a paragraph for every alert and no other: what it means, what to look at, what to do', () => {
  const paragraphs = readFileSync('docs/runbook.md', 'utf8').split('\n## ').slice(1)
  const written = paragraphs.filter((text) => text.startsWith('Trackbridge'))
  expect(written.map((text) => text.split('\n')[0])).toStrictEqual([...new Set(rules.map(({ alert }) => alert))])
  const parts = ['**What it means.**', '**What to look at.**', '**What to do.**']
  expect(written.filter((text) => parts.some((part) => !text.includes(part)))).toStrictEqual([])
})

test('the alerts speak of what the templates in their texts name', () => {
  const wrong = rules.flatMap(({ alert, expr, annotations }) => {
    const named = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label ?? '')
    return named.filter((label) => !spokenOf(expr).labels.includes(label)).map((label) => [alert, label])
  })
  expect(wrong).toStrictEqual([])
})

test('the dashboard shows every metric of ours', () => {
  const shown = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => spokenOf(expr).metrics))
  const base = new Set(shown.map((name) => name.replace(/_bucket$/, '')))
  // Its sum over the topics is that of the messages and of what stands aside, which are shown.
  expect(Object.keys(metrics).filter((name) => !base.has(name))).toStrictEqual(['trackbridge_records_written_total'])
})

test('every panel says what it shows, has a place of its own and an id of its own', () => {
  expect(panels.filter(({ description = '', title }) => description === '' || title === '')).toStrictEqual([])
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  const overlapping = panels.filter((one) =>
    panels.some(
      (other) =>
        other.id > one.id &&
        other.gridPos.x < one.gridPos.x + one.gridPos.w &&
        one.gridPos.x < other.gridPos.x + other.gridPos.w &&
        other.gridPos.y < one.gridPos.y + one.gridPos.h &&
        one.gridPos.y < other.gridPos.y + other.gridPos.h,
    ),
  )
  expect(overlapping).toStrictEqual([])
  expect(dashboard.panels.every(({ gridPos }) => gridPos.x + gridPos.w <= 24)).toBe(true)
})

test('the figures that the alerts are tried with are of metrics that exist, and every alert is tried', () => {
  const text = readFileSync('deploy/prometheus/trackbridge.rules.test.yaml', 'utf8')
  const series = [...text.matchAll(/series: '(\w+)\{/g)].map(([, name = '']) => name).filter((name) => name !== 'up')
  expect(series.filter((name) => !ownLabels.has(name))).toStrictEqual([])
  expect(rules.filter(({ alert }) => !text.includes(`alertname="${alert}"`)).map(({ alert }) => alert)).toStrictEqual(
    [],
  )
})
