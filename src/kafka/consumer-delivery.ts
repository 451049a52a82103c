// Batches of kafkajs -> calls of the engine's handler, one at a time per partition. Nothing but kafkajs's own heartbeat
// error ever leaves eachBatch: any other error there kills the consumer or makes it retry on its own terms.
import type { EachBatchPayload } from 'kafkajs'
import type { BatchContext, TopicPartition } from './broker.ts'
import type { Assignment } from './consumer-assignment.ts'
import { asError, consumerNeeds, isLost, movedOn, rejoinError, type RunState } from './consumer-state.ts'
import { withNeeds } from './denial.ts'
import type { Arrival } from './fetch-positions.ts'
import { fetchedBatchOf, partitionKey, toConsumerBatch, toOffset } from './kafkajs-batch.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'

export interface BatchDelivery {
  deliver(payload: EachBatchPayload): Promise<void>
  /** Sends a heartbeat where one is due. Rejects with TB_KAFKA_*; the assignment has ended if the member is lost. */
  heartbeat(): Promise<void>
}

const firstBackoffMs = 200
const longestBackoffMs = 5_000

/** `deliver` is kafkajs's eachBatch. It rejects only to make kafkajs join the group again. */
export function createBatchDelivery(state: RunState): BatchDelivery {
  const failures = new Map<string, number>()
  return {
    deliver: (payload) => deliver(state, failures, payload),
    heartbeat: () => heartbeat(state),
  }
}

async function deliver(state: RunState, failures: Map<string, number>, payload: EachBatchPayload): Promise<void> {
  const { assignment: owner, shared } = state
  if (owner === undefined || !isCurrent(state, owner)) return rejoinIfLost(state, owner)
  state.newest = payload
  const { batch } = payload
  const key = partitionKey(batch)
  // Fetched before it was paused: it is fetched again after.
  if (shared.paused.has(key)) return
  const arrival = owner.positions.arrived(key, toOffset(fetchedBatchOf(payload).fetchedOffset))
  reportLoss(state, batch, arrival)
  if (arrival.type === 'stale') {
    payload.resolveOffset(String(arrival.resumeAt - 1))
    return
  }
  // A handler of the assignment before may still be at work on this partition.
  await shared.active.get(key)
  if (isCurrent(state, owner)) {
    const work = handle(state, failures, { payload, owner, continuous: isContinuous(arrival) })
    shared.active.set(key, work)
    await work
    shared.active.delete(key)
  }
  rejoinIfLost(state, owner)
}

function isContinuous(arrival: Arrival): boolean {
  return arrival.type === 'continuous' || (arrival.type === 'gone' && arrival.deleted)
}

function isCurrent(state: RunState, owner: Assignment): boolean {
  return state.assignment === owner && !owner.signal.aborted && !state.stopping && !state.over
}

function rejoinIfLost(state: RunState, owner: Assignment | undefined): void {
  const error = owner?.lostBy()
  if (error !== undefined && state.assignment === owner && !state.over) throw error
}

interface Delivery {
  readonly payload: EachBatchPayload
  readonly owner: Assignment
  readonly continuous: boolean
}

async function handle(state: RunState, failures: Map<string, number>, delivery: Delivery): Promise<void> {
  const { payload, owner, continuous } = delivery
  const { handlers, clock, log } = state.shared
  const key = partitionKey(payload.batch)
  try {
    const batch = toConsumerBatch(fetchedBatchOf(payload), owner.member, continuous)
    owner.handedOut(batch, { from: batch.fetchedOffset, next: batch.nextOffset })
    await handlers.onBatch(batch, createContext(state, payload, owner))
    failures.delete(key)
    state.shared.onProgress()
  } catch (error) {
    if (owner.signal.aborted) return
    const { topic, partition } = payload.batch
    const failed = (failures.get(key) ?? 0) + 1
    failures.set(key, failed)
    const delayMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failed - 1))
    log.warn({ topic, partition, delayMs, ...describe(error) }, 'a batch was not processed and is fetched again')
    // kafkajs was told of no offset beyond the resolved ones, so its next fetch starts after the last of them.
    await clock.sleep(delayMs, owner.signal)
  }
}

function createContext(state: RunState, payload: EachBatchPayload, owner: Assignment): BatchContext {
  const { batch } = payload
  const key = partitionKey(batch)
  // Both go through kafkajs's per-assignment offsets. Its `seek` would survive a rebalance and strike a later assignment.
  const moveTo = (next: number): void => {
    if (state.assignment !== owner || owner.signal.aborted || state.over) return
    try {
      payload.resolveOffset(String(next - 1))
    } catch {
      // kafkajs has already replaced its offsets while it joins, a moment before it says so.
      return
    }
    owner.positions.movedTo(key, next)
  }
  return {
    signal: owner.signal,
    heartbeat: async () => {
      const tried = `send a heartbeat to group ${state.shared.options.group}`
      if (state.assignment !== owner || owner.lostBy() !== undefined || state.over) throw movedOn(tried, batch)
      await heartbeat(state)
    },
    resolve: moveTo,
    seek: moveTo,
  }
}

async function heartbeat(state: RunState): Promise<void> {
  const { assignment, newest, lastBeatMs, shared } = state
  const { group, sessionTimeoutMs } = shared.options
  try {
    await newest?.heartbeat()
  } catch (error) {
    const tried = `send a heartbeat to group ${group}`
    // Without an answer for a whole session the group has given our partitions to others.
    const expired = shared.clock.now() - lastBeatMs > sessionTimeoutMs
    if (!isLost(error) && !expired) throw toTrackbridgeError(withNeeds(error, consumerNeeds(shared)), tried)
    assignment?.end(isLost(error) ? asError(error) : rejoinError())
    throw movedOn(tried, assignment?.partitions[0])
  }
}

function reportLoss(state: RunState, { topic, partition }: TopicPartition, arrival: Arrival): void {
  const { log } = state.shared
  if (arrival.type === 'gone') {
    const lost = { firstLostOffset: arrival.from, lastLostOffset: arrival.until - 1 }
    log.error({ topic, partition, ...lost }, 'data loss: offsets are no longer there')
  }
  if (arrival.type === 'rewound') {
    const fields = { topic, partition, readBefore: arrival.from, readAgainFrom: arrival.to }
    log.error(fields, 'data loss: the partition was cut below what was read; it is read again from its start')
  }
}

function describe(error: unknown): { readonly code?: string; readonly error: string } {
  if (!(error instanceof Error)) return { error: String(error) }
  const code = (error as { code?: unknown }).code
  return { error: error.message, ...(typeof code === 'string' ? { code } : {}) }
}
