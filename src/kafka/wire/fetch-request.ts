// What we ask of one partition's log, beyond what kafkajs's consumer asks: records of a given place, without a group.
import type { TopicPartition } from '../broker.ts'
import { createByteWriter } from './byte-writer.ts'
import type { AbortedTransaction } from './read-committed.ts'
import type { Request } from './request.ts'

export interface FetchLimits {
  readonly maxBytes: number
  /** Longest wait for data; data ends it at once. */
  readonly maxWaitMs: number
}

export interface FetchAnswer {
  readonly code: number
  readonly highWatermark: bigint
  readonly abortedTransactions: readonly AbortedTransaction[]
  /** Whole RecordBatches, the last one perhaps cut off. */
  readonly recordSet: Buffer
}

const readCommitted = 1
const none = -1

/** Records of one partition from `offset` on, read_committed: version 11, without a fetch session. */
export function fetch({ topic, partition }: TopicPartition, offset: number, limits: FetchLimits): Request<FetchAnswer> {
  return {
    apiKey: 1,
    apiVersion: 11,
    apiName: 'Fetch',
    encode: () =>
      createByteWriter()
        .int32(none)
        .int32(limits.maxWaitMs)
        .int32(1)
        .int32(limits.maxBytes)
        .int8(readCommitted)
        .int32(0)
        .int32(none)
        .int32(1)
        .string(topic)
        .int32(1)
        .int32(partition)
        .int32(none)
        .int64(BigInt(offset))
        .int64(BigInt(none))
        .int32(limits.maxBytes)
        .int32(0)
        .string('')
        .finish(),
    decode(answer) {
      answer.int32()
      const ofAll = answer.int16()
      answer.int32()
      const found = answer.array(() => {
        answer.string()
        return answer.array((): FetchAnswer => {
          answer.int32()
          const code = answer.int16()
          const highWatermark = answer.int64()
          answer.int64()
          answer.int64()
          const abortedTransactions = answer.array(() => ({
            producerId: answer.int64(),
            firstOffset: Number(answer.int64()),
          }))
          answer.int32()
          return { code, highWatermark, abortedTransactions, recordSet: answer.bytes() }
        })
      })
      const [one] = found.flat()
      if (one === undefined) {
        if (ofAll === 0) throw new RangeError('the answer to Fetch does not name the partition')
        return { code: ofAll, highWatermark: -1n, abortedTransactions: [], recordSet: Buffer.alloc(0) }
      }
      return one
    },
  }
}

type OffsetAnswer = { readonly code: number; readonly offset: bigint }

const readUncommitted = 0
const earliest = -2n
const latest = -1n

/** The earliest offset that is still kept. */
export const earliestOffset = (where: TopicPartition): Request<OffsetAnswer> =>
  listOffset(where, earliest, readCommitted)

/** The last stable offset, before the first transaction that is still open. */
export const lastStableOffset = (where: TopicPartition): Request<OffsetAnswer> =>
  listOffset(where, latest, readCommitted)

/** The high watermark: behind all that the replicas in sync have, open transactions included. */
export const highWatermark = (where: TopicPartition): Request<OffsetAnswer> =>
  listOffset(where, latest, readUncommitted)

/** One offset of one partition: version 2. */
function listOffset({ topic, partition }: TopicPartition, timestamp: bigint, isolation: number): Request<OffsetAnswer> {
  return {
    apiKey: 2,
    apiVersion: 2,
    apiName: 'ListOffsets',
    encode: () =>
      createByteWriter()
        .int32(none)
        .int8(isolation)
        .int32(1)
        .string(topic)
        .int32(1)
        .int32(partition)
        .int64(timestamp)
        .finish(),
    decode(answer) {
      answer.int32()
      const found = answer.array(() => {
        answer.string()
        return answer.array(() => {
          answer.int32()
          const code = answer.int16()
          answer.int64()
          return { code, offset: answer.int64() }
        })
      })
      const [one] = found.flat()
      if (one === undefined) throw new RangeError('the answer to ListOffsets does not name the partition')
      return one
    },
  }
}
