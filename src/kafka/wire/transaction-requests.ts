// Requests of a transaction, field by field as in Kafka's message definitions (InitProducerIdRequest.json and so on).
// Two protocols: the older one, for brokers from 2.5, names each partition and the group to the coordinator before it
// writes there; the newer one (KIP-890, transaction.version 2, brokers from 4.0) does so by writing, and counts the epoch
// up at each end.
import type { TopicPartition } from '../broker.ts'
import { createByteWriter } from './byte-writer.ts'
import { errorCode, type Request } from './request.ts'

/** The producer that a transactional id, or an idempotent producer, is now. */
export interface ProducerIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

export interface TransactionIdentity extends ProducerIdentity {
  readonly transactionalId: string
}

/** Settles and fences what older owners of the id have open. Without an id: a fresh idempotent producer. */
export function initProducerId(
  transactionalId: string | null,
  transactionTimeoutMs: number,
): Request<ProducerIdentity & { readonly code: number }> {
  return {
    apiKey: 22,
    apiVersion: 1,
    apiName: 'InitProducerId',
    encode: () => createByteWriter().string(transactionalId).int32(transactionTimeoutMs).finish(),
    decode(answer) {
      answer.int32()
      return { code: answer.int16(), producerId: answer.int64(), producerEpoch: answer.int16() }
    },
  }
}

/** Older protocol: the partitions that will be written to. The answer is the first error code, or 0. */
export function addPartitionsToTxn(
  { transactionalId, producerId, producerEpoch }: TransactionIdentity,
  partitions: readonly TopicPartition[],
): Request<number> {
  return {
    apiKey: 24,
    apiVersion: 1,
    apiName: 'AddPartitionsToTxn',
    encode() {
      const byTopic = Map.groupBy(partitions, ({ topic }) => topic)
      const writer = createByteWriter().string(transactionalId).int64(producerId).int16(producerEpoch)
      writer.int32(byTopic.size)
      for (const [topic, of] of byTopic) {
        writer.string(topic).int32(of.length)
        for (const { partition } of of) writer.int32(partition)
      }
      return writer.finish()
    },
    decode(answer) {
      answer.int32()
      const codes = answer.array(() => {
        answer.string()
        return answer.array(() => {
          answer.int32()
          return answer.int16()
        })
      })
      return firstError(codes.flat())
    },
  }
}

/** Older protocol: the group whose offsets will be written. The answer is the error code. */
export function addOffsetsToTxn(
  { transactionalId, producerId, producerEpoch }: TransactionIdentity,
  group: string,
): Request<number> {
  return {
    apiKey: 25,
    apiVersion: 1,
    apiName: 'AddOffsetsToTxn',
    encode: () =>
      createByteWriter().string(transactionalId).int64(producerId).int16(producerEpoch).string(group).finish(),
    decode(answer) {
      answer.int32()
      return answer.int16()
    },
  }
}

export interface GroupOffsets {
  readonly group: string
  /** A group's member; generation -1 and an empty id: none, which the group does not check (KIP-447). */
  readonly member: { readonly generation: number; readonly memberId: string }
  readonly offsets: readonly (TopicPartition & { readonly next: number })[]
}

/** Offsets that become the group's when the transaction commits. The answer is the first error code, or 0. */
export function txnOffsetCommit(
  { transactionalId, producerId, producerEpoch }: TransactionIdentity,
  { group, member, offsets }: GroupOffsets,
  apiVersion: 3 | 5,
): Request<number> {
  return {
    apiKey: 28,
    apiVersion,
    apiName: 'TxnOffsetCommit',
    encode() {
      const byTopic = Map.groupBy(offsets, ({ topic }) => topic)
      const writer = createByteWriter().tags().compactString(transactionalId).compactString(group)
      writer.int64(producerId).int16(producerEpoch)
      writer.int32(member.generation).compactString(member.memberId).compactString(null)
      writer.unsignedVarint(byTopic.size + 1)
      for (const [topic, of] of byTopic) {
        writer.compactString(topic).unsignedVarint(of.length + 1)
        // No leader epoch, no metadata.
        for (const { partition, next } of of)
          writer.int32(partition).int64(BigInt(next)).int32(-1).compactString(null).tags()
        writer.tags()
      }
      return writer.tags().finish()
    },
    decode(answer) {
      answer.tags()
      answer.int32()
      const codes = answer.compactArray(() => {
        answer.compactString()
        const ofTopic = answer.compactArray(() => {
          answer.int32()
          const code = answer.int16()
          answer.tags()
          return code
        })
        answer.tags()
        return ofTopic
      })
      return firstError(codes.flat())
    },
  }
}

/** Ends the transaction. The answer of the newer protocol (version 5) bears the next identity. */
export function endTxn(
  { transactionalId, producerId, producerEpoch }: TransactionIdentity,
  end: 'commit' | 'abort',
  apiVersion: 1 | 5,
): Request<{ readonly code: number; readonly next?: ProducerIdentity }> {
  const flag = end === 'commit' ? 1 : 0
  const common = { apiKey: 26, apiVersion, apiName: 'EndTxn' }
  if (apiVersion === 1) {
    return {
      ...common,
      encode: () =>
        createByteWriter().string(transactionalId).int64(producerId).int16(producerEpoch).int8(flag).finish(),
      decode(answer) {
        answer.int32()
        return { code: answer.int16() }
      },
    }
  }
  return {
    ...common,
    encode: () =>
      createByteWriter()
        .tags()
        .compactString(transactionalId)
        .int64(producerId)
        .int16(producerEpoch)
        .int8(flag)
        .tags()
        .finish(),
    decode(answer) {
      answer.tags()
      answer.int32()
      const code = answer.int16()
      const next = { producerId: answer.int64(), producerEpoch: answer.int16() }
      return next.producerId < 0n ? { code } : { code, next }
    },
  }
}

// Where one topic is denied, the broker says of the others that it has not attempted them; that names nothing to mend.
function firstError(codes: readonly number[]): number {
  const errors = codes.filter((code) => code !== errorCode.none)
  return errors.find((code) => code !== errorCode.operationNotAttempted) ?? errors[0] ?? errorCode.none
}
