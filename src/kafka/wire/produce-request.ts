// Produce: one RecordBatch for each partition named, all to one leader (ProduceRequest.json). Version 12 adds the
// partitions to the transaction by itself (KIP-890); 7 is for everything else.
import type { TopicPartition } from '../broker.ts'
import type { ByteReader } from './byte-reader.ts'
import { createByteWriter } from './byte-writer.ts'
import type { Request } from './request.ts'

export interface EncodedBatch extends TopicPartition {
  readonly bytes: Buffer
  readonly count: number
}

export interface ProduceOptions {
  readonly transactionalId: string | null
  readonly apiVersion: 7 | 12
  /** Longest wait of the leader for its replicas. */
  readonly timeoutMs: number
}

/** What became of the batch of one partition. */
export interface Acknowledgement extends TopicPartition {
  readonly code: number
}

// Resolved when every replica in sync has it.
const acksAll = -1

/** Batches of different partitions, at most one for each. */
export function produce(
  batches: readonly EncodedBatch[],
  { transactionalId, apiVersion, timeoutMs }: ProduceOptions,
): Request<readonly Acknowledgement[]> {
  const byTopic = Map.groupBy(batches, ({ topic }) => topic)
  const room = batches.reduce((sum, { bytes }) => sum + bytes.length + 64, 256)
  const common = { apiKey: 0, apiVersion, apiName: 'Produce' }
  if (apiVersion === 7) {
    return {
      ...common,
      encode() {
        const writer = createByteWriter(room)
          .string(transactionalId)
          .int16(acksAll)
          .int32(timeoutMs)
          .int32(byTopic.size)
        for (const [topic, of] of byTopic) {
          writer.string(topic).int32(of.length)
          for (const { partition, bytes } of of) writer.int32(partition).int32(bytes.length).raw(bytes)
        }
        return writer.finish()
      },
      decode: (answer) => answer.array(() => acknowledgementsOfTopic(answer)).flat(),
    }
  }
  return {
    ...common,
    encode() {
      const writer = createByteWriter(room).tags().compactString(transactionalId).int16(acksAll).int32(timeoutMs)
      writer.unsignedVarint(byTopic.size + 1)
      for (const [topic, of] of byTopic) {
        writer.compactString(topic).unsignedVarint(of.length + 1)
        for (const { partition, bytes } of of)
          writer
            .int32(partition)
            .unsignedVarint(bytes.length + 1)
            .raw(bytes)
            .tags()
        writer.tags()
      }
      return writer.tags().finish()
    },
    decode(answer) {
      answer.tags()
      return answer.compactArray(() => compactAcknowledgementsOfTopic(answer)).flat()
    },
  }
}

function acknowledgementsOfTopic(answer: ByteReader): Acknowledgement[] {
  const topic = answer.string() ?? ''
  return answer.array(() => {
    const acknowledgement = { topic, partition: answer.int32(), code: answer.int16() }
    skipOffsets(answer)
    return acknowledgement
  })
}

function compactAcknowledgementsOfTopic(answer: ByteReader): Acknowledgement[] {
  const topic = answer.compactString() ?? ''
  const acknowledgements = answer.compactArray(() => {
    const acknowledgement = { topic, partition: answer.int32(), code: answer.int16() }
    skipOffsets(answer)
    // Records that the broker found fault with, then a message; the code says enough.
    answer.compactArray(() => {
      answer.int32()
      answer.compactString()
      answer.tags()
    })
    answer.compactString()
    answer.tags()
    return acknowledgement
  })
  answer.tags()
  return acknowledgements
}

// Base offset, time of the append, first offset of the log.
function skipOffsets(answer: ByteReader): void {
  answer.int64()
  answer.int64()
  answer.int64()
}
