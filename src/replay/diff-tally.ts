// What a comparison has found so far: counts for each destination and type, how often each path differs, and samples. In:
// verdicts, one by one. Out: a report. Memory is bounded: by the number of types, 1,000 paths, and the samples. Pure but
// for its own state.
import { withoutIndices, type Change } from './diff-json.ts'

/** `here`: what the present configuration makes; `there`: what the other one makes, or what stands on the topic. */
export const verdicts = ['same', 'changed', 'onlyHere', 'onlyThere'] as const
export type Verdict = (typeof verdicts)[number]

/** What is compared: a message, or with type `dead-letter` or `unsupported` what says why there is none. */
export interface Compared {
  /** Name of the destination; null for dead letters and unsupported calls, which have none. */
  readonly destination: string | null
  readonly type: string
  /** Of the raw record, e.g. `cio.track.raw:3:1200`. */
  readonly place: string
  /** Null for dead letters and unsupported calls. */
  readonly messageId: string | null
  /** The record's key. */
  readonly person: string | null
}

export interface Sample extends Compared {
  readonly verdict: Exclude<Verdict, 'same'>
  /** Of a changed one what differs; else empty. */
  readonly changes: readonly Change[]
}

export interface TypeCounts extends Readonly<Record<Verdict, number>> {
  readonly destination: string | null
  readonly type: string
}

export interface DiffCounts {
  /** By destination and type, in the order in which they were met. */
  readonly types: readonly TypeCounts[]
  readonly totals: Readonly<Record<Verdict, number>>
  /** The path that differs most often first; indices as [*]. */
  readonly paths: readonly { readonly path: string; readonly messages: number }[]
  /** Changed messages whose paths are not in `paths`: both sides were too far apart to be kept. */
  readonly pathsUnknown: number
  readonly samples: readonly Sample[]
}

export interface DiffTally {
  same(compared: Pick<Compared, 'destination' | 'type'>): void
  changed(compared: Compared, changes: readonly Change[] | undefined): void
  only(side: 'onlyHere' | 'onlyThere', compared: Compared): void
  /** Many at once, of which there are no samples. */
  onlyHere(of: Pick<Compared, 'destination' | 'type'>, count: number): void
  /** Whether one more sample of this kind would be kept. */
  wants(verdict: Sample['verdict'], of: Pick<Compared, 'destination' | 'type'>): boolean
  addSample(sample: Sample): void
  counts(): DiffCounts
}

const maxPaths = 1_000
/** Stands for all paths beyond so many. */
const otherPaths = '(other paths)'

/** `samples`: so many are kept of each verdict, destination and type. */
export function createDiffTally({ samples: maxSamples }: { readonly samples: number }): DiffTally {
  const rows = new Map<string, Record<Verdict, number> & Pick<TypeCounts, 'destination' | 'type'>>()
  const paths = new Map<string, number>()
  const samples = new Map<string, Sample[]>()
  let pathsUnknown = 0

  const rowOf = ({ destination, type }: Pick<Compared, 'destination' | 'type'>) => {
    const key = `${destination ?? ''}/${type}`
    const row = rows.get(key) ?? { destination, type, same: 0, changed: 0, onlyHere: 0, onlyThere: 0 }
    rows.set(key, row)
    return row
  }
  const kindOf = (verdict: Verdict, { destination, type }: Pick<Compared, 'destination' | 'type'>) =>
    `${verdict}/${destination ?? ''}/${type}`
  const countPaths = (changes: readonly Change[]): void => {
    for (const path of new Set(changes.map((change) => withoutIndices(change.path)))) {
      const key = paths.has(path) || paths.size < maxPaths ? path : otherPaths
      paths.set(key, (paths.get(key) ?? 0) + 1)
    }
  }
  const wants: DiffTally['wants'] = (verdict, of) => (samples.get(kindOf(verdict, of))?.length ?? 0) < maxSamples
  const addSample = (sample: Sample): void => {
    if (!wants(sample.verdict, sample)) return
    const kind = kindOf(sample.verdict, sample)
    samples.set(kind, [...(samples.get(kind) ?? []), sample])
  }

  return {
    same: (compared) => void rowOf(compared).same++,
    changed(compared, changes) {
      rowOf(compared).changed++
      if (changes === undefined) pathsUnknown++
      else countPaths(changes)
      if (changes !== undefined) addSample({ ...compared, verdict: 'changed', changes })
    },
    only(side, compared) {
      rowOf(compared)[side]++
      addSample({ ...compared, verdict: side, changes: [] })
    },
    onlyHere(of, count) {
      if (count > 0) rowOf(of).onlyHere += count
    },
    wants,
    addSample,
    counts: () => ({
      types: [...rows.values()],
      totals: totalsOf([...rows.values()]),
      paths: [...paths]
        .map(([path, messages]) => ({ path, messages }))
        .toSorted((a, b) => b.messages - a.messages || (a.path < b.path ? -1 : 1)),
      pathsUnknown,
      samples: [...samples.values()].flat(),
    }),
  }
}

function totalsOf(rows: readonly Readonly<Record<Verdict, number>>[]): Record<Verdict, number> {
  const sum = (verdict: Verdict): number => rows.reduce((total, row) => total + row[verdict], 0)
  return { same: sum('same'), changed: sum('changed'), onlyHere: sum('onlyHere'), onlyThere: sum('onlyThere') }
}
