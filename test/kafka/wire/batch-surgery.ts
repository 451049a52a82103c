// Batches that no producer of ours writes: moved on the log, altered under a checksum that fits again, markers of brokers.
import { createRequire } from 'node:module'
import { createBatchEncoder, type BatchRecord } from '../../../src/kafka/wire/record-batch-encoder.ts'

const crc32c = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number

/** Where the fields of a batch begin, in bytes. */
export const fieldAt = {
  firstOffset: 0,
  length: 8,
  magic: 16,
  checksum: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  largestTimestamp: 35,
  producerId: 43,
  count: 57,
  records: 61,
} as const

const encodePlain = createBatchEncoder('none')
const nobody = { producerId: -1n, producerEpoch: -1, firstSequence: -1, transactional: false }

/** An uncompressed batch of no producer's; a record is `{ key: null, value: null, timestamp: 1_000, headers: {} }` but for
 *  what is said. */
export function plainBatch(records: readonly Partial<BatchRecord>[], writer: Partial<typeof nobody> = {}): Buffer {
  const complete = records.map((record) => ({ key: null, value: null, timestamp: 1_000, headers: {}, ...record }))
  return encodePlain(complete, { ...nobody, ...writer })
}

/** The batch as a broker has it at `offset`: the first offset is outside of the checksum. */
export function placedAt(batch: Buffer, offset: number): Buffer {
  const placed = Buffer.from(batch)
  placed.writeBigInt64BE(BigInt(offset), fieldAt.firstOffset)
  return placed
}

/** A copy of `batch` after `edit`, with a checksum and a length that fit. */
export function altered(batch: Buffer, edit: (copy: Buffer) => Buffer | void): Buffer {
  const copy = Buffer.from(batch)
  const edited = edit(copy) ?? copy
  edited.writeInt32BE(edited.length - 12, fieldAt.length)
  edited.writeUInt32BE(crc32c(edited.subarray(fieldAt.attributes)) >>> 0, fieldAt.checksum)
  return edited
}

/** The batch after compaction has removed all its records: the header stays. */
export function emptied(batch: Buffer): Buffer {
  return altered(batch, (copy) => {
    copy.writeInt16BE(copy.readInt16BE(fieldAt.attributes) & ~7, fieldAt.attributes)
    copy.writeInt32BE(0, fieldAt.count)
    return copy.subarray(0, fieldAt.records)
  })
}

/** The batch with `LogAppendTime`: the broker's time stands in its header and counts for all its records. */
export function appendedAt(batch: Buffer, timestamp: number): Buffer {
  return altered(batch, (copy) => {
    copy.writeInt16BE(copy.readInt16BE(fieldAt.attributes) | 8, fieldAt.attributes)
    copy.writeBigInt64BE(BigInt(timestamp), fieldAt.largestTimestamp)
  })
}

/** The marker that ends a transaction, as brokers write it: version 0, then 0 for abort and 1 for commit. */
export function marker(type: 'abort' | 'commit', producerId: bigint): Buffer {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1])
  const batch = plainBatch([{ key, value: Buffer.alloc(6) }], { producerId, producerEpoch: 0, transactional: true })
  return altered(batch, (copy) => void copy.writeInt16BE(16 | 32, fieldAt.attributes))
}
