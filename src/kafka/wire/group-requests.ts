// What we ask the cluster about groups and features, beyond what kafkajs can ask.
import type { GroupCommitted, TopicPartition } from '../broker.ts'
import { createByteWriter } from './byte-writer.ts'
import { brokerAbilities } from './inspect-requests.ts'
import { errorCode, type Request } from './request.ts'

/** The group's committed offset of one partition, -1 for none. Refused with UNSTABLE_OFFSET_COMMIT (88) while a
 *  transaction with an offset for it is open: version 7, `requireStable` (KIP-447), brokers from 2.5. */
export function offsetFetch(
  group: string,
  { topic, partition }: TopicPartition,
): Request<{ readonly code: number; readonly offset: bigint }> {
  return {
    apiKey: 9,
    apiVersion: 7,
    apiName: 'OffsetFetch',
    encode: () =>
      createByteWriter()
        .tags()
        .compactString(group)
        .unsignedVarint(2)
        .compactString(topic)
        .unsignedVarint(2)
        .int32(partition)
        .tags()
        .int8(1)
        .tags()
        .finish(),
    decode(answer) {
      answer.tags()
      answer.int32()
      const found = answer.compactArray(() => {
        answer.compactString()
        const offsets = answer.compactArray(() => {
          answer.int32()
          const offset = answer.int64()
          answer.int32()
          answer.compactString()
          const code = answer.int16()
          answer.tags()
          return { code, offset }
        })
        answer.tags()
        return offsets
      })
      const ofGroup = answer.int16()
      const [one] = found.flat()
      if (ofGroup !== errorCode.none) return { code: ofGroup, offset: -1n }
      if (one === undefined) throw new RangeError('the answer to OffsetFetch does not name the partition')
      return one
    },
  }
}

/** Offsets of one topic for a group, as nobody's member: brokers refuse it with UNKNOWN_MEMBER_ID while the group has
 *  members. Version 7; gives the first error of any partition. */
export function offsetCommit(
  group: string,
  topic: string,
  offsets: ReadonlyMap<number, GroupCommitted>,
): Request<number> {
  return {
    apiKey: 8,
    apiVersion: 7,
    apiName: 'OffsetCommit',
    encode() {
      const writer = createByteWriter().string(group).int32(-1).string('').string(null)
      writer.int32(1).string(topic).int32(offsets.size)
      for (const [partition, { next, note }] of offsets)
        writer.int32(partition).int64(BigInt(next)).int32(-1).string(note)
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
      return codes.flat().find((code) => code !== errorCode.none) ?? errorCode.none
    },
  }
}

/** Level of the cluster's `transaction.version` feature: 2 is the newer transaction protocol. 0 where brokers know no
 *  such feature. Supporting the requests is not enough: an upgraded cluster enables it apart (KIP-584). */
export function transactionVersion(): Request<number> {
  const abilities = brokerAbilities()
  return { ...abilities, decode: (answer) => abilities.decode(answer).enabled['transaction.version'] ?? 0 }
}
