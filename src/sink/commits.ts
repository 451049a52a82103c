// When offsets are committed. In: what the workers of a destination have settled. Out: commits, one after the other; what
// settles during one goes with the next. Ruled by sink.md, "Behaviour" (offsets).
//
//   What was sent and is not committed is sent again after a crash. So a request counts as in flight until its offset is
//   committed: no more than maxInFlight of them are repeated, and nothing new is sent while Kafka takes no offsets. A commit
//   costs as much as several requests: some wait to be taken together, as long as there is room for as much again.
//   Offsets of a closed worker are never committed.
import { TrackbridgeError } from '../errors.ts'
import { narrate } from './assignment.ts'
import type { State } from './destination-state.ts'
import { settleDoubts } from './ownership.ts'

const lookAroundMs = 500
const togetherMs = 50

/** Until the destination stops. */
export async function commitFromTimeToTime(state: State): Promise<void> {
  const { deps, gate, stopping } = state
  while (!stopping.signal.aborted) {
    await deps.clock.sleep(lookAroundMs, state.settled.signal)
    const isDue = state.settled.signal.aborted && !stopping.signal.aborted
    if (isDue && !gate.isCrowded()) await deps.clock.sleep(togetherMs, state.commitNow.signal())
    state.settled = new AbortController()
    if (stopping.signal.aborted) return
    const { nextCommit } = state
    state.nextCommit = Promise.withResolvers()
    await commit(state)
    nextCommit.resolve()
    narrate(state)
  }
}

/** What has settled since the last commit. Never rejects. */
export async function commit(state: State): Promise<void> {
  await settleDoubts(state)
  const due = [...state.entries.values()].flatMap((entry) => {
    const next = entry.isDoubtful ? null : entry.worker.committable()
    return next !== null && next > entry.committed ? [{ entry, next }] : []
  })
  if (due.length === 0 || !state.consumer) return
  try {
    await state.consumer.commit(
      due.map(({ entry, next }) => ({ topic: entry.topic, partition: entry.partition, next })),
    )
    for (const { entry, next } of due) entry.committed = next
  } catch (error) {
    onUncommitted(state, error)
  }
}

/** Whatever is not committed is only sent again: the messageIds make that harmless. */
function onUncommitted({ deps, reminder, fail }: State, error: unknown): void {
  const fault = error instanceof TrackbridgeError ? error : null
  if (fault?.code === 'TB_KAFKA_REBALANCED') return deps.log.debug({}, 'the group has moved on; commits come later')
  if (fault?.code === 'TB_KAFKA_UNAUTHORIZED') {
    // Goes on by itself when it is granted.
    if (reminder.isDue(fault.message)) deps.log.error({ err: fault }, 'offsets may not be committed; trying again')
    return
  }
  if (reminder.isDue(error instanceof Error ? error.message : String(error)))
    deps.log.warn({ err: error }, 'offsets cannot be committed; nothing new is sent meanwhile; trying again')
  if (fault?.reaction === 'stop') fail(fault)
}
