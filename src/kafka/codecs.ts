// The compression codecs that kafkajs lacks, in its codec shape: snappy, lz4, zstd (gzip is built in). All are registered
// at load: kafkajs crashes on the first batch in an unregistered one, and others choose what they write (spec kafka.md).
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import createSnappyCodec from 'kafkajs-snappy'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'

/** What kafkajs asks of a codec. `encoder.buffer` is the records of one batch. */
export interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
  decompress(bytes: Buffer): Promise<Buffer>
}

// Synchronous calls: a batch of 700 kB takes 2.5 ms at most, and the thread pool costs ten times the work of a small one.
const lz4: Codec = {
  compress: async ({ buffer }) => compressFrameSync(buffer),
  decompress: async (bytes) => decompressFrameSync(bytes),
}

const zstd: Codec = {
  compress: async ({ buffer }) => zstdCompressSync(buffer),
  decompress: async (bytes) => zstdDecompressSync(bytes),
}

/** Codec factories by the number that a record batch bears: 2 snappy, 3 lz4, 4 zstd. Their codecs reject on damaged bytes. */
export const codecsByNumber: Readonly<Record<2 | 3 | 4, () => Codec>> = {
  2: createSnappyCodec,
  3: () => lz4,
  4: () => zstd,
}
