// The record codec of stock kafkajs 2.2.4, unpatched, with the same bytes going in and out as ours: the yardstick for the
// tests of src/kafka/wire. Its gzip is its own; snappy, lz4 and zstd, which it has not, are those of ours.
import { createRequire } from 'node:module'
import { compress, compressionNumbers, decompress, type Compression } from '../../../src/kafka/wire/compression.ts'
import type { AbortedTransaction } from '../../../src/kafka/wire/read-committed.ts'
import type { BatchRecord, BatchWriter } from '../../../src/kafka/wire/record-batch-encoder.ts'

const load = createRequire(import.meta.url)

interface Encoder {
  readonly buffer: Buffer
}
type ProduceRequest = (request: object) => { encode(): Promise<Encoder> }
interface Decoder {
  readonly offset: number
}
/** A record as stock kafkajs decodes it; a header that occurs more than once has an array. */
export interface StockRecord {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer | null | readonly (Buffer | null)[]>>
}

const produceRequest = load('kafkajs/src/protocol/requests/produce/v3/request') as ProduceRequest
const decodeMessages = load('kafkajs/src/protocol/requests/fetch/v4/decodeMessages') as (
  decoder: Decoder,
) => Promise<StockRecord[]>
const Decoder = load('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => Decoder
const { Codecs } = load('kafkajs/src/protocol/message/compression') as { Codecs: Record<number, unknown> }
for (const name of ['snappy', 'lz4', 'zstd'] as const) {
  Codecs[compressionNumbers[name]] = () => ({
    compress: ({ buffer }: Encoder) => Promise.resolve(compress(name, buffer)),
    decompress: (bytes: Buffer) => Promise.resolve(decompress(compressionNumbers[name], bytes)),
  })
}

export interface StockBatch {
  readonly compression: Compression
  readonly records: readonly BatchRecord[]
  readonly writer: BatchWriter
}

/** The RecordBatch inside a Produce request of stock kafkajs: the bytes that ours must equal. */
export async function encodeWithStock({ compression, records, writer }: StockBatch): Promise<Buffer> {
  const partition = {
    partition: 0,
    firstSequence: writer.firstSequence,
    messages: records.map((record) => ({ ...record, timestamp: String(record.timestamp) })),
  }
  const request = produceRequest({
    acks: -1,
    timeout: 0,
    transactionalId: writer.transactional ? 't' : null,
    producerId: String(writer.producerId),
    producerEpoch: writer.producerEpoch,
    compression: compressionNumbers[compression],
    topicData: [{ topic: '', partitions: [partition] }],
  })
  const { buffer } = await request.encode()
  return Buffer.from(buffer.subarray(headBytes(writer.transactional)))
}

// Transactional id, acks, timeout, array of one topic, its empty name, array of one partition, its number, bytes.
function headBytes(transactional: boolean): number {
  return (transactional ? 3 : 2) + 2 + 4 + 4 + 2 + 4 + 4 + 4
}

/** What stock kafkajs makes of a record set: all records of its whole batches, control records and aborted ones too. */
export function decodeWithStock(recordSet: Buffer): Promise<StockRecord[]> {
  const length = Buffer.alloc(4)
  length.writeInt32BE(recordSet.length)
  return decodeMessages(new Decoder(Buffer.concat([length, recordSet])))
}

const filterAborted = load('kafkajs/src/consumer/filterAbortedMessages') as (fetch: {
  readonly messages: readonly StockRecord[]
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[]
}) => readonly (StockRecord & { readonly isControlRecord: boolean })[]

/** What a read_committed consumer of stock kafkajs is given of a record set. */
export async function readCommittedWithStock(
  recordSet: Buffer,
  abortedTransactions: readonly AbortedTransaction[],
): Promise<readonly StockRecord[]> {
  const list = abortedTransactions.map(({ producerId, firstOffset }) => ({
    producerId: String(producerId),
    firstOffset: String(firstOffset),
  }))
  const kept = filterAborted({ messages: await decodeWithStock(recordSet), abortedTransactions: list })
  return kept.filter(({ isControlRecord }) => !isControlRecord)
}
