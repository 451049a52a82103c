// How far a replay is, all its processes together, and whether it is done: asks Kafka every second. In: the positions of
// the replay's group, the window. Out: figures, and a promise that resolves when every partition has reached its end.
//
//   A partition is at its end when its position is, or when nothing between the two is to be read any more: aborted
//   records, control records and records that were deleted are never handed to anybody, so no position moves over them.
import type { Clock } from '../clock.ts'
import type { HistoryReader, OffsetRange } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import { rangeName, type ReplayStore, type StoredReplay } from './replay-store.ts'

export interface WatchDeps {
  readonly clock: Clock
  readonly log: Log
  readonly store: Pick<ReplayStore, 'find' | 'positions' | 'refresh'>
  readonly history: Pick<HistoryReader, 'read'>
}

export interface PartitionProgress extends OffsetRange {
  /** Next offset to be done, within the range. */
  readonly next: number
  readonly isDone: boolean
}

/** Of the whole window, whoever works on it. Offsets are no records: control records take some. */
export interface ReplayProgress {
  readonly partitions: readonly PartitionProgress[]
  readonly offsets: number
  readonly doneOffsets: number
  readonly isDone: boolean
}

export interface ReplayWatch {
  /** As of the last answer. */
  progress(): ReplayProgress
  /** The window as it is now. */
  replay(): StoredReplay
  /** Asks now. Rejects with TB_KAFKA_*. */
  look(): Promise<ReplayProgress>
  /** Asks every second until everything is done, and then resolves with true; false when `signal` aborted before. Never
   *  rejects: Kafka is asked again. */
  untilDone(signal: AbortSignal, onProgress?: (progress: ReplayProgress) => void): Promise<boolean>
}

const lookEveryMs = 1_000
/** A partition that stands still for so long is looked into: is there anything left to read? */
const standstillMs = 3_000
/** Kafka forgets the window of a group without members after offsets.retention.minutes; nobody sets less than hours. */
const refreshEveryMs = 3_600_000

interface Standing {
  next: number
  sinceMs: number
  /** Nothing is left between `next` and the end; undefined: not looked into yet. */
  isEmpty: boolean | undefined
}

interface State extends WatchDeps {
  replay: StoredReplay
  progress: ReplayProgress
  refreshedMs: number
  readonly standings: Map<string, Standing>
}

/** `replay` as it stands in Kafka. Asks nothing yet. */
export function createReplayWatch(deps: WatchDeps, replay: StoredReplay): ReplayWatch {
  const state: State = {
    ...deps,
    replay,
    progress: toProgress(replay, new Map(), new Set()),
    refreshedMs: deps.clock.now(),
    standings: new Map(),
  }
  return {
    progress: () => state.progress,
    replay: () => state.replay,
    look: () => look(state, new AbortController().signal),
    async untilDone(signal, onProgress) {
      while (!signal.aborted) {
        try {
          await keep(state)
          const progress = await look(state, signal)
          onProgress?.(progress)
          if (progress.isDone) return true
        } catch (error) {
          if (!signal.aborted) deps.log.warn({ err: error }, 'how far the replay is cannot be told; asking again')
        }
        await deps.clock.sleep(lookEveryMs, signal)
      }
      return false
    },
  }
}

async function keep(state: State): Promise<void> {
  const { clock, store, replay } = state
  if (clock.now() - state.refreshedMs < refreshEveryMs) return
  await store.refresh(replay)
  state.refreshedMs = clock.now()
}

async function look(state: State, signal: AbortSignal): Promise<ReplayProgress> {
  const { store, replay } = state
  // Another process that began at the same moment may have written the window last.
  state.replay = (await store.find(replay.note.topics)) ?? replay
  const positions = await store.positions(state.replay)
  const empty = new Set<string>()
  for (const range of state.replay.ranges) {
    const next = positions.get(rangeName(range)) ?? range.from
    if (next < range.to && (await isEmptyBehind(state, range, next, signal))) empty.add(rangeName(range))
  }
  state.progress = toProgress(state.replay, positions, empty)
  return state.progress
}

async function isEmptyBehind(state: State, range: OffsetRange, next: number, signal: AbortSignal): Promise<boolean> {
  const { standings, clock } = state
  const name = rangeName(range)
  const known = standings.get(name)
  if (known === undefined || known.next !== next) {
    standings.set(name, { next, sinceMs: clock.now(), isEmpty: undefined })
    return false
  }
  if (clock.now() - known.sinceMs < standstillMs) return false
  // What lies below the last stable offset does not change any more: one look is enough for a position.
  known.isEmpty ??= await hasNoRecord(state, { ...range, from: next }, signal)
  return known.isEmpty
}

async function hasNoRecord({ history }: State, range: OffsetRange, signal: AbortSignal): Promise<boolean> {
  for await (const { records } of history.read(range, signal)) if (records.length > 0) return false
  return true
}

function toProgress(
  { ranges }: StoredReplay,
  positions: ReadonlyMap<string, number>,
  empty: ReadonlySet<string>,
): ReplayProgress {
  const partitions = ranges.map((range): PartitionProgress => {
    const name = rangeName(range)
    const next = empty.has(name)
      ? range.to
      : Math.min(range.to, Math.max(range.from, positions.get(name) ?? range.from))
    return { ...range, next, isDone: next >= range.to }
  })
  return {
    partitions,
    offsets: partitions.reduce((sum, { from, to }) => sum + to - from, 0),
    doneOffsets: partitions.reduce((sum, { from, next }) => sum + next - from, 0),
    isDone: partitions.every(({ isDone }) => isDone),
  }
}
