// Which alerts fire when, over series that are known: what Prometheus makes of rules, evaluated each minute. In: rules and
// a case of promtool's test files. Out: alerts that fire at a moment, and how often each. Test support.
import { createExpression, type Recorded } from './promql-evaluate.ts'
import { seconds, toSeries, type WrittenSeries } from './promql-series.ts'

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly for: string
}

export interface AlertCase {
  readonly name: string
  /** Between two samples. */
  readonly interval: string
  readonly input_series: readonly WrittenSeries[]
  readonly promql_expr_test: readonly {
    readonly expr: string
    readonly eval_time: string
    readonly exp_samples: readonly { readonly labels: string; readonly value: number }[]
  }[]
}

/** The one question that our cases ask. */
export const firingQuery = 'count by (alertname) (ALERTS{alertstate="firing"})'

const evaluationSeconds = 60

export const recordedOf = ({ interval, input_series: written }: AlertCase): Recorded => ({
  series: written.map(toSeries),
  stepSeconds: seconds(interval),
})

/** Alerts that fire at `evalTime`, e.g. `{TrackbridgeNotReady: 1}`: by name, one for each set of labels. */
export function firingAt(
  rules: readonly AlertRule[],
  one: AlertCase,
  evalTime: string,
): Readonly<Record<string, number>> {
  const recorded = recordedOf(one)
  const counts = rules.map((rule) => [rule.alert, countFiring(rule, recorded, seconds(evalTime))] as const)
  return Object.fromEntries(counts.filter(([, count]) => count > 0))
}

function countFiring({ expr, for: duration }: AlertRule, recorded: Recorded, endSeconds: number): number {
  const expression = createExpression(expr, recorded)
  let since = new Map<string, number>()
  let firing = 0
  for (let at = 0; at <= endSeconds; at += evaluationSeconds) {
    const active = expression(at).map(({ labels }) => JSON.stringify(labels))
    // One that is gone for a single evaluation begins anew.
    since = new Map(active.map((labels) => [labels, since.get(labels) ?? at]))
    firing = [...since.values()].filter((start) => at - start >= seconds(duration)).length
  }
  return firing
}
