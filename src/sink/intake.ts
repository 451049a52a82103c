// How much of a fetch a partition takes, and when it is fetched from at all. In: bytes held, shares. Out: the records
// taken, pauses. Ruled by sink.md, "Behaviour": memory is bounded by bytes; fetching pauses when the buffer is full.
//
//   Each partition has an equal share of maxBufferBytes, and takes of a fetch what fits; the rest is fetched again. So
//   that this is rare, a partition is fetched from only while as much is free as its last fetch weighed.
import type { ConsumerRecord } from '../kafka/broker.ts'
import type { Entry, State } from './destination-state.ts'
import { countFitting, detached } from './record-size.ts'

/** Bytes that a partition may hold. */
const shareBytes = ({ options, assigned }: State): number => options.limits.maxBufferBytes / assigned

/** Bytes that all partitions of a destination hold. */
export const heldBytes = ({ entries }: State): number =>
  [...entries.values()].reduce((sum, { worker }) => sum + worker.bufferedBytes(), 0)

/** The first records of a fetch that the partition has room for; repeats, of which a rejoin brings many, need none.
 *  Promises that a destination never holds more than maxBufferBytes, but for one record of each partition, without which
 *  it would stand still: of new records, whoever holds nothing takes one at least. */
export function acceptable(state: State, entry: Entry, records: readonly ConsumerRecord[]): readonly ConsumerRecord[] {
  const firstNew = records.findIndex(({ offset }) => offset >= entry.handedTo)
  if (firstNew === -1) return records
  const held = entry.worker.bufferedBytes()
  // After a rebalance others may still hold what was their share before.
  const free = state.options.limits.maxBufferBytes - heldBytes(state)
  const { fitting, allBytes } = countFitting(records.slice(firstNew), Math.min(shareBytes(state) - held, free))
  entry.lastFetchBytes = allBytes
  if (firstNew + fitting === records.length) return records
  return records.slice(0, firstNew + (held === 0 ? Math.max(1, fitting) : fitting)).map(detached)
}

/** Pauses a partition that is full, `isMoreToFetch` where it has just refused records, and resumes one with room. */
export function regulate(state: State, entry: Entry, fetched?: { readonly isMoreToFetch: boolean }): void {
  const { consumer, stopping } = state
  if (!consumer || stopping.signal.aborted || entry.awaitsBatch) return
  const share = shareBytes(state)
  const bytes = entry.worker.bufferedBytes()
  const isStopped = entry.worker.state().state === 'stopped'
  if (isStopped || bytes > fullBytes(share, entry.lastFetchBytes) || fetched?.isMoreToFetch) {
    // A batch of a paused partition was fetched before the pause, or the pause is gone: it is said again.
    if (!entry.paused || fetched) consumer.pause(entry)
    entry.paused = true
  } else if (entry.paused && bytes <= resumeBytes(share, entry.lastFetchBytes)) {
    unpause(state, entry)
  }
}

// However large fetches are, something has to be there to be sent while the next one comes.
const fullBytes = (share: number, fetchBytes: number): number => Math.max(share / 4, share - fetchBytes)

// Not only when it is empty: the next fetch takes its time, and meanwhile something has to be there to be sent.
const resumeBytes = (share: number, fetchBytes: number): number => Math.min(share / 2, fullBytes(share, fetchBytes))

export function unpause(state: State, entry: Entry): void {
  if (!entry.paused) return
  state.consumer?.resume(entry)
  entry.paused = false
  state.room.ring()
}

interface Room extends Pick<State, 'assigned' | 'room'> {
  readonly entries: ReadonlyMap<number, Pick<Entry, 'paused'>>
  readonly stopping: Pick<AbortController, 'signal'>
  readonly deps: Pick<State['deps'], 'clock'>
}

/** Waits while every partition of ours is paused, `mostMs` at most. To be asked before the next fetch: kafkajs, with
 *  nothing to fetch, sleeps for all of its longest wait, and by then a fast API has emptied the buffer. */
export async function untilRoom({ entries, assigned, stopping, deps, room }: Room, mostMs: number): Promise<void> {
  const isFull = entries.size >= assigned && [...entries.values()].every(({ paused }) => paused)
  if (isFull && !stopping.signal.aborted) await deps.clock.sleep(mostMs, room.signal())
}
