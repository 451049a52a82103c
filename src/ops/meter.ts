// How engines and adapters count, without a word of how it is kept: types only. meter-store.ts keeps it.
// To be called for each chunk or request, not for each record.
import type { CounterName, GaugeName, HistogramName, LabelsOf } from './metrics.ts'

/** Several things that took between `fromSeconds` and `toSeconds`, evenly spread. */
export interface Spread {
  readonly fromSeconds: number
  readonly toSeconds: number
  readonly times: number
}

export interface Meter {
  /** e.g. `meter.add('trackbridge_halvings_total', {destination: 'main'})`; by 1 unless `by` says otherwise. */
  add<N extends CounterName>(name: N, labels: LabelsOf<N>, by?: number): void
  /** Values below 0, of clocks that disagree, count as 0. */
  observe<N extends HistogramName>(name: N, labels: LabelsOf<N>, observed: Spread): void
}

/** What is known elsewhere and only read when somebody asks. */
export interface Reading {
  /** The value as it is now: of a gauge, or the total of a counter. */
  set<N extends CounterName | GaugeName>(name: N, labels: LabelsOf<N>, value: number): void
}
