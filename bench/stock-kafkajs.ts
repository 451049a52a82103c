// kafkajs 2.2.4 as it comes, without our patches, with a codec for lz4: for what a benchmark writes and creates, and for
// the contender that uses nothing else. Must not share a process with src/kafka, which patches the library.
import kafkajs, { type Kafka } from 'kafkajs'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'

const lz4 = {
  compress: async (encoder: { readonly buffer: Buffer }) => compressFrameSync(encoder.buffer),
  decompress: async (bytes: Buffer) => decompressFrameSync(bytes),
}
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.LZ4] = () => lz4

export const { LZ4 } = kafkajs.CompressionTypes

/** A client that says nothing, for it calls passing answers of a fresh broker errors. All else is kafkajs's default. */
export function stockKafka(brokers: readonly string[]): Kafka {
  return new kafkajs.Kafka({ brokers: [...brokers], clientId: 'bench', logLevel: kafkajs.logLevel.NOTHING })
}
