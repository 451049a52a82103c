// What stands on /status: everything that a person wants to know of a running process. In: its parts. Out: plain data.
import type { Readiness } from '../../ops/health.ts'
import type { DestinationStatus } from '../../sink/destination.ts'
import type { EngineReport, ProcessReport } from '../run/engine-report.ts'
import type { GroupReport } from '../run/group-progress.ts'

export interface StatusPage {
  readonly version: string
  readonly pid: number
  /** ISO. */
  readonly startedAt: string
  /** Of the page, ISO. */
  readonly at: string
  readonly logLevel: string
  readonly ready: boolean
  /** Those that are not ready first. */
  readonly parts: Readiness['parts']
  /** null: this process runs no stream processor. */
  readonly process: (ProcessReport & { readonly rawPerSecond: number }) | null
  readonly destinations: readonly DestinationFigures[]
  readonly groups: readonly GroupStatus[]
  /** Without secrets. */
  readonly configuration: unknown
}

export interface DestinationFigures extends DestinationStatus {
  readonly deliveredPerSecond: number
  /** For how long it has been blocked or retrying; null when all is well. */
  readonly failingForSeconds: number | null
}

export interface GroupStatus extends GroupReport {
  /** Of all its partitions; null where none is known. */
  readonly lag: number | null
  /** null: nothing waits. */
  readonly oldestRecordAgeSeconds: number | null
}

export interface StatusParts extends Pick<StatusPage, 'version' | 'pid' | 'logLevel' | 'configuration'> {
  readonly startedAtMs: number
  readonly nowMs: number
  readonly readiness: Readiness
  readonly reports: readonly EngineReport[]
  readonly groups: readonly GroupReport[]
  /** Events a second of a total that bears this name, over the last ten seconds. */
  perSecond(name: string): number
  /** Since when a destination fails, milliseconds since 1970; null when it does not. */
  failingSinceMs(destination: string): number | null
}

/** Names of the totals whose rate is shown. */
export const totals = {
  raw: 'raw',
  delivered: (destination: string): string => `delivered ${destination}`,
} as const

/** The page as of `nowMs`. */
export function statusPage(parts: StatusParts): StatusPage {
  const { version, pid, logLevel, configuration, startedAtMs, nowMs, readiness, reports } = parts
  const own = reports.find((report) => report.process !== undefined)?.process
  const groups = [...parts.groups, ...reports.flatMap((report) => report.groups ?? [])]
  return {
    version,
    pid,
    startedAt: new Date(startedAtMs).toISOString(),
    at: new Date(nowMs).toISOString(),
    logLevel,
    ready: readiness.ready,
    parts: readiness.parts.toSorted((a, b) => Number(a.ready) - Number(b.ready)),
    process: own === undefined ? null : { ...own, rawPerSecond: parts.perSecond(totals.raw) },
    destinations: reports
      .flatMap(({ destinations = [] }) => destinations)
      .map((one) => ({
        ...one,
        deliveredPerSecond: parts.perSecond(totals.delivered(one.destination)),
        failingForSeconds: secondsSince(parts.failingSinceMs(one.destination), nowMs),
      })),
    groups: groups.map((group) => toGroupStatus(group, nowMs)),
    configuration,
  }
}

function toGroupStatus({ group, partitions }: GroupReport, nowMs: number): GroupStatus {
  const lags = partitions.flatMap(({ lag }) => (lag === null ? [] : [lag]))
  const oldest = partitions.flatMap(({ oldestMs }) => (oldestMs === null ? [] : [oldestMs]))
  return {
    group,
    partitions: partitions.toSorted((a, b) => (b.lag ?? -1) - (a.lag ?? -1)),
    lag: lags.length === 0 ? null : lags.reduce((sum, lag) => sum + lag, 0),
    oldestRecordAgeSeconds: secondsSince(oldest.length === 0 ? null : Math.min(...oldest), nowMs),
  }
}

const secondsSince = (sinceMs: number | null, nowMs: number): number | null =>
  sinceMs === null ? null : Math.max(0, nowMs - sinceMs) / 1_000

const windowMs = 10_000

/** Events a second from totals that are sampled now and then. */
export function createRates() {
  const samples = new Map<string, { readonly atMs: number; readonly total: number }[]>()
  return {
    sample(name: string, total: number, atMs: number): void {
      const kept = (samples.get(name) ?? []).filter((one) => atMs - one.atMs <= windowMs)
      samples.set(name, [...kept, { atMs, total }])
    },
    perSecond(name: string): number {
      const kept = samples.get(name) ?? []
      const [first, last] = [kept[0], kept.at(-1)]
      if (first === undefined || last === undefined || last.atMs === first.atMs) return 0
      return Math.round(((last.total - first.total) * 1_000) / (last.atMs - first.atMs))
    },
  }
}

/** Since when destinations fail, from looks at them now and then. */
export function createTroubles() {
  const since = new Map<string, number>()
  return {
    look({ destination, why }: Pick<DestinationStatus, 'destination' | 'why'>, atMs: number): void {
      if (why === null) since.delete(destination)
      else if (!since.has(destination)) since.set(destination, atMs)
    },
    sinceMs: (destination: string): number | null => since.get(destination) ?? null,
  }
}
