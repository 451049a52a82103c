// One fetched batch -> ConsumerBatch of broker.ts. Pure but for the buffers, which are shared, not copied.
import { TrackbridgeError } from '../errors.ts'
import type { EachBatchPayload } from 'kafkajs'
import type { ConsumerBatch, Member, TopicPartition } from './broker.ts'
import type { FetchedBatch } from './fetched-batch.ts'

/** An offset as a number. Throws TB_BUG when it is not exact as one (broker.ts, head). */
export function toOffset(text: string): number {
  const offset = Number(text)
  if (Number.isSafeInteger(offset)) return offset
  throw new TrackbridgeError('TB_BUG', `offset ${text} is not a whole number below 2^53`)
}

/** One name per partition, for maps: `cio.track.raw/3`. Topic names hold no slash. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}

/** Records and offsets of `batch` in the port's shape. Throws TB_BUG on an offset of 2^53 or more and TB_KAFKA_FATAL for
 *  damaged records. */
export function toConsumerBatch(batch: FetchedBatch, member: Member, continuous: boolean): ConsumerBatch {
  return {
    topic: batch.topic,
    partition: batch.partition,
    member,
    fetchedOffset: toOffset(batch.fetchedOffset),
    nextOffset: toOffset(batch.lastOffset()) + 1,
    highWatermark: toOffset(batch.highWatermark),
    continuous,
    records: batch.records(),
  }
}

/** kafkajs hands on the batch that we made for it (kafkajs-patches.ts, P2), under its own type. */
export function fetchedBatchOf(payload: EachBatchPayload): FetchedBatch {
  return payload.batch as unknown as FetchedBatch
}
