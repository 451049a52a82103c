// What a redrive will do, or has done, in numbers. Pure but for its own state.
import type { LetterState } from './mark-index.ts'
import type { Rerun, RerunCounts } from './rerun.ts'

export interface RedriveCounts extends RerunCounts {
  /** Letters that are run again: each became something, or no destination takes its messages. */
  readonly redriven: number
  /** Records by the topic they go to. */
  readonly written: Readonly<Record<string, number>>
  /** The time of the oldest of them, by topic: milliseconds since 1970. */
  readonly oldestMs: Readonly<Record<string, number>>
  /** Letters that cannot be run again and stay as they are, by why. */
  readonly kept: Readonly<Record<string, number>>
  /** Letters of an older version that does not say which operations of a batch failed: messages of the others may be
   *  written twice. */
  readonly wholeBatches: number
  /** Left out: asked for, but redriven before, or of somebody forgotten. */
  readonly alreadyRedriven: number
  readonly forgotten: number
  /** Left out, for they are not asked for. */
  readonly notMeant: number
  /** Records that are no dead letters of trackbridge. */
  readonly strangers: number
}

export interface RedriveCounter {
  addRerun(rerun: Rerun, facts: { readonly isWholeBatch: boolean }): void
  /** A letter that is left out for its state. */
  addState(state: Exclude<LetterState, 'open'>): void
  add(what: 'notMeant' | 'strangers'): void
  counts(): RedriveCounts
  /** The same as counts().redriven, for loops. */
  redriven(): number
}

const nothing = {
  redriven: 0,
  messages: 0,
  unsupported: 0,
  failedAgain: 0,
  unrouted: 0,
  wholeBatches: 0,
  alreadyRedriven: 0,
  forgotten: 0,
  notMeant: 0,
  strangers: 0,
}

const count = (map: Map<string, number>, key: string): void => void map.set(key, (map.get(key) ?? 0) + 1)

export function createRedriveCounter(): RedriveCounter {
  const sums = { ...nothing }
  const written = new Map<string, number>()
  const kept = new Map<string, number>()
  const oldestMs = new Map<string, number>()
  return {
    redriven: () => sums.redriven,
    addRerun(rerun, { isWholeBatch }) {
      if (rerun.kind === 'kept') return count(kept, rerun.why)
      sums.redriven++
      for (const key of ['messages', 'unsupported', 'failedAgain', 'unrouted'] as const) sums[key] += rerun.counts[key]
      for (const { topic, timestamp } of rerun.records) {
        count(written, topic)
        oldestMs.set(topic, Math.min(timestamp, oldestMs.get(topic) ?? Infinity))
      }
      if (isWholeBatch && rerun.counts.messages > 0) sums.wholeBatches++
    },
    addState: (state) => void sums[state === 'redriven' ? 'alreadyRedriven' : 'forgotten']++,
    add: (what) => void sums[what]++,
    counts: () => ({
      ...sums,
      written: Object.fromEntries(written),
      oldestMs: Object.fromEntries(oldestMs),
      kept: Object.fromEntries(kept),
    }),
  }
}
