// The partitions of one destination that are ours: a worker each, opened and closed as partitions come and go. In:
// batches and assignments of the consumer. Out: records handed to workers. Ruled by sink.md, "Behaviour".
//
//   A batch is handed to its partition's worker and resolved at once, so that a partition that retries holds up no other.
import { setImmediate } from 'node:timers/promises'
import type { BatchContext, ConsumerBatch, TopicPartition } from '../kafka/broker.ts'
import type { Entry, State } from './destination-state.ts'
import { acceptable, regulate, unpause } from './intake.ts'
import { overallOf, type Overall } from './narrator.ts'
import { drop } from './ownership.ts'
import { createPartitionWorker, type PartitionWorker } from './partition-worker.ts'
import { followState, onDelivered } from './recovery.ts'
import { isTaken } from './verdict.ts'

/** Takes a batch over as far as there is room; returns at once. */
export function onBatch(state: State, batch: ConsumerBatch, context: BatchContext): void {
  if (state.stopping.signal.aborted || context.signal.aborted) return
  const entry = entryFor(state, batch)
  if (entry.worker.state().state === 'stopped') return regulate(state, entry, { isMoreToFetch: true })
  const taken = acceptable(state, entry, batch.records)
  const isMoreToFetch = taken.length < batch.records.length
  const last = taken.at(-1)
  const next = isMoreToFetch ? last && last.offset + 1 : batch.nextOffset
  if (next !== undefined) {
    entry.worker.push(taken, next)
    entry.handedTo = Math.max(entry.handedTo, next)
    context.resolve(next)
  }
  regulate(state, entry, { isMoreToFetch })
}

/** Closes the workers of partitions that have left. */
export function onAssignment(state: State, partitions: readonly TopicPartition[]): void {
  const ours = new Set(partitions.map(({ partition }) => partition))
  state.assigned = Math.max(1, ours.size)
  state.assignments++
  state.onOwned(ours.size)
  for (const [partition, entry] of state.entries) {
    // Nobody promises what becomes of a pause in a rejoin, and only a new batch tells whether we were overtaken.
    unpause(state, entry)
    entry.awaitsBatch = true
    entry.isDoubtful = true
    if (!ours.has(partition)) drop(state, entry)
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
    known.isDoubtful = false
    return known
  }
  if (known) drop(state, known)
  const entry: Entry = {
    topic,
    partition,
    worker: openWorker(state, { topic, partition }),
    memberId,
    committed: fetchedOffset,
    paused: false,
    awaitsBatch: false,
    isDoubtful: false,
    handedTo: fetchedOffset,
    lastFetchBytes: 0,
    failingSinceMs: null,
  }
  state.entries.set(partition, entry)
  return entry
}

function openWorker(state: State, where: TopicPartition): PartitionWorker {
  const { deps, options, gate, counted } = state
  const { name, letterName: destination = name, limits, concurrency, format } = options
  const { avro } = deps
  const entryOf = (): Entry | undefined => {
    const entry = state.entries.get(where.partition)
    return entry?.worker === worker ? entry : undefined
  }
  const worker: PartitionWorker = createPartitionWorker(
    {
      ...deps,
      random: () => deps.random(),
      send: (makeRequest, messages, signal) =>
        gate.run({
          partition: where.partition,
          messages,
          signal,
          send: async () => deps.api.send(makeRequest(), signal),
          // Of what was refused nothing is sent again after a crash that has been taken before.
          keep: (answer) => (isTaken(answer) ? untilCommitted(state, worker) : undefined),
        }),
      count: (what, by) => {
        counted[what] += by
        if (what === 'delivered') onDelivered(state)
      },
      onState() {
        const entry = entryOf()
        if (entry === undefined) return
        followState(state, entry)
        const now = worker.state()
        if (now.state === 'stopped' && now.error.code === 'TB_BUG') state.fail(now.error)
        regulate(state, entry)
        narrate(state)
      },
      onSettled() {
        const entry = entryOf()
        if (entry === undefined) return
        if ((worker.committable() ?? 0) > entry.committed) state.settled.abort('settled')
        regulate(state, entry)
      },
    },
    {
      ...where,
      destination,
      limits,
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(format === undefined ? {} : { format }),
      ...(avro === undefined ? {} : { readAvro: (value) => avro.payload(value) }),
    },
  )
  return worker
}

// Only what can be committed is waited for: behind a request that is tried again others may have settled.
async function untilCommitted(state: State, worker: PartitionWorker): Promise<void> {
  // An answer settles its calls in the turn in which it came.
  await setImmediate()
  const settled = worker.committable() ?? 0
  const isOurs = (entry: Entry): boolean => entry.worker === worker && entry.committed < settled
  while ([...state.entries.values()].some(isOurs)) await state.nextCommit.promise
}

/** The gravest state among the partitions. */
export const overall = (state: State): Overall =>
  overallOf(
    [...state.entries.values()].map(({ worker, failingSinceMs }) => ({
      state: worker.state(),
      held: worker.held(),
      failingSinceMs,
    })),
  )

/** Lets the log tell what has changed. */
export const narrate = (state: State): void =>
  state.narrator.tell(overall(state), { rejected: state.counted.rejected, recoveries: state.recoveries })
