// One destination: its consumer group, commits, status, stop. In: its topic and the way to its API. Out: committed
// offsets of what was delivered or is a dead letter. Ruled by sink.md, "Behaviour".
//
//   Offsets are committed as things settle (commits.ts), and once more at the end.
import { createReminder } from '../reminder.ts'
import type { ConsumeOptions, Consumer } from '../kafka/broker.ts'
import { isReadable } from './avro-intake.ts'
import { onAssignment, onBatch, overall } from './assignment.ts'
import { createBell } from './bell.ts'
import { commit, commitFromTimeToTime } from './commits.ts'
import type { Counted } from './worker-state.ts'
import type { DestinationDeps, DestinationOptions, State } from './destination-state.ts'
import { createGate } from './gate.ts'
import { heldBytes, untilRoom } from './intake.ts'
import { createNarrator } from './narrator.ts'
import { followPartitions } from './partition-share.ts'

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
  /** Messages held now. */
  readonly waiting: number
  /** Time to the next try while it is blocked, or retrying for longer; null when none is to come. */
  readonly nextTryInMs: number | null
  readonly counters: SinkCounters
}

export interface Destination {
  status(): DestinationStatus
  /** Resolves after `stop`; rejects when the consumer has given up, Kafka refuses commits for good, or with TB_BUG. */
  readonly ended: Promise<void>
  /** Finishes the requests under way within shutdownTimeoutMs, commits, leaves the group. */
  stop(): Promise<void>
}

const fetchMaxWaitMs = 250
const handOutConcurrency = 16
/** Added partitions of the topic are noticed after so long, as in `process`. */
const metadataMaxAgeMs = 60_000

/** Joins the group. Rejects when the consumer cannot start. */
export async function openDestination(deps: DestinationDeps, options: DestinationOptions): Promise<Destination> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>()
  ended.catch(() => undefined)
  const log = deps.log.child({ destination: options.name })
  const stopping = new AbortController()
  const shares = followPartitions({ ...deps, log }, options, stopping.signal)
  const { limits } = options
  const commitNow = createBell()
  const state: State = {
    deps: { ...deps, log },
    options,
    gate: createGate({
      maxInFlight: limits.maxInFlight,
      maxMessages: limits.maxInFlight * limits.maxBatchMessages,
      tokens: deps.rate,
      onCrowded: () => commitNow.ring(),
    }),
    narrator: createNarrator(log, deps.clock),
    counted: { delivered: 0, rejected: 0, requests: 0, retries: 0 },
    entries: new Map(),
    stopping,
    settled: new AbortController(),
    nextCommit: Promise.withResolvers(),
    room: createBell(),
    commitNow,
    fail: reject,
    reminder: createReminder(deps.clock),
    onOwned: (partitions) => shares.own(partitions),
    consumer: null,
    assigned: 1,
    assignments: 0,
    lastDeliveryMs: -Infinity,
    recoveries: 0,
  }
  const consumer = await deps.broker
    .consume(consumeOptions(options), {
      onBatch: async (batch, context) => {
        if (await isReadable(state, batch, context)) onBatch(state, batch, context)
        await untilRoom(state, fetchMaxWaitMs)
      },
      onAssignment: (partitions) => onAssignment(state, partitions),
    })
    .catch((error: unknown) => {
      stopping.abort()
      throw error
    })
  state.consumer = consumer
  consumer.ended.catch(reject)
  const background = Promise.all([commitFromTimeToTime(state), shares.ended])
  let stopped: Promise<void> | null = null
  return {
    ended,
    status: () => statusOf(state),
    stop() {
      stopped ??= stop(state, consumer, background).then(resolve)
      return stopped
    },
  }
}

const smallestFetchBytes = 16_384
const largestFetchBytes = 1_048_576

function consumeOptions({ group, topic, partitions, limits, sessionTimeoutMs }: DestinationOptions): ConsumeOptions {
  // What is fetched is packed; unpacked it is several times as large, and should fit into a partition's share.
  const packedShareBytes = Math.floor(limits.maxBufferBytes / Math.max(1, partitions) / 16)
  return {
    group,
    topics: [topic],
    concurrency: handOutConcurrency,
    sessionTimeoutMs,
    maxWaitMs: fetchMaxWaitMs,
    maxBytesPerPartition: Math.min(largestFetchBytes, Math.max(smallestFetchBytes, packedShareBytes)),
    metadataMaxAgeMs,
  }
}

async function stop(state: State, consumer: Consumer, background: Promise<unknown>): Promise<void> {
  const { deps, options, entries, gate } = state
  state.stopping.abort()
  state.settled.abort('stopping')
  state.room.ring()
  state.commitNow.ring()
  // What is not under way is left to whoever goes on: nobody waits for a slot or a token any more.
  gate.close()
  for (const entry of entries.values()) consumer.pause(entry)
  const enough = new AbortController()
  const workers = [...entries.values()].map((entry) => entry.worker)
  const finished = Promise.all(workers.map((worker) => worker.finish()))
  await Promise.race([finished, deps.clock.sleep(options.shutdownTimeoutMs, enough.signal)])
  enough.abort()
  await background
  await commit(state)
  for (const worker of workers) worker.close()
  await consumer.stop()
  deps.rate.leave()
}

function statusOf(state: State): DestinationStatus {
  const entries = [...state.entries.values()]
  const { state: gravest, why, nextTryAtMs } = overall(state)
  return {
    destination: state.options.name,
    state: gravest === 'blocked' || gravest === 'stopped' ? 'blocked' : 'ready',
    why,
    partitions: entries.length,
    waiting: entries.reduce((sum, { worker }) => sum + worker.held(), 0),
    nextTryInMs: nextTryAtMs === null ? null : Math.max(0, nextTryAtMs - state.deps.clock.now()),
    counters: { ...state.counted, inFlight: state.gate.inFlight(), bufferedBytes: heldBytes(state) },
  }
}
