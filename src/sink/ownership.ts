// Whether a partition that we still hold after an assignment has gone on elsewhere meanwhile: a process that was frozen may
// have missed that another one owned it. In: the group's committed offsets. Out: workers that may commit, and the end of
// those that were overtaken. Ruled by sink.md, "Behaviour" (offsets).
//
//   Without new records no batch comes that would tell; and our offset, older than theirs, would take the group back.
import type { Entry, State } from './destination-state.ts'
import { unpause } from './intake.ts'

const longestAskMs = 5_000

/** Ends the doubt of all entries that have one; leaves it for the next time where Kafka does not answer. */
export async function settleDoubts(state: State): Promise<void> {
  if (![...state.entries.values()].some(({ isDoubtful }) => isDoubtful)) return
  const { assignments } = state
  const committed = await committedOffsets(state)
  // Another assignment has come meanwhile: what was answered may be of before it.
  if (committed === null || state.assignments !== assignments) return
  for (const entry of state.entries.values()) {
    if (!entry.isDoubtful) continue
    const theirs = committed.get(entry.partition) ?? 0
    if (theirs > Math.max(entry.committed, entry.worker.committable() ?? 0)) drop(state, entry)
    else entry.isDoubtful = false
  }
}

/** Closes its worker; the next batch, which begins where others have come to, opens another one. */
export function drop(state: State, entry: Entry): void {
  entry.worker.close()
  unpause(state, entry)
  state.entries.delete(entry.partition)
}

async function committedOffsets({ deps, options }: State): Promise<ReadonlyMap<number, number> | null> {
  const over = new AbortController()
  try {
    return await Promise.race([ask(deps, options), deps.clock.sleep(longestAskMs, over.signal).then(() => null)])
  } catch (error) {
    deps.log.debug({ err: error }, 'the committed offsets cannot be read; commits come later')
    return null
  } finally {
    over.abort('answered')
  }
}

async function ask(
  { broker }: State['deps'],
  { group, topic }: State['options'],
): Promise<ReadonlyMap<number, number>> {
  const admin = await broker.admin()
  try {
    return await admin.groupOffsets(group, topic)
  } finally {
    await admin.close()
  }
}
