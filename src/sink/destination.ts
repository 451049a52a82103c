// One destination: its consumer group, a worker a partition, pausing by bytes, commits. In: batches of its topic. Out:
// what the workers deliver, and committed offsets. Ruled by sink.md, "Behaviour".
//
//   A batch is handed to its partition's worker and resolved at once, so that a partition that retries holds up no other.
//   A partition whose worker holds more than its share of maxBufferBytes is paused until half of that is free.
//   Offsets are committed at most every commitIntervalMs, and once more at the end; never those of a closed worker.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { BatchContext, Broker, Consumer, ConsumerBatch, TopicPartition } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import type { BatchLimits } from './batch.ts'
import type { WriteDeadLetters } from './dead-letter-writer.ts'
import type { Counted } from './delivery.ts'
import { createGate, type Gate } from './gate.ts'
import { createNarrator, overallOf, type Narrator, type Overall } from './narrator.ts'
import { createPartitionWorker, type PartitionWorker } from './partition-worker.ts'
import type { PipelinesApi } from './pipelines-api.ts'

/** The settings `limits` of a destination's sink. */
export interface SinkLimits extends BatchLimits {
  readonly timeoutMs: number
  readonly maxInFlight: number
  readonly requestsPerSecond: number
  readonly lingerMs: number
  readonly maxBufferBytes: number
}

export interface DestinationDeps {
  readonly broker: Pick<Broker, 'consume'>
  readonly clock: Clock
  readonly log: Log
  random(): number
  readonly api: PipelinesApi
  readonly deadLetter: WriteDeadLetters
}

export interface DestinationOptions {
  readonly name: string
  readonly topic: string
  readonly group: string
  readonly limits: SinkLimits
  readonly sessionTimeoutMs: number
  readonly shutdownTimeoutMs: number
}

/** Messages since the start, but for `inFlight` (requests under way) and `bufferedBytes` (held now). */
export type SinkCounters = Readonly<Record<Counted | 'inFlight' | 'bufferedBytes', number>>

export interface DestinationStatus {
  readonly destination: string
  /** `blocked`: a configuration fault, or a partition that has stopped; readiness is false. */
  readonly state: 'ready' | 'blocked'
  /** Why it is blocked, or retrying for longer; null when all is well. */
  readonly why: string | null
  /** Partitions assigned to us that have had records. */
  readonly partitions: number
  readonly counters: SinkCounters
}

export interface Destination {
  status(): DestinationStatus
  /** Resolves after `stop`; rejects when the consumer has given up, Kafka denies commits, or with TB_BUG. */
  readonly ended: Promise<void>
  /** Finishes the requests under way within shutdownTimeoutMs, commits, leaves the group. */
  stop(): Promise<void>
}

const commitIntervalMs = 500
const fetchMaxWaitMs = 250
const maxBytesPerFetch = 1_048_576
const handOutConcurrency = 16

interface Entry extends TopicPartition {
  readonly worker: PartitionWorker
  memberId: string
  /** Last committed, or where its first fetch began. */
  committed: number
  paused: boolean
}

interface State {
  readonly deps: DestinationDeps
  readonly options: DestinationOptions
  readonly gate: Gate
  readonly narrator: Narrator
  readonly counted: Record<Counted, number>
  readonly entries: Map<number, Entry>
  readonly stopping: AbortController
  readonly fail: (error: unknown) => void
  consumer: Consumer | null
  assigned: number
}

/** Joins the group. Rejects when the consumer cannot start. */
export async function openDestination(deps: DestinationDeps, options: DestinationOptions): Promise<Destination> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>()
  ended.catch(() => undefined)
  const log = deps.log.child({ destination: options.name })
  const state: State = {
    deps: { ...deps, log },
    options,
    gate: createGate(deps.clock, options.limits),
    narrator: createNarrator(log, deps.clock),
    counted: { delivered: 0, rejected: 0, requests: 0, retries: 0 },
    entries: new Map(),
    stopping: new AbortController(),
    fail: reject,
    consumer: null,
    assigned: 1,
  }
  const { group, topic, limits, sessionTimeoutMs } = options
  const maxBytesPerPartition = Math.min(maxBytesPerFetch, limits.maxBufferBytes)
  const consumer = await deps.broker.consume(
    {
      group,
      topics: [topic],
      concurrency: handOutConcurrency,
      sessionTimeoutMs,
      maxWaitMs: fetchMaxWaitMs,
      maxBytesPerPartition,
    },
    {
      onBatch: async (batch, context) => onBatch(state, batch, context),
      onAssignment: (partitions) => onAssignment(state, partitions),
    },
  )
  state.consumer = consumer
  consumer.ended.catch(reject)
  const committing = commitFromTimeToTime(state)
  let stopped: Promise<void> | null = null
  return {
    ended,
    status: () => statusOf(state),
    stop() {
      stopped ??= stop(state, consumer, committing).then(resolve)
      return stopped
    },
  }
}

function onBatch(state: State, batch: ConsumerBatch, context: BatchContext): void {
  if (state.stopping.signal.aborted || context.signal.aborted) return
  const entry = entryFor(state, batch)
  if (entry.worker.state().state !== 'stopped') {
    entry.worker.push(batch.records, batch.nextOffset)
    context.resolve(batch.nextOffset)
  }
  // A batch of a paused partition: fetched before the pause, or a rejoin has undone it without a word.
  regulate(state, entry, true)
}

function onAssignment(state: State, partitions: readonly TopicPartition[]): void {
  const ours = new Set(partitions.map(({ partition }) => partition))
  state.assigned = Math.max(1, ours.size)
  for (const [partition, entry] of state.entries) {
    if (ours.has(partition)) continue
    entry.worker.close()
    if (entry.paused) state.consumer?.resume(entry)
    state.entries.delete(partition)
  }
}

function entryFor(state: State, batch: ConsumerBatch): Entry {
  const { topic, partition, fetchedOffset } = batch
  const { memberId } = batch.member
  const known = state.entries.get(partition)
  // As a new member of the group we were out of it for a while. If somebody has committed further than we have, our
  // worker holds what is done already, and would send it again behind newer calls of the same people.
  const overtaken = known !== undefined && known.memberId !== memberId && fetchedOffset > known.committed
  if (known && !overtaken) {
    known.memberId = memberId
    return known
  }
  known?.worker.close()
  const worker = openWorker(state, { topic, partition })
  const entry: Entry = { topic, partition, worker, memberId, committed: fetchedOffset, paused: known?.paused ?? false }
  state.entries.set(partition, entry)
  return entry
}

function openWorker(state: State, where: TopicPartition): PartitionWorker {
  const { deps, options, gate, counted } = state
  let last: string = 'delivering'
  const worker: PartitionWorker = createPartitionWorker(
    {
      ...deps,
      random: () => deps.random(),
      send: (makeRequest, signal) => gate.run(signal, async () => deps.api.send(makeRequest(), signal)),
      count: (what, by) => {
        counted[what] += by
      },
      onChange() {
        const now = worker.state()
        if (last === 'blocked' && now.state === 'delivering')
          for (const entry of state.entries.values()) entry.worker.wake()
        last = now.state
        if (now.state === 'stopped' && now.error.code === 'TB_BUG') state.fail(now.error)
        const entry = state.entries.get(where.partition)
        if (entry?.worker === worker) regulate(state, entry)
        narrate(state)
      },
    },
    { ...where, destination: options.name, limits: options.limits },
  )
  return worker
}

function regulate(state: State, entry: Entry, fetched = false): void {
  const { consumer, stopping } = state
  if (!consumer || stopping.signal.aborted) return
  const shareBytes = state.options.limits.maxBufferBytes / state.assigned
  const bytes = entry.worker.bufferedBytes()
  const stopped = entry.worker.state().state === 'stopped'
  if (stopped || bytes >= shareBytes) {
    if (!entry.paused || fetched) consumer.pause(entry)
    entry.paused = true
  } else if (entry.paused && !stopped && bytes <= shareBytes / 2) {
    entry.paused = false
    consumer.resume(entry)
  }
}

async function commitFromTimeToTime(state: State): Promise<void> {
  const { deps, stopping } = state
  while (!stopping.signal.aborted) {
    await deps.clock.sleep(commitIntervalMs, stopping.signal)
    if (stopping.signal.aborted) return
    await commit(state)
    narrate(state)
  }
}

async function commit(state: State): Promise<void> {
  const due = [...state.entries.values()].flatMap((entry) => {
    const next = entry.worker.committable()
    return next !== null && next > entry.committed ? [{ entry, next }] : []
  })
  if (due.length === 0 || !state.consumer) return
  try {
    await state.consumer.commit(
      due.map(({ entry, next }) => ({ topic: entry.topic, partition: entry.partition, next })),
    )
    for (const { entry, next } of due) entry.committed = next
  } catch (error) {
    // Whatever is not committed is only sent again: the messageIds make that harmless.
    const fault = error instanceof TrackbridgeError ? error : null
    if (fault?.code === 'TB_KAFKA_REBALANCED') state.deps.log.debug({}, 'the group has moved on; commits come later')
    else state.deps.log.warn({ err: error }, 'offsets cannot be committed; trying again')
    if (fault?.reaction === 'stop') state.fail(fault)
  }
}

async function stop(state: State, consumer: Consumer, committing: Promise<void>): Promise<void> {
  const { deps, options, entries } = state
  state.stopping.abort()
  for (const entry of entries.values()) consumer.pause(entry)
  const enough = new AbortController()
  const workers = [...entries.values()].map((entry) => entry.worker)
  const finished = Promise.all(workers.map((worker) => worker.finish()))
  await Promise.race([finished, deps.clock.sleep(options.shutdownTimeoutMs, enough.signal)])
  enough.abort()
  await committing
  await commit(state)
  for (const worker of workers) worker.close()
  await consumer.stop()
}

const overall = (state: State): Overall => overallOf([...state.entries.values()].map((entry) => entry.worker.state()))

const narrate = (state: State): void => state.narrator.tell(overall(state), state.counted.rejected)

function statusOf(state: State): DestinationStatus {
  const entries = [...state.entries.values()]
  const { state: gravest, why } = overall(state)
  return {
    destination: state.options.name,
    state: gravest === 'blocked' || gravest === 'stopped' ? 'blocked' : 'ready',
    why,
    partitions: entries.length,
    counters: {
      ...state.counted,
      inFlight: state.gate.inFlight(),
      bufferedBytes: entries.reduce((sum, entry) => sum + entry.worker.bufferedBytes(), 0),
    },
  }
}
