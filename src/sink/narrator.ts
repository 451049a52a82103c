// What the log says about one destination: a change of state once, a long outage one line a minute, dead letters one
// line a minute with their number. In: the states of its partitions, now and then. Out: log lines.
import type { Clock } from '../clock.ts'
import type { Log } from '../ops/log.ts'
import type { WorkerState } from './delivery.ts'

/** The gravest state among the partitions, and how many are in it. */
export interface Overall {
  readonly state: 'delivering' | 'retrying' | 'blocked' | 'stopped'
  readonly why: string | null
  readonly partitions: number
}

export interface Narrator {
  /** To be called on changes and from time to time. `rejected` is the total since the start. */
  tell(overall: Overall, rejected: number): void
}

/** So many failures in a row count as an outage; a single 429 does not. */
const outageFailures = 3
const remindEveryMs = 60_000

const gravity = ['delivering', 'retrying', 'blocked', 'stopped'] as const

/** Sums the partitions up. A partition that has only just begun to retry counts as delivering. */
export function overallOf(states: readonly WorkerState[]): Overall {
  const told = states.map(nameState)
  const state = gravity.findLast((grave) => told.some((one) => one.state === grave)) ?? 'delivering'
  const same = told.filter((one) => one.state === state)
  return { state, why: same[0]?.why ?? null, partitions: same.length }
}

function nameState(state: WorkerState): Pick<Overall, 'state' | 'why'> {
  switch (state.state) {
    case 'retrying':
      return state.failures < outageFailures
        ? { state: 'delivering', why: null }
        : { state: 'retrying', why: state.why }
    case 'blocked':
      return { state: 'blocked', why: `${state.why} (status ${state.status})` }
    case 'stopped':
      return { state: 'stopped', why: `${state.error.code}: ${state.error.message}` }
    case 'delivering':
    case 'closed':
      return { state: 'delivering', why: null }
  }
}

const lines = {
  delivering: 'delivering again',
  retrying: 'messages cannot be delivered for now; trying again with back-off',
  blocked: 'blocked by a configuration fault; trying again with back-off until it is mended',
  stopped: 'a partition has stopped; nothing of it is delivered or skipped',
} as const

export function createNarrator(log: Log, clock: Clock): Narrator {
  let told: Overall['state'] = 'delivering'
  let sinceMs = clock.now()
  let toldAtMs = clock.now()
  let rejectedTold = 0
  let rejectedToldAtMs = -Infinity

  return {
    tell({ state, why, partitions }, rejected) {
      const nowMs = clock.now()
      const fields = { why, partitions, outageMs: nowMs - sinceMs }
      if (state !== told) {
        if (told === 'delivering') sinceMs = nowMs
        const level = state === 'delivering' ? 'info' : state === 'retrying' ? 'warn' : 'error'
        log[level]({ ...fields, outageMs: nowMs - sinceMs }, lines[state])
        told = state
        toldAtMs = nowMs
      } else if (state !== 'delivering' && nowMs - toldAtMs >= remindEveryMs) {
        log.warn({ ...fields, state }, 'still not delivering')
        toldAtMs = nowMs
      }
      if (rejected > rejectedTold && nowMs - rejectedToldAtMs >= remindEveryMs) {
        log.warn({ deadLetters: rejected - rejectedTold }, 'messages went to the dead letters')
        rejectedTold = rejected
        rejectedToldAtMs = nowMs
      }
    },
  }
}
