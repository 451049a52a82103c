// The end of an outage. In: what becomes of the partitions' requests. Out: since when each of them fails, and a word to
// those that wait. Ruled by sink.md, "Behaviour": back-off up to 60 s, and on at once when the fault is mended.
//
//   Every partition keeps its own back-off, so that several waiting ones find out sooner than one would. The first
//   request that is taken after a silence ends the waits of all. While requests of others are taken all the time, each
//   waits for itself: the API is up, and what is wrong is that partition's, or the load.
import type { Entry, State } from './destination-state.ts'

/** An outage, seen from its end: so long nothing at all was taken. Back-offs are up to 8 s by then. */
const silenceMs = 5_000

/** A request was taken. */
export function onDelivered(state: State): void {
  const nowMs = state.deps.clock.now()
  const isAfterSilence = nowMs - state.lastDeliveryMs >= silenceMs
  state.lastDeliveryMs = nowMs
  if (!isAfterSilence) return
  for (const { worker } of state.entries.values()) worker.wake()
}

/** Keeps the time since when a partition fails. */
export function followState(state: State, entry: Entry): void {
  const now = entry.worker.state().state
  if (now === 'retrying' || now === 'blocked' || now === 'stopped') {
    entry.failingSinceMs ??= state.deps.clock.now()
  } else if (entry.failingSinceMs !== null) {
    entry.failingSinceMs = null
    state.recoveries++
  }
}
