// What one fetch brought of one partition: still packed RecordBatches, filtered by the read_committed rule, with the
// interface that kafkajs's runner expects of its own Batch class, which this replaces (kafkajs-patches.ts, P2).
// kafkajs only steers by it; records are unpacked when the consumer hands the batch to its engine.
import type { ConsumerRecord } from './broker.ts'
import { committedBatches } from './wire/read-committed.ts'
import { appendRecords, decodeBatches, type RecordBatch } from './wire/record-batch-decoder.ts'

/** One partition of a fetch answer as kafkajs decodes it, with our batches in place of its messages. */
export interface PartitionData {
  readonly partition: number
  readonly highWatermark: string
  readonly abortedTransactions?: readonly { readonly producerId: string; readonly firstOffset: string }[] | null
  readonly messages: RecordSet
}

/** The batches of one partition in a fetch answer, or why they cannot be told apart. */
export type RecordSet =
  { readonly ok: true; readonly batches: readonly RecordBatch[] } | { readonly ok: false; readonly error: unknown }

export interface FetchedBatch {
  readonly topic: string
  readonly partition: number
  /** The offset that the fetch asked for. */
  readonly fetchedOffset: string
  readonly highWatermark: string
  /** For kafkajs, which looks at the number and at the last offset: none, or one that stands for all. */
  readonly messages: readonly { readonly offset: string }[]
  isEmpty(): boolean
  isEmptyIncludingFiltered(): boolean
  isEmptyDueToFiltering(): boolean
  isEmptyControlRecord(): boolean
  isEmptyDueToLogCompactedMessages(): boolean
  firstOffset(): string | null
  /** Of the last batch, filtered ones and offsets that compaction took away included: fetching goes on after it. */
  lastOffset(): string
  offsetLag(): string
  offsetLagLow(): string
  /** Committed records from `fetchedOffset` on. Throws TB_KAFKA_FATAL for damaged ones. */
  records(): readonly ConsumerRecord[]
}

/** The record set of a fetch answer. Never throws: an error here would go through kafkajs and crash the consumer for all
 *  its partitions; in `records` it stops only one. */
export function decodeRecordSet(recordSet: Buffer): RecordSet {
  return attempt(() => decodeBatches(recordSet))
}

/** `data.messages` is what decodeRecordSet made. Never throws: what is damaged shows in `records`. */
export function createFetchedBatch(topic: string, fetchedOffset: string, data: PartitionData): FetchedBatch {
  const from = Number(fetchedOffset)
  const { partition, highWatermark } = data
  // A fetch begins with the whole batch that holds the offset asked for.
  const reached = data.messages.ok ? data.messages.batches.filter(({ lastOffset }) => lastOffset >= from) : []
  const committed = filter(data, from)
  const isEmpty = (): boolean => committed.ok && committed.batches.length === 0
  const firstOffset = (): number => Math.max(from, reached[0]?.firstOffset ?? from)
  const lastOffset = (): number => reached.at(-1)?.lastOffset ?? Number(highWatermark) - 1
  return {
    topic,
    partition,
    fetchedOffset,
    highWatermark,
    messages: isEmpty() ? [] : [{ offset: String(lastOffset()) }],
    isEmpty,
    isEmptyIncludingFiltered: () => reached.length === 0,
    isEmptyDueToFiltering: () => isEmpty() && reached.length > 0,
    isEmptyControlRecord: () => isEmpty() && reached.some(({ isControl }) => isControl),
    isEmptyDueToLogCompactedMessages: () => false,
    firstOffset: () => (reached.length === 0 ? null : String(firstOffset())),
    lastOffset: () => String(lastOffset()),
    offsetLag: () => String(Number(highWatermark) - 1 - lastOffset()),
    offsetLagLow: () => String(reached.length === 0 ? 0 : Number(highWatermark) - 1 - firstOffset()),
    records() {
      if (!committed.ok) throw committed.error
      const records: ConsumerRecord[] = []
      for (const batch of committed.batches) appendRecords(batch, from, records)
      return records
    },
  }
}

function filter({ messages, abortedTransactions }: PartitionData, from: number): RecordSet {
  if (!messages.ok) return messages
  const aborted = (abortedTransactions ?? []).map(({ producerId, firstOffset }) => ({
    producerId: BigInt(producerId),
    firstOffset: Number(firstOffset),
  }))
  return attempt(() => committedBatches(messages.batches, aborted).filter(({ lastOffset }) => lastOffset >= from))
}

function attempt(batches: () => readonly RecordBatch[]): RecordSet {
  try {
    return { ok: true, batches: batches() }
  } catch (error) {
    return { ok: false, error }
  }
}
