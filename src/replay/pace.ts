// How fast a replay may go: so many records a second, or none at all while somebody holds it. In: requests to go on, with
// the number of records; the rate, our share of it and the hold, which may change at any time. Out: leave to go on.
// States: free -> waiting (records paid for are not due yet, or held) -> free. No queue of records: whoever asks, waits.
import type { Clock } from '../clock.ts'

export interface Pace {
  /** Waits until `records` may go; false when `signal` aborts before. */
  take(records: number, signal: AbortSignal): Promise<boolean>
  /** How many records may go at once, so that none waits long for all before it; Infinity without a limit. */
  atOnce(): number
  /** Records a second for all processes of the replay together; Infinity: no limit. */
  setRate(recordsPerSecond: number): void
  rate(): number
  /** Our part of the rate, 0 to 1. */
  setShare(share: number): void
  /** Holds everything back, for the reason that `by` gives; undefined: `by` has none any more. */
  hold(by: string, why: string | undefined): void
  /** A reason for which everything is held back; undefined: there is none. */
  held(): string | undefined
}

/** A slice takes so long at most, so that a change of the rate is felt soon. */
const sliceSeconds = 0.25
/** The share of a process that has nothing left but asks all the same. */
const leastShare = 0.01

/** `recordsPerSecond`: Infinity for no limit. */
export function createPace(clock: Clock, recordsPerSecond: number): Pace {
  let rate = recordsPerSecond
  let share = 1
  const reasons = new Map<string, string>()
  /** When what has gone is paid for, milliseconds since 1970. */
  let dueMs = -Infinity
  let changed = new AbortController()
  let queue: Promise<unknown> = Promise.resolve()
  const ourRate = (): number => rate * Math.max(share, leastShare)
  const change = (set: () => unknown): void => {
    const before = ourRate()
    set()
    const waitMs = dueMs - clock.now()
    // What is still owed is owed in records: at another rate it takes another time.
    if (waitMs > 0) dueMs = clock.now() + (waitMs * before) / ourRate()
    if (Number.isNaN(dueMs)) dueMs = clock.now()
    const rung = changed
    changed = new AbortController()
    rung.abort('changed')
  }
  const turn = async (records: number, signal: AbortSignal): Promise<boolean> => {
    while (!signal.aborted) {
      const waitMs = reasons.size === 0 ? dueMs - clock.now() : heldLookMs
      if (waitMs <= 0) {
        dueMs = Math.max(clock.now(), dueMs) + (records / ourRate()) * 1_000
        return true
      }
      await clock.sleep(waitMs, AbortSignal.any([signal, changed.signal]))
    }
    return false
  }
  return {
    take(records, signal) {
      if (reasons.size === 0 && rate === Infinity) return Promise.resolve(!signal.aborted)
      // One after the other: partitions take turns.
      const taken = queue.then(() => turn(records, signal))
      queue = taken
      return taken
    },
    atOnce: () => Math.max(1, Math.ceil(ourRate() * sliceSeconds)),
    setRate: (next) => change(() => (rate = next)),
    rate: () => rate,
    setShare: (next) => change(() => (share = next)),
    hold(by, why) {
      if (reasons.get(by) === why) return
      change(() => (why === undefined ? reasons.delete(by) : reasons.set(by, why)))
    },
    held: () => [...reasons.values()][0],
  }
}

/** Nothing but a change ends a hold; this is only so that a sleep has an end. */
const heldLookMs = 60_000
