// One fetched batch of kafkajs -> ConsumerBatch of broker.ts. Pure but for the buffers, which are shared, not copied.
import type { Batch, KafkaMessage } from 'kafkajs'
import { TrackbridgeError } from '../errors.ts'
import type { ConsumerBatch, ConsumerRecord, Member, TopicPartition } from './broker.ts'

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

/** Records, offsets and headers of `batch` in the port's shape. Throws TB_BUG on an offset of 2^53 or more. */
export function toConsumerBatch(batch: Batch, member: Member, continuous: boolean): ConsumerBatch {
  return {
    topic: batch.topic,
    partition: batch.partition,
    member,
    fetchedOffset: fetchedOffsetOf(batch),
    nextOffset: toOffset(batch.lastOffset()) + 1,
    highWatermark: toOffset(batch.highWatermark),
    continuous,
    records: batch.messages.map(toConsumerRecord),
  }
}

/** The offset that the fetch asked for; kafkajs's types leave it out. */
export function fetchedOffsetOf(batch: Batch): number {
  return toOffset((batch as Batch & { readonly fetchedOffset: string }).fetchedOffset)
}

function toConsumerRecord(message: KafkaMessage): ConsumerRecord {
  return {
    offset: toOffset(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: Object.entries(message.headers ?? {}).flatMap(([key, value]) => headerPairs(key, value)),
  }
}

type HeaderValue = Buffer | string | null | undefined | readonly (Buffer | string | null)[]

// kafkajs folds headers of the same key into an array, and types null values away.
function headerPairs(key: string, value: HeaderValue): (readonly [string, Buffer | null])[] {
  const values = Array.isArray(value)
    ? (value as readonly (Buffer | string | null)[])
    : [value as Buffer | string | null]
  return values.map((one) => [key, typeof one === 'string' ? Buffer.from(one) : (one ?? null)] as const)
}
