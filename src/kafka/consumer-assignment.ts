// One assignment of a consumer: its partitions, what was fetched of them, and the signal that ends it. A consumer makes
// a new one at every join; work that began under an older one must not resolve, seek or commit (spec kafka.md, Rebalances).
import type { Member, TopicPartition } from './broker.ts'
import { createFetchPositions, type FetchPositions } from './fetch-positions.ts'
import { partitionKey } from './kafkajs-batch.ts'

export interface Assignment {
  readonly member: Member
  readonly partitions: readonly TopicPartition[]
  readonly positions: FetchPositions
  readonly signal: AbortSignal
  has(partition: TopicPartition): boolean
  /** Remembers that records from `from` up to `next` were handed out. */
  handedOut(partition: TopicPartition, range: { readonly from: number; readonly next: number }): void
  /** False when `next` cannot stem from work of this assignment. */
  mayCommit(partition: TopicPartition, next: number): boolean
  /** Aborts the signal. The first `cause` given is kept: kafkajs's own error, which makes it join again. */
  end(cause?: Error): void
  /** What `end` was given first; undefined while the assignment stands or when it ended in order. */
  readonly lostBy: () => Error | undefined
}

/** A fresh assignment: nothing handed out, signal not aborted. */
export function createAssignment(member: Member, partitions: readonly TopicPartition[]): Assignment {
  const keys = new Set(partitions.map(partitionKey))
  const ranges = new Map<string, { readonly from: number; readonly next: number }>()
  const ending = new AbortController()
  let lostBy: Error | undefined
  return {
    member,
    partitions,
    positions: createFetchPositions(),
    signal: ending.signal,
    has: (partition) => keys.has(partitionKey(partition)),
    handedOut(partition, { from, next }) {
      const key = partitionKey(partition)
      const before = ranges.get(key) ?? { from, next }
      ranges.set(key, { from: Math.min(before.from, from), next: Math.max(before.next, next) })
    },
    mayCommit(partition, next) {
      const range = ranges.get(partitionKey(partition))
      return range !== undefined && range.from <= next && next <= range.next
    },
    end(cause) {
      lostBy ??= cause
      ending.abort()
    },
    lostBy: () => lostBy,
  }
}
