// The partitions of one destination that are ours: a worker each, opened and closed as partitions come and go, paused by
// bytes. In: batches and assignments of the consumer. Out: records handed to workers. Ruled by sink.md, "Behaviour".
//
//   A batch is handed to its partition's worker and resolved at once, so that a partition that retries holds up no other.
//   A partition whose worker holds more than its share of maxBufferBytes is paused until half of that is free.
import type { Clock } from '../clock.ts'
import type { BatchContext, Broker, Consumer, ConsumerBatch, TopicPartition } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import type { BatchLimits } from './batch.ts'
import type { WriteDeadLetters } from './dead-letter-writer.ts'
import type { Counted } from './delivery.ts'
import type { Gate } from './gate.ts'
import { overallOf, type Narrator, type Overall } from './narrator.ts'
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

/** One partition that has had records. */
export interface Entry extends TopicPartition {
  readonly worker: PartitionWorker
  memberId: string
  /** Last committed, or where its first fetch began. */
  committed: number
  paused: boolean
  /** No batch has come since the last assignment. */
  awaitsBatch: boolean
}

/** A destination as it runs. */
export interface State {
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

/** Takes a batch over; returns at once. */
export function onBatch(state: State, batch: ConsumerBatch, context: BatchContext): void {
  if (state.stopping.signal.aborted || context.signal.aborted) return
  const entry = entryFor(state, batch)
  if (entry.worker.state().state !== 'stopped') {
    entry.worker.push(batch.records, batch.nextOffset)
    context.resolve(batch.nextOffset)
  }
  // A batch of a paused partition was fetched before the pause, or the pause is gone: say it again.
  regulate(state, entry, true)
}

/** Closes the workers of partitions that have left. */
export function onAssignment(state: State, partitions: readonly TopicPartition[]): void {
  const ours = new Set(partitions.map(({ partition }) => partition))
  state.assigned = Math.max(1, ours.size)
  for (const [partition, entry] of state.entries) {
    // Nobody promises what becomes of a pause in a rejoin, and only a new batch tells whether we were overtaken.
    unpause(state, entry)
    entry.awaitsBatch = true
    if (ours.has(partition)) continue
    entry.worker.close()
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
    known.awaitsBatch = false
    return known
  }
  if (known) {
    known.worker.close()
    unpause(state, known)
  }
  const worker = openWorker(state, { topic, partition })
  const entry: Entry = {
    topic,
    partition,
    worker,
    memberId,
    committed: fetchedOffset,
    paused: false,
    awaitsBatch: false,
  }
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
  if (!consumer || stopping.signal.aborted || entry.awaitsBatch) return
  const shareBytes = state.options.limits.maxBufferBytes / state.assigned
  const bytes = entry.worker.bufferedBytes()
  const stopped = entry.worker.state().state === 'stopped'
  if (stopped || bytes >= shareBytes) {
    if (!entry.paused || fetched) consumer.pause(entry)
    entry.paused = true
  } else if (entry.paused && !stopped && bytes <= shareBytes / 2) {
    unpause(state, entry)
  }
}

function unpause(state: State, entry: Entry): void {
  if (entry.paused) state.consumer?.resume(entry)
  entry.paused = false
}

/** The gravest state among the partitions. */
export const overall = (state: State): Overall =>
  overallOf([...state.entries.values()].map((entry) => entry.worker.state()))

/** Lets the log tell what has changed. */
export const narrate = (state: State): void => state.narrator.tell(overall(state), state.counted.rejected)
