// Reads the demo's topics as any consumer would, read_committed, and counts what is there: the balance is drawn against
// these counts and not against what trackbridge says of itself. In: the broker port. Out: counts by topic, up to date.
import type { Broker, ConsumerBatch, ConsumerRecord, Watermarks } from '../kafka/broker.ts'
import { headersOf } from '../records/headers.ts'

export interface ReadRecord {
  readonly topic: string
  readonly value: string
  /** Header `tb-mid`; absent on raw records and dead letters. */
  readonly messageId: string | undefined
  /** Header `tb-type`, e.g. `identify`. */
  readonly type: string | undefined
  /** Header `traceparent`, which raw records hand on to what they become. */
  readonly trace: string | undefined
}

export interface TopicCount {
  readonly records: number
  /** Records of different origin (header `tb-src`); fewer than `records` if any came twice. */
  readonly distinct: number
  readonly messageIds: ReadonlySet<string>
}

export interface TopicReader {
  /** Whether the group has given us the partitions. */
  joined(): boolean
  count(topic: string): TopicCount
  /** Whether everything below `ends` has been read. */
  hasReached(topic: string, ends: ReadonlyMap<number, Watermarks>): boolean
  /** Calls `onRecord` for each record from now on; the answer ends that. */
  watch(onRecord: (record: ReadRecord) => void): () => void
  /** Rejects when reading cannot go on. */
  readonly ended: Promise<void>
  close(): Promise<void>
}

interface Tally {
  records: number
  readonly sources: Set<string>
  readonly messageIds: Set<string>
  /** By partition. */
  readonly next: Map<number, number>
}

export interface ReaderOptions {
  readonly group: string
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
}

/** Begins to read every topic from its beginning. Commits nothing. */
export async function startTopicReader(
  broker: Pick<Broker, 'consume'>,
  { group, topics, sessionTimeoutMs }: ReaderOptions,
): Promise<TopicReader> {
  const tallies = new Map(topics.map((topic) => [topic, emptyTally()] as const))
  const tallyOf = (topic: string): Tally => tallies.get(topic) ?? emptyTally()
  const watchers = new Set<(record: ReadRecord) => void>()
  let joined = false
  const consumer = await broker.consume(
    { group, topics, concurrency: 4, sessionTimeoutMs, maxWaitMs: 50, maxBytesPerPartition: 1_048_576 },
    {
      onAssignment: () => {
        joined = true
      },
      onBatch: async (batch, context) => {
        const fresh = add(tallyOf(batch.topic), batch)
        for (const watcher of watchers) for (const record of fresh) watcher(toReadRecord(batch.topic, record))
        context.resolve(batch.nextOffset)
      },
    },
  )
  return {
    joined: () => joined,
    count: (topic) => {
      const { records, sources, messageIds } = tallyOf(topic)
      return { records, distinct: sources.size, messageIds }
    },
    hasReached: (topic, ends) =>
      [...ends].every(
        ([partition, { earliest, lastStable }]) =>
          earliest === lastStable || (tallyOf(topic).next.get(partition) ?? 0) >= lastStable,
      ),
    watch(onRecord) {
      watchers.add(onRecord)
      return () => void watchers.delete(onRecord)
    },
    ended: consumer.ended,
    close: () => consumer.stop(),
  }
}

const emptyTally = (): Tally => ({ records: 0, sources: new Set(), messageIds: new Set(), next: new Map() })

/** Counts the records of a batch that were not read before: after a rebalance the beginning is read again. */
function add(tally: Tally, { topic, partition, nextOffset, records }: ConsumerBatch): readonly ConsumerRecord[] {
  const next = tally.next.get(partition) ?? 0
  const fresh = records.filter(({ offset }) => offset >= next)
  for (const record of fresh) {
    tally.records++
    tally.sources.add(header(record, 'tb-src') ?? `${topic}:${partition}:${record.offset}`)
    const messageId = header(record, 'tb-mid')
    if (messageId !== undefined) tally.messageIds.add(messageId)
  }
  tally.next.set(partition, Math.max(next, nextOffset))
  return fresh
}

function toReadRecord(topic: string, record: ConsumerRecord): ReadRecord {
  return {
    topic,
    value: record.value?.toString('utf8') ?? '',
    messageId: header(record, 'tb-mid'),
    type: header(record, 'tb-type'),
    trace: header(record, 'traceparent'),
  }
}

function header(record: ConsumerRecord, name: string): string | undefined {
  return headersOf(record)
    .find(([key]) => key === name)?.[1]
    ?.toString('utf8')
}
