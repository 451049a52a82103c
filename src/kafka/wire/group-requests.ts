// What we ask the cluster about groups and features, beyond what kafkajs can ask.
import type { TopicPartition } from '../broker.ts'
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

/** Level of the cluster's `transaction.version` feature: 2 is the newer transaction protocol. 0 where brokers know no
 *  such feature. Supporting the requests is not enough: an upgraded cluster enables it apart (KIP-584). */
export function transactionVersion(): Request<number> {
  const abilities = brokerAbilities()
  return { ...abilities, decode: (answer) => abilities.decode(answer).enabled['transaction.version'] ?? 0 }
}
