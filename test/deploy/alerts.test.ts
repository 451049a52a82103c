// The alerts fire and clear, over series with known values: by promtool where it is installed, and everywhere by an
// evaluator of the same expressions, which is held against promtool's answers.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { firingAt, firingQuery, recordedOf, type AlertCase, type AlertRule } from './alert-run.ts'
import { createExpression } from './promql-evaluate.ts'

const rulesFile = 'deploy/prometheus/trackbridge.rules.yaml'
const { groups } = parse(readFileSync(rulesFile, 'utf8')) as { groups: readonly { rules: readonly AlertRule[] }[] }
const rules = groups.flatMap((group) => group.rules)

const caseFiles = ['deploy/prometheus/trackbridge.rules.test.yaml', 'test/deploy/recorded-outage.yaml']
const cases = caseFiles.flatMap((file) => (parse(readFileSync(file, 'utf8')) as { tests: readonly AlertCase[] }).tests)

const moments = cases.flatMap((one) =>
  one.promql_expr_test.map(({ expr, eval_time: at, exp_samples: samples }) => ({ one, expr, at, samples })),
)

const expectedOf = (samples: (typeof moments)[number]['samples']): Readonly<Record<string, number>> =>
  Object.fromEntries(samples.map(({ labels, value }) => [/alertname="(\w+)"/.exec(labels)?.[1] ?? labels, value]))

test.each(moments)('$one.name: at $at the alerts fire that should, and no others', ({ one, expr, at, samples }) => {
  expect(expr).toBe(firingQuery)
  expect(firingAt(rules, one, at)).toEqual(expectedOf(samples))
})

test('every alert is seen firing, and seen to have cleared later in the same case', () => {
  const cleared = cases.flatMap(({ promql_expr_test: asked }) =>
    asked.flatMap(({ exp_samples: before }, index) => {
      const after = expectedOf(asked[index + 1]?.exp_samples ?? before)
      return Object.keys(expectedOf(before)).filter((alert) => !(alert in after))
    }),
  )
  expect([...new Set(cleared)].toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted())
})

const fires = (rule: AlertRule): boolean =>
  moments.some(({ one, at }) => Object.keys(firingAt([rule], one, at)).length > 0)

const withThreshold = rules.filter(({ expr }) => !expr.startsWith('absent('))

test.each(withThreshold)('$alert does not fire before its time, and not for another threshold', (rule) => {
  expect(fires(rule)).toBe(true)
  expect(fires({ ...rule, for: '9d' })).toBe(false)
  const other = rule.expr.replace(/(?<=> )[\d.]+(?=\s*(?:$|unless|and))/, '987654321').replace('== 0', '== 7')
  expect(other).not.toBe(rule.expr)
  expect(fires({ ...rule, expr: other })).toBe(false)
})

/** As promtool's round does it. */
const nearest = 0.001

const promtool = process.env['PROMTOOL'] ?? 'promtool'
const hasPromtool = spawnSync(promtool, ['--version']).status === 0
const runPromtool = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(promtool, args, { encoding: 'utf8' })
  expect(status, stdout + stderr).toBe(0)
}

// A skipped test fails a run: where promtool is missing there is none.
describe.each(hasPromtool ? ['promtool'] : [])('%s, where it is installed,', () => {
  test('takes the rules', () => runPromtool('check', 'rules', rulesFile))

  test.each(caseFiles)('agrees about %s', (file) => runPromtool('test', 'rules', file))

  test.each(cases)('gives for every expression what our evaluator gives: $name', (one) => {
    const folder = mkdtempSync(join(tmpdir(), 'trackbridge-promql-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const questions = rules.flatMap(({ expr }) =>
      [3, 7, 12, 21, 33, 58, 71, 90].map((minutes) => ({
        // The last digits depend on the order of additions.
        expr: `round((${expr}), ${nearest})`,
        eval_time: `${minutes}m`,
        exp_samples: createExpression(
          expr,
          recordedOf(one),
        )(minutes * 60).map(({ labels, value }) => ({
          labels: `{${Object.entries(labels)
            .map(([name, text]) => `${name}="${text}"`)
            .join(',')}}`,
          value: Math.floor(value * (1 / nearest) + 0.5) / (1 / nearest),
        })),
      })),
    )
    const document = {
      rule_files: [resolve(rulesFile)],
      evaluation_interval: '1m',
      tests: [{ ...one, promql_expr_test: questions, alert_rule_test: [] }],
    }
    const file = join(folder, 'test.yaml')
    writeFileSync(file, JSON.stringify(document))
    runPromtool('test', 'rules', file)
  })
})
