// One raw partition: batch -> topology -> units of output records and source offset, each written as a whole
// (kafka.md, "Exactly-once"). States and transitions:
//
//   none --open: new session, init (fences older ones), committed offset read AFTER it--> ready(position)
//   ready --commit ok--> ready(next)             ready --commit failed--> none, the same records are taken again
//   ready --batch starts after position and nothing explains the gap--> none, then seek to the committed offset
//   any --the assignment is over--> the batch is left; whoever owns the partition starts from the committed offset
//
// The invariant that makes it exactly once: every unit starts from the committed offset that was read after this
// session's init, and in the same assignment. A zombie can then only lose its own work. A failed commit is an unknown outcome: only the committed
// offset, read again after a new init, tells what happened.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { BatchContext, CommitResult, ConsumerBatch, ConsumerRecord, OutRecord, Session } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import { createCounter, type Counts } from './counts.ts'
import type { Processed } from './topology.ts'

export interface TaskDeps {
  readonly clock: Clock
  readonly log: Log
  readonly openSession: () => Session
  /** `tooLarge`: what the record becomes when its messages do not fit. */
  readonly process: (record: ConsumerRecord, options: { readonly tooLarge: boolean }) => Processed
  /** Waits for what the translation of the records needs, e.g. schemas; undefined where it is there. A rejection with a
   *  TrackbridgeError stops the partition until it is offered again. */
  readonly prepare?: (records: readonly ConsumerRecord[], signal: AbortSignal) => Promise<void> | undefined
  readonly chunkRecords: number
  /** Called after each unit that was written. */
  readonly onCommit: (committed: Committed) => void
}

/** A unit that was written: the offset behind it, and what its raw records became. */
export interface Committed {
  readonly next: number
  readonly counts: Counts
}

/** How a batch ended. `stuck`: Kafka refuses for good; nothing was skipped, and the batch must be offered again. */
export type BatchEnd = 'done' | 'left' | { readonly stuck: TrackbridgeError }

export interface Task {
  /** Never rejects but for broken invariants. */
  process(batch: ConsumerBatch, context: BatchContext): Promise<BatchEnd>
  /** For good: a batch that is still under way is left. To be called after its assignment has ended. */
  close(): Promise<void>
}

const firstBackoffMs = 100
const lastBackoffMs = 5_000

type Failure = Extract<CommitResult, { ok: false }>

interface State {
  session: Session | undefined
  /** The assignment that the session was opened in. */
  assignment: number | undefined
  /** Next offset to write from; null: the group has no committed offset yet, so the first batch is the start. */
  position: number | null
  /** Records of the next unit, at least one. */
  chunkRecords: number
  /** Offset of a record that was too large even alone: it becomes a dead letter. By offset, for the next unit may start
   *  elsewhere: whoever owned the partition meanwhile may have written that record. */
  tooLargeOffset: number | undefined
  /** A unit whose commit may have happened: the next committed offset tells, and then it counts. */
  unknown: Committed | undefined
  closed: boolean
}

/** What all steps of one batch need. */
interface Run {
  readonly deps: TaskDeps
  readonly state: State
  readonly batch: ConsumerBatch
  readonly context: BatchContext
}

export function createTask(deps: TaskDeps): Task {
  const state: State = {
    session: undefined,
    assignment: undefined,
    position: null,
    chunkRecords: deps.chunkRecords,
    tooLargeOffset: undefined,
    unknown: undefined,
    closed: false,
  }
  return {
    process: (batch, context) => processBatch({ deps, state, batch, context }),
    close() {
      state.closed = true
      return closeSession(state)
    },
  }
}

async function processBatch(run: Run): Promise<BatchEnd> {
  const unprepared = await prepare(run)
  if (unprepared !== undefined) return run.context.signal.aborted ? 'left' : { stuck: requireNoBug(unprepared) }
  const { deps, state, context } = run
  for (let backoffMs = firstBackoffMs; !context.signal.aborted; backoffMs = Math.min(backoffMs * 2, lastBackoffMs)) {
    const end = await attempt(run).catch(toFailure)
    if (typeof end === 'string') return end
    // Sequence numbers and state of a session that failed cannot be trusted: it is thrown away, whatever happened.
    await closeSession(state).catch(() => undefined)
    const { reason, outcome, error } = end
    if (reason === 'rebalanced') return 'left'
    if (reason === 'fatal') return { stuck: requireNoBug(asTrackbridgeError(error)) }
    deps.log.warn({ reason, outcome, err: error }, 'a chunk was not written; taking it again from the committed offset')
    if (reason !== 'too-large') await deps.clock.sleep(backoffMs, context.signal)
    // After a fence: only a member may open a session again, or two owners fence each other for ever.
    if (!(await isMember(context))) return 'left'
  }
  return 'left'
}

// Before any session: whatever is waited for here may take long.
async function prepare({ deps, batch, context }: Run): Promise<TrackbridgeError | undefined> {
  try {
    await deps.prepare?.(batch.records, context.signal)
    return undefined
  } catch (error) {
    return asTrackbridgeError(error)
  }
}

async function attempt(run: Run): Promise<'done' | 'left' | Failure> {
  const { batch, context } = run
  if (!(await align(run))) return 'left'
  const failure = await advance(run)
  if (failure !== undefined) return failure
  if (context.signal.aborted) return 'left'
  context.resolve(batch.nextOffset)
  return 'done'
}

/** Makes sure that the batch follows on from the position. False: the consumer was sent back to it. */
async function align({ deps, state, batch, context }: Run): Promise<boolean> {
  const isGap = (): boolean => state.position !== null && batch.fetchedOffset > state.position && !batch.continuous
  // Between two assignments others may have written; and somebody may have moved the group's offset: only a new session
  // says where we stand.
  const isOfOldAssignment = state.assignment !== batch.member.assignment
  if (state.session === undefined || isOfOldAssignment || isGap()) await openSession(deps, state)
  state.assignment = batch.member.assignment
  if (state.position === null || !isGap()) return true
  const fields = { fetched: batch.fetchedOffset, committed: state.position }
  deps.log.info(fields, 'going back to the committed offset')
  context.seek(state.position)
  return false
}

async function openSession(deps: TaskDeps, state: State): Promise<void> {
  await closeSession(state)
  // Whoever closed the task while we waited could not close the session that comes now.
  if (state.closed) throw new TrackbridgeError('TB_KAFKA_REBALANCED', 'the partition is not ours any more')
  const session = deps.openSession()
  state.session = session
  await session.init()
  const position = await session.committed()
  state.position = position
  const { unknown } = state
  state.unknown = undefined
  if (unknown !== undefined && position !== null && position >= unknown.next) deps.onCommit(unknown)
}

async function closeSession(state: State): Promise<void> {
  const closing = state.session
  state.session = undefined
  await closing?.close()
}

/** Writes what is left of the batch, unit by unit. Gives the failure that stopped it. */
async function advance(run: Run): Promise<Failure | undefined> {
  const { state, batch, context } = run
  while (!context.signal.aborted && (state.position ?? batch.fetchedOffset) < batch.nextOffset) {
    const chunk = sliceFrom(batch.records, state.position ?? batch.fetchedOffset, state.chunkRecords)
    const last = chunk.at(-1)
    // The rest of the batch takes the control records behind it along.
    const isRest = last === undefined || last === batch.records.at(-1)
    const failure = await commitChunk(run, chunk, isRest ? batch.nextOffset : last.offset + 1)
    if (failure !== undefined) return failure
    await context.heartbeat()
  }
  return undefined
}

async function commitChunk(run: Run, chunk: readonly ConsumerRecord[], next: number): Promise<Failure | undefined> {
  const { deps, state, batch } = run
  if (state.session === undefined) throw new TrackbridgeError('TB_BUG', 'a task committed without a session')
  const { records, counts } = processChunk(deps, chunk, state.tooLargeOffset)
  const result = await state.session.commit({ records, next, member: batch.member })
  if (!result.ok) {
    if (result.outcome === 'unknown') state.unknown = { next, counts }
    if (result.reason === 'too-large') shrink(run, chunk, result)
    return result
  }
  state.position = next
  // In small steps: a unit that is too large costs a session.
  state.chunkRecords = Math.min(deps.chunkRecords, state.chunkRecords + Math.ceil(state.chunkRecords / 8))
  deps.onCommit({ next, counts })
  return undefined
}

// All of it before the transaction opens: nothing else may happen inside one.
function processChunk(deps: TaskDeps, chunk: readonly ConsumerRecord[], tooLargeOffset: number | undefined) {
  const records: OutRecord[] = []
  const counter = createCounter()
  for (const record of chunk) {
    const processed = deps.process(record, { tooLarge: record.offset === tooLargeOffset })
    for (const output of processed.records) records.push(output)
    counter.add(processed)
  }
  return { records, counts: counter.counts() }
}

// Half as many records next time; when one alone is too much it becomes a dead letter.
function shrink({ deps, state }: Run, chunk: readonly ConsumerRecord[], failure: Failure): void {
  const [first] = chunk
  if (chunk.length === 1 && first?.offset === state.tooLargeOffset)
    throw new TrackbridgeError('TB_DEAD_LETTER_REFUSED', 'the dead-letter topic refuses a record as too large', {
      cause: failure.error,
    })
  if (chunk.length === 1) state.tooLargeOffset = first?.offset
  state.chunkRecords = Math.max(1, Math.floor(chunk.length / 2))
  const next = { records: state.chunkRecords, tooLargeOffset: state.tooLargeOffset }
  deps.log.warn({ records: chunk.length, next }, 'a chunk is larger than a topic accepts; it is split')
}

async function isMember(context: BatchContext): Promise<boolean> {
  return context.heartbeat().then(
    () => !context.signal.aborted,
    () => false,
  )
}

// Up to `limit` records at or after `from`: the consumer may offer again what is written already.
function sliceFrom(records: readonly ConsumerRecord[], from: number, limit: number): readonly ConsumerRecord[] {
  const start = records.findIndex(({ offset }) => offset >= from)
  return start < 0 ? [] : records.slice(start, start + limit)
}

// What init, committed and heartbeat reject with, as a failure like those of commit.
function toFailure(error: unknown): Failure {
  const known = requireNoBug(asTrackbridgeError(error))
  const reasons = {
    reopen: 'rebalanced',
    stop: 'fatal',
    retry: 'transient',
    refuse: 'fatal',
  } as const
  const reason = known.code === 'TB_KAFKA_FENCED' ? 'fenced' : reasons[known.reaction]
  return { ok: false, outcome: 'aborted', reason, error: known }
}

// Broken invariants end the process: no other try can mend them.
function requireNoBug(error: TrackbridgeError): TrackbridgeError {
  if (error.code === 'TB_BUG') throw error
  return error
}

function asTrackbridgeError(error: unknown): TrackbridgeError {
  if (error instanceof TrackbridgeError) return error
  return new TrackbridgeError('TB_BUG', error instanceof Error ? error.message : String(error), { cause: error })
}
