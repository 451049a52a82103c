// How far our consumer groups are: partitions of ours, positions, ends of the partitions, the oldest record not done with.
// In: what metered-broker.ts sees pass and kafka-watch.ts asks for. Out: reports. No I/O and no clock.
import type { ConsumerBatch, TopicPartition, Watermarks } from '../../kafka/broker.ts'

export interface PartitionReport extends TopicPartition {
  /** Next offset to be done; null until it is known. */
  readonly position: number | null
  /** Where a read_committed reader ends, as far as is known; null before the first question. */
  readonly lastStable: number | null
  readonly lag: number | null
  /** Milliseconds since 1970 of the oldest record fetched and not done with; null when there is none. */
  readonly oldestMs: number | null
}

export interface GroupReport {
  readonly group: string
  readonly partitions: readonly PartitionReport[]
}

export interface GroupProgress {
  /** The whole assignment. */
  assigned(group: string, partitions: readonly TopicPartition[]): void
  fetched(group: string, batch: ConsumerBatch): void
  /** Everything below `next` is done. */
  done(group: string, partition: TopicPartition, next: number): void
  /** The ends of a topic, and what the group has committed of it: the position of partitions without one. */
  learned(group: string, topic: string, known: Learned): void
  reports(): readonly GroupReport[]
  /** Counts the assignments. */
  version(): number
}

export interface Learned {
  readonly ends: ReadonlyMap<number, Watermarks>
  readonly committed: ReadonlyMap<number, number>
}

interface Fetched {
  readonly from: number
  readonly next: number
  readonly timestampMs: number
}

interface Kept extends TopicPartition {
  position: number | null
  lastStable: number | null
  /** Fetches that are not done with, in order. */
  fetches: Fetched[]
}

/** Knows of no group yet. */
export function createGroupProgress(): GroupProgress {
  const groups = new Map<string, Map<string, Kept>>()
  let version = 0
  const find = (group: string, { topic, partition }: TopicPartition): Kept | undefined =>
    groups.get(group)?.get(nameOf({ topic, partition }))

  return {
    version: () => version,
    assigned(group, partitions) {
      version++
      const before = groups.get(group)
      groups.set(group, new Map(partitions.map((one) => [nameOf(one), before?.get(nameOf(one)) ?? newKept(one)])))
    },
    fetched(group, batch) {
      const kept = find(group, batch)
      const first = batch.records[0]
      if (kept === undefined) return
      // What is fetched again was not taken, or not all of it.
      const again = batch.fetchedOffset
      kept.fetches = kept.fetches
        .filter(({ from }) => from < again)
        .map((fetch) => (fetch.next > again ? { ...fetch, next: again } : fetch))
      kept.position ??= again
      if (first) kept.fetches.push({ from: batch.fetchedOffset, next: batch.nextOffset, timestampMs: first.timestamp })
    },
    done(group, partition, next) {
      const kept = find(group, partition)
      if (kept === undefined) return
      kept.position = next
      const open = kept.fetches.findIndex((fetch) => fetch.next > next)
      kept.fetches = open === -1 ? [] : kept.fetches.slice(open)
    },
    learned(group, topic, { ends, committed }) {
      for (const kept of groups.get(group)?.values() ?? []) {
        const end = ends.get(kept.partition)
        if (kept.topic !== topic || end === undefined) continue
        kept.lastStable = end.lastStable
        kept.position ??= committed.get(kept.partition) ?? end.earliest
      }
    },
    reports: () => [...groups].map(([group, kept]) => ({ group, partitions: [...kept.values()].map(toReport) })),
  }
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

const newKept = ({ topic, partition }: TopicPartition): Kept => ({
  topic,
  partition,
  position: null,
  lastStable: null,
  fetches: [],
})

function toReport({ topic, partition, position, lastStable, fetches }: Kept): PartitionReport {
  // What has been fetched since the last question stood there as well.
  const end = lastStable === null ? null : Math.max(lastStable, fetches.at(-1)?.next ?? 0, position ?? 0)
  const lag = position === null || end === null ? null : end - position
  return { topic, partition, position, lastStable: end, lag, oldestMs: fetches[0]?.timestampMs ?? null }
}
