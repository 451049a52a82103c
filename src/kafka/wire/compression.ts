// The five codecs of Kafka's record batches, synchronous, by the number that a batch bears: 0 none, 1 gzip, 2 snappy,
// 3 lz4, 4 zstd. All are read, whatever we write: others choose what they write (spec kafka.md, "Formats").
// Synchronous: a batch of 700 kB takes 2.5 ms at most, and the thread pool costs ten times the work of a small one.
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import { compress as compressSnappy, uncompress as uncompressSnappy } from 'snappyjs'
import { TrackbridgeError } from '../../errors.ts'

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** Number of each codec in the attributes of a record batch, e.g. `lz4` -> 3. */
export const compressionNumbers: Readonly<Record<Compression, number>> = {
  none: 0,
  gzip: 1,
  snappy: 2,
  lz4: 3,
  zstd: 4,
}

/** The bytes of a batch's records, compressed. `none` gives the same buffer back. */
export function compress(compression: Compression, records: Buffer): Buffer {
  switch (compression) {
    case 'none':
      return records
    case 'gzip':
      return gzipSync(records)
    case 'snappy':
      return compressSnappy(records)
    case 'lz4':
      return compressFrameSync(records)
    case 'zstd':
      return zstdCompressSync(records)
  }
}

/** The bytes of a batch's records. Throws TB_KAFKA_FATAL for an unknown number, and the codec's error for damaged bytes. */
export function decompress(number: number, records: Buffer): Buffer {
  switch (number) {
    case 0:
      return records
    case 1:
      return gunzipSync(records)
    case 2:
      return uncompressXerial(records)
    case 3:
      return decompressFrameSync(records)
    case 4:
      return zstdDecompressSync(records)
    default:
      throw new TrackbridgeError(
        'TB_KAFKA_FATAL',
        `a record batch is compressed with codec ${number}; allowed are 0 to 4 (none, gzip, snappy, lz4, zstd)`,
      )
  }
}

const xerialMagic = Buffer.from([130, 83, 78, 65, 80, 80, 89, 0])
const xerialHeaderBytes = 16

// Java's snappy library frames its blocks: magic, two versions, then length and block, again and again. Others (kafkajs,
// older librdkafka) write one bare block.
function uncompressXerial(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, xerialMagic.length).equals(xerialMagic)) return uncompressSnappy(bytes)
  const blocks: Buffer[] = []
  for (let at = xerialHeaderBytes; at + 4 <= bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at)
    blocks.push(uncompressSnappy(bytes.subarray(at + 4, end)))
    at = end
  }
  return Buffer.concat(blocks)
}
