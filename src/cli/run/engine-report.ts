// What engines say of themselves for people: types only.
import type { Snapshot } from '../../ops/meter-store.ts'
import type { Counts } from '../../processor/counts.ts'
import type { DestinationStatus } from '../../sink/destination.ts'
import type { GroupReport } from './group-progress.ts'

export interface ProcessReport {
  /** Since the start. */
  readonly counts: Counts
  /** Partitions that cannot go on, and why. */
  readonly stuck: Readonly<Record<string, string>>
  /** Worker processes that are up; null where the work is done in this one. */
  readonly workers: number | null
}

/** What of an engine the ops server asks. */
export interface Reporting {
  health(): ReadonlyMap<string, string | undefined>
  report?(): EngineReport
  metrics?(): Snapshot
}

/** Each engine fills what is its own. */
export interface EngineReport {
  readonly process?: ProcessReport
  readonly destinations?: readonly DestinationStatus[]
  /** Groups of other processes that this one speaks for. */
  readonly groups?: readonly GroupReport[]
}
