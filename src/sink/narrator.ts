// What the log says about one destination: an outage when it begins, one line a minute while it lasts, and its end; dead
// letters one line a minute with their number. In: the states of its partitions, now and then. Out: log lines.
import type { Clock } from '../clock.ts'
import type { Log, LogFields } from '../ops/log.ts'
import type { WorkerState } from './worker-state.ts'

/** What one partition says of itself. */
export interface PartitionReport {
  readonly state: WorkerState
  /** Messages that it holds. */
  readonly held: number
  /** Since when it fails, milliseconds since 1970; null while all is well. */
  readonly failingSinceMs: number | null
}

/** The gravest state among the partitions; the rest is of those that are in it. */
export interface Overall {
  readonly state: 'delivering' | 'retrying' | 'blocked' | 'stopped'
  readonly why: string | null
  /** Of the API's last answer; null where there was none. */
  readonly status: number | null
  readonly partitions: number
  /** Messages that they hold. */
  readonly waiting: number
  /** Since when the first of them fails, milliseconds since 1970; null while all is well. */
  readonly sinceMs: number | null
  /** The soonest of their next tries, milliseconds since 1970; null where there is none to come. */
  readonly nextTryAtMs: number | null
}

/** Since the start. `recoveries`: partitions that were failing and are no longer. */
export interface Totals {
  readonly rejected: number
  readonly recoveries: number
}

export interface Narrator {
  /** To be called on changes and from time to time. */
  tell(overall: Overall, totals: Totals): void
}

/** So many failures in a row count as an outage; a single 429 does not. */
const outageFailures = 3
/** A shorter outage that mends itself is not told. */
const untoldMs = 5_000
const remindEveryMs = 60_000

const gravity = ['delivering', 'retrying', 'blocked', 'stopped'] as const

/** Sums the partitions up. A partition that has only just begun to retry counts as delivering. */
export function overallOf(reports: readonly PartitionReport[]): Overall {
  const told = reports.map((report) => ({ ...report, told: tellState(report.state) }))
  const state = gravity.findLast((grave) => told.some((one) => one.told.state === grave)) ?? 'delivering'
  const same = told.filter((one) => one.told.state === state)
  const { why = null, status = null } = same[0]?.told ?? {}
  const isWell = state === 'delivering'
  return {
    state,
    why,
    status,
    partitions: same.length,
    waiting: same.reduce((sum, { held }) => sum + held, 0),
    sinceMs: isWell ? null : soonest(same.map(({ failingSinceMs }) => failingSinceMs)),
    nextTryAtMs: soonest(same.map((one) => one.told.nextTryAtMs)),
  }
}

function soonest(timesMs: readonly (number | null)[]): number | null {
  const known = timesMs.filter((timeMs) => timeMs !== null)
  return known.length === 0 ? null : Math.min(...known)
}

type Told = Pick<Overall, 'state' | 'why' | 'status' | 'nextTryAtMs'>

const well: Told = { state: 'delivering', why: null, status: null, nextTryAtMs: null }

function tellState(state: WorkerState): Told {
  switch (state.state) {
    case 'retrying': {
      const { why, status, nextTryAtMs } = state
      return state.failures < outageFailures ? well : { state: 'retrying', why, status, nextTryAtMs }
    }
    case 'blocked': {
      const { status, nextTryAtMs } = state
      const why = status === null ? state.why : `${state.why} (status ${status})`
      return { state: 'blocked', why, status, nextTryAtMs }
    }
    case 'stopped':
      return { ...well, state: 'stopped', why: `${state.error.code}: ${state.error.message}` }
    case 'delivering':
    case 'closed':
      return well
  }
}

const lines = {
  retrying: ['warn', 'messages cannot be delivered for now; trying again with back-off'],
  blocked: ['error', 'blocked by a configuration fault; trying again with back-off until it is mended'],
  stopped: ['error', 'a partition has stopped; nothing of it is delivered or skipped'],
} as const

/** An outage that the log has been told of. */
interface Outage {
  readonly state: keyof typeof lines
  readonly sinceMs: number
  /** Recoveries before it. */
  readonly recoveries: number
}

function outageFields({ nextTryAtMs, ...overall }: Overall, sinceMs: number, nowMs: number): LogFields {
  const { partitions, waiting, status, why } = overall
  const nextTryInMs = nextTryAtMs === null ? null : Math.max(0, nextTryAtMs - nowMs)
  return { outageMs: nowMs - sinceMs, partitions, waiting, status, why, nextTryInMs }
}

export function createNarrator(log: Log, clock: Clock): Narrator {
  let outage: Outage | null = null
  let toldAtMs = -Infinity
  let rejectedTold = 0
  let rejectedToldAtMs = -Infinity

  const tellOutage = (overall: Overall, state: Outage['state'], recoveries: number): void => {
    const nowMs = clock.now()
    const before = outage ?? { state: null, sinceMs: Infinity, recoveries }
    const sinceMs = Math.min(before.sinceMs, overall.sinceMs ?? nowMs)
    const isDue = nowMs - toldAtMs >= remindEveryMs
    if (before.state === state) {
      if (!isDue) return
      log.warn({ ...outageFields(overall, sinceMs, nowMs), state }, 'still not delivering')
    } else {
      // Under load partitions fail and recover by turns: that is not worth more than a line a minute.
      const isPassing = nowMs - sinceMs < untoldMs || (before.state === null && !isDue)
      if (state === 'retrying' && isPassing) return
      const [level, line] = lines[state]
      log[level](outageFields(overall, sinceMs, nowMs), line)
      outage = { state, sinceMs, recoveries: before.recoveries }
    }
    toldAtMs = nowMs
  }
  const tellEnd = ({ state, sinceMs, recoveries }: Outage, totals: Totals): void => {
    const outageMs = clock.now() - sinceMs
    // Nothing of ours was delivered that had failed: those partitions have gone to another instance.
    if (totals.recoveries > recoveries) log.info({ outageMs }, 'delivering again')
    else log.info({ outageMs, state }, 'the partitions that were not delivered are no longer ours')
    outage = null
  }

  return {
    tell(overall, totals) {
      if (overall.state !== 'delivering') tellOutage(overall, overall.state, totals.recoveries)
      else if (outage !== null) tellEnd(outage, totals)
      const nowMs = clock.now()
      if (totals.rejected > rejectedTold && nowMs - rejectedToldAtMs >= remindEveryMs) {
        log.warn({ deadLetters: totals.rejected - rejectedTold }, 'messages went to the dead letters')
        rejectedTold = totals.rejected
        rejectedToldAtMs = nowMs
      }
    },
  }
}
