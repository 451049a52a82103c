// The record set of one fetched partition -> its RecordBatches v2, each still compressed, and their records when they are
// asked for. Layout: Kafka protocol guide, "Record Batch". Whole batches can so be passed over without being unpacked.
import { crc32c } from '@node-rs/crc32'
import { TrackbridgeError } from '../../errors.ts'
import type { EncodedHeaders, Header } from '../../records/headers.ts'
import type { ConsumerRecord } from '../broker.ts'
import { decompress } from './compression.ts'

/** One batch as it stands on the log. `bytes`: the whole of it, header included. */
export interface RecordBatch {
  readonly firstOffset: number
  /** Of the batch, also where compaction has taken its last records away. */
  readonly lastOffset: number
  readonly codec: number
  readonly inTransaction: boolean
  readonly isControl: boolean
  readonly producerId: bigint
  readonly bytes: Buffer
}

const headerBytes = 61
const lengthEnd = 12
const formatEnd = 17
const logAppendTimeFlag = 8
const transactionalFlag = 16
const controlFlag = 32

/** The whole batches of a record set; a cut-off one at its end is left out, as the protocol has it (max_bytes).
 *  Throws TB_KAFKA_FATAL for other message formats than 2, and for a batch that is shorter than its own header. */
export function decodeBatches(recordSet: Buffer): RecordBatch[] {
  const batches: RecordBatch[] = []
  // Up to the format and not the whole header: a message of an old format may be shorter, and must not count as cut off.
  for (let at = 0; at + formatEnd <= recordSet.length;) {
    const end = at + lengthEnd + recordSet.readInt32BE(at + 8)
    requireFormat(recordSet.readInt8(at + 16))
    if (end < at + headerBytes)
      throw new TrackbridgeError(
        'TB_KAFKA_FATAL',
        `a fetched record batch says it has ${end - at} bytes; at least ${headerBytes} are needed`,
      )
    if (end > recordSet.length) break
    batches.push(decodeBatch(recordSet.subarray(at, end)))
    at = end
  }
  return batches
}

function requireFormat(magic: number): void {
  if (magic === 2) return
  throw new TrackbridgeError(
    'TB_KAFKA_FATAL',
    `a topic holds records in message format ${magic}; allowed is 2, of Kafka 0.11 and newer. Copy them to a new topic first`,
  )
}

function decodeBatch(bytes: Buffer): RecordBatch {
  const attributes = bytes.readInt16BE(21)
  const firstOffset = Number(bytes.readBigInt64BE(0))
  return {
    firstOffset,
    lastOffset: firstOffset + bytes.readInt32BE(23),
    codec: attributes & 7,
    inTransaction: (attributes & transactionalFlag) !== 0,
    isControl: (attributes & controlFlag) !== 0,
    producerId: bytes.readBigInt64BE(43),
    bytes,
  }
}

/** The batch's records at or after `from`, appended to `target`. Keys and values share the batch's memory.
 *  Throws TB_KAFKA_FATAL when the checksum does not fit or the bytes end too early. */
export function appendRecords(batch: RecordBatch, from: number, target: ConsumerRecord[]): void {
  const { bytes } = batch
  if (crc32c(bytes.subarray(21)) >>> 0 !== bytes.readUInt32BE(17)) throw damaged(batch, 'its checksum does not fit')
  const base = Number(bytes.readBigInt64BE(27))
  const appendTime = (bytes.readInt16BE(21) & logAppendTimeFlag) !== 0 ? Number(bytes.readBigInt64BE(35)) : undefined
  const cursor: Cursor = { bytes: decompress(batch.codec, bytes.subarray(headerBytes)), at: 0 }
  for (let count = bytes.readInt32BE(57); count > 0; count -= 1) {
    const length = readVarint(cursor)
    const end = cursor.at + length
    if (length < 1 || end > cursor.bytes.length) throw damaged(batch, 'its records end too early')
    cursor.at += 1
    const timestamp = base + readVarint(cursor)
    const offset = batch.firstOffset + readVarint(cursor)
    if (offset >= from) {
      target.push(readRecord(cursor, offset, appendTime ?? timestamp))
      // Else a length inside of it leads beyond it, and the record would take bytes of the next one for its own.
      if (cursor.at !== end) throw damaged(batch, 'a record is not as long as it says')
    }
    cursor.at = end
  }
}

/** True when the batch is the marker that ends a transaction as aborted. */
export function isAbortMarker(batch: RecordBatch): boolean {
  if (!batch.isControl) return false
  const records: ConsumerRecord[] = []
  appendRecords(batch, 0, records)
  const key = records[0]?.key
  // Key of a control record: int16 version, int16 type; type 0 is abort, 1 is commit.
  return key !== undefined && key !== null && key.length >= 4 && key.readInt16BE(2) === 0
}

interface Cursor {
  readonly bytes: Buffer
  at: number
}

const noHeaders: ConsumerRecord['headers'] = []

// A class, so that a record takes one small object for them: nobody looks at the headers of most records, and their
// arrays and buffers would take more memory than the record itself, and a fifth of the sink's time.
class WrittenHeaders implements EncodedHeaders {
  readonly byteLength: number
  readonly #bytes: Buffer
  readonly #at: number

  constructor(bytes: Buffer, at: number, byteLength: number) {
    this.byteLength = byteLength
    this.#bytes = bytes
    this.#at = at
  }

  decode(): readonly Header[] {
    const cursor = { bytes: this.#bytes, at: this.#at }
    const count = readVarint(cursor)
    return Array.from({ length: count }, () => [readField(cursor)?.toString() ?? '', readField(cursor)] as const)
  }
}

function readRecord(cursor: Cursor, offset: number, timestamp: number): ConsumerRecord {
  const key = readField(cursor)
  const value = readField(cursor)
  return { offset, timestamp, key, value, headers: readHeaders(cursor) }
}

function readHeaders(cursor: Cursor): ConsumerRecord['headers'] {
  const start = cursor.at
  const count = readVarint(cursor)
  for (let fields = count * 2; fields > 0; fields -= 1) skipField(cursor)
  return count === 0 ? noHeaders : new WrittenHeaders(cursor.bytes, start, cursor.at - start)
}

function skipField(cursor: Cursor): void {
  const length = readVarint(cursor)
  if (length > 0) cursor.at += length
}

function readField(cursor: Cursor): Buffer | null {
  const length = readVarint(cursor)
  if (length < 0) return null
  const start = cursor.at
  cursor.at += length
  return cursor.bytes.subarray(start, cursor.at)
}

// Zigzag; the first four bytes by shifts, the rest by arithmetic: differences of timestamps may exceed 32 bits.
function readVarint(cursor: Cursor): number {
  const { bytes } = cursor
  let value = 0
  let shift = 0
  let byte = 128
  while (byte > 127) {
    byte = bytes[cursor.at] ?? 0
    cursor.at += 1
    if (shift < 28) value |= (byte & 127) << shift
    else value += (byte & 127) * 2 ** shift
    shift += 7
  }
  if (shift <= 28) return (value >>> 1) ^ -(value & 1)
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

function damaged({ firstOffset, lastOffset }: RecordBatch, what: string): TrackbridgeError {
  return new TrackbridgeError(
    'TB_KAFKA_FATAL',
    `the record batch of offsets ${firstOffset} to ${lastOffset} is damaged: ${what}`,
  )
}
