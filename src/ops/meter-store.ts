// Keeps what is counted, as plain data: it crosses process borders as JSON, and adds up. In: calls of the port meter.ts.
// Out: snapshots. No I/O and no clock.
import type { Meter, Reading, Spread } from './meter.ts'
import { bucketsSeconds, metrics, type MetricName } from './metrics.ts'

/** One value, or the buckets of a histogram: how many were at most `bucketsSeconds[i]`, and above the one before; the last
 *  number counts those beyond all of them. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value?: number
  readonly buckets?: readonly number[]
  readonly sum?: number
}

/** All samples by metric, e.g. `{trackbridge_ready: [{labels: {part: 'kafka'}, value: 1}]}`. */
export type Snapshot = Readonly<Partial<Record<MetricName, readonly Sample[]>>>

export interface MeterStore extends Meter {
  /** `read` is called for each snapshot, and sets what is known elsewhere. */
  onSnapshot(read: (reading: Reading) => void): void
  snapshot(): Snapshot
}

interface Kept {
  readonly labels: Readonly<Record<string, string>>
  value: number
  readonly buckets: number[]
}

type Table = Map<MetricName, Map<string, Kept>>

/** An empty store. */
export function createMeterStore(): MeterStore {
  const counted: Table = new Map()
  const readers: ((reading: Reading) => void)[] = []
  return {
    add(name, labels, by = 1) {
      keptFor(counted, name, labels).value += by
    },
    observe(name, labels, observed) {
      const kept = keptFor(counted, name, labels)
      kept.value += (Math.max(0, observed.fromSeconds) + Math.max(0, observed.toSeconds)) * 0.5 * observed.times
      spreadInto(kept.buckets, observed)
    },
    onSnapshot: (read) => void readers.push(read),
    snapshot() {
      const read: Table = new Map()
      const reading: Reading = {
        set: (name, labels, value) => {
          keptFor(read, name, labels).value = value
        },
      }
      for (const reader of readers) reader(reading)
      return addSnapshots(toSnapshot(counted), toSnapshot(read))
    },
  }
}

function keptFor(table: Table, name: MetricName, labels: Readonly<Record<string, string>>): Kept {
  const samples = table.get(name) ?? new Map<string, Kept>()
  table.set(name, samples)
  const key = keyOf(name, labels)
  const kept = samples.get(key)
  if (kept) return kept
  const buckets = metrics[name].type === 'histogram' ? Array.from({ length: bucketsSeconds.length + 1 }, () => 0) : []
  const made: Kept = { labels, value: 0, buckets }
  samples.set(key, made)
  return made
}

const keyOf = (name: MetricName, given: Readonly<Record<string, string>>): string =>
  metrics[name].labels.map((label) => given[label] ?? '').join('\n')

// The k-th of n stands at (k + 0.5) / n of the way. So each bucket gets a whole number, and all of them together n.
function spreadInto(buckets: number[], { fromSeconds, toSeconds, times }: Spread): void {
  const low = Math.max(0, Math.min(fromSeconds, toSeconds))
  const width = Math.max(0, fromSeconds, toSeconds) - low
  const atMost = (bound: number): number => {
    if (width === 0) return low <= bound ? times : 0
    return Math.min(times, Math.max(0, Math.floor(((bound - low) / width) * times + 0.5)))
  }
  let before = 0
  for (const [index, bound] of bucketsSeconds.entries()) {
    const below = atMost(bound)
    buckets[index] = (buckets[index] ?? 0) + below - before
    before = below
  }
  const last = bucketsSeconds.length
  buckets[last] = (buckets[last] ?? 0) + times - before
}

const toSnapshot = (table: Table): Snapshot =>
  Object.fromEntries(
    [...table].map(([name, samples]) => [
      name,
      [...samples.values()].map(({ labels, value, buckets }) =>
        buckets.length > 0 ? { labels, buckets: [...buckets], sum: value } : { labels, value },
      ),
    ]),
  )

/** Both together, each metric as its list says: added up, or the higher one. */
export function addSnapshots(first: Snapshot, second: Snapshot): Snapshot {
  const names = Object.keys({ ...first, ...second }) as MetricName[]
  return Object.fromEntries(names.map((name) => [name, addSamples(name, first[name] ?? [], second[name] ?? [])]))
}

function addSamples(name: MetricName, first: readonly Sample[], second: readonly Sample[]): readonly Sample[] {
  const byKey = new Map(first.map((sample) => [keyOf(name, sample.labels), sample]))
  for (const sample of second) {
    const key = keyOf(name, sample.labels)
    const known = byKey.get(key)
    byKey.set(key, known === undefined ? sample : addTwo(name, known, sample))
  }
  return [...byKey.values()]
}

function addTwo(name: MetricName, a: Sample, b: Sample): Sample {
  if (a.buckets !== undefined) {
    const buckets = a.buckets.map((count, index) => count + (b.buckets?.[index] ?? 0))
    return { labels: a.labels, buckets, sum: (a.sum ?? 0) + (b.sum ?? 0) }
  }
  const [one, other] = [a.value ?? 0, b.value ?? 0]
  const isHighest = 'merge' in metrics[name]
  return { labels: a.labels, value: isHighest ? Math.max(one, other) : one + other }
}

/** Only counters and histograms: what stays of a process that is gone. */
export const lasting = (snapshot: Snapshot): Snapshot =>
  Object.fromEntries(Object.entries(snapshot).filter(([name]) => metrics[name as MetricName].type !== 'gauge'))
