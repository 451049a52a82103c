// Commits offsets of work done, under the generation it was done in, and never under a later one (spec kafka.md).
import type { Offsets } from 'kafkajs'
import type { TopicPartition } from './broker.ts'
import type { Assignment } from './consumer-assignment.ts'
import { asError, consumerNeeds, isLost, movedOn, type RunState } from './consumer-state.ts'
import { withNeeds } from './denial.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'

export type CommitOffset = TopicPartition & { readonly next: number }

const retries = 3
const retryMs = 200

/** Resolves when Kafka has stored the offsets. Rejects with TB_KAFKA_REBALANCED when they are not of the current
 *  assignment or the group has moved on, with another TB_KAFKA_* otherwise; passing faults are retried three times. */
export async function commitOffsets(state: RunState, offsets: readonly CommitOffset[]): Promise<void> {
  if (offsets.length === 0) return
  const { assignment } = state
  for (let attempt = 1; ; attempt += 1) {
    try {
      await commitOnce(state, assignment, offsets)
      return
    } catch (error) {
      const fault = toTrackbridgeError(withNeeds(error, consumerNeeds(state.shared)), tried(state), placeOf(offsets))
      if (isLost(error)) assignment?.end(asError(error))
      if (fault.code !== 'TB_KAFKA_UNAVAILABLE' || isLost(error) || attempt > retries) throw fault
      await state.shared.clock.sleep(retryMs * attempt, state.ending.signal)
    }
  }
}

async function commitOnce(
  state: RunState,
  assignment: Assignment | undefined,
  offsets: readonly CommitOffset[],
): Promise<void> {
  const stray = offsets.find((offset) => assignment?.mayCommit(offset, offset.next) !== true)
  const { newest } = state
  // Checked in the same turn as the call: kafkajs takes the generation of that moment.
  if (stray !== undefined || newest === undefined || state.assignment !== assignment || state.over) {
    throw movedOn(tried(state), stray ?? offsets[0])
  }
  // Not the consumer's own commitOffsets: that one retries into the next generation, and does nothing at all, without a
  // word, while it stops.
  await newest.commitOffsetsIfNecessary(toKafkajsOffsets(offsets))
}

function toKafkajsOffsets(offsets: readonly CommitOffset[]): Offsets {
  const byTopic = Map.groupBy(offsets, ({ topic }) => topic)
  return {
    topics: [...byTopic].map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map(({ partition, next }) => ({ partition, offset: String(next) })),
    })),
  }
}

function tried(state: RunState): string {
  return `commit offsets of group ${state.shared.options.group}`
}

function placeOf([first]: readonly CommitOffset[]): { readonly topic?: string; readonly partition?: number } {
  return first === undefined ? {} : { topic: first.topic, partition: first.partition }
}
