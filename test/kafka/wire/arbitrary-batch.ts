// Batches of any shape for the laws of the record codec. A few distinct records are drawn and repeated in any order, with
// timestamps that never fall: 300 freely drawn records would make a run slow and show no more.
import * as fc from 'fast-check'
import { compressionNumbers, type Compression } from '../../../src/kafka/wire/compression.ts'
import type { BatchRecord, BatchWriter } from '../../../src/kafka/wire/record-batch-encoder.ts'

export const compressions = Object.keys(compressionNumbers) as readonly Compression[]

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 30 }),
  // Lengths on both sides of where a varint grows and of where the encoder takes another way.
  fc.constantFrom('', 'x'.repeat(23), 'x'.repeat(24), 'é'.repeat(23), 'x'.repeat(63), 'x'.repeat(64), '日'.repeat(300)),
  fc.constantFrom(
    '\ud800',
    'lone \udfff surrogate',
    '😀',
    '\u0000',
    '\u007f',
    '\u0080',
    'x'.repeat(8191),
    'x'.repeat(8192),
  ),
)
const bytes = fc.uint8Array({ maxLength: 100 }).map((content) => Buffer.from(content))
const content = fc.oneof(text, bytes)
const nullable = fc.option(content, { freq: 4 })
const headers = fc.dictionary(text, content, { maxKeys: 4, noNullPrototype: true })

// Thirteen digits: stock kafkajs sorts timestamps as text to find the first. Steps reach far beyond 32 bits.
const firstTimestamp = fc.integer({ min: 1_000_000_000_000, max: 1_800_000_000_000 })
const stepMs = fc.oneof(
  fc.nat(3),
  fc.nat(100_000),
  fc.integer({ min: 0, max: 2 ** 40 }),
  fc.constantFrom(2 ** 32, 63, 64),
)
const latestTimestamp = 9_999_999_999_999

/** 1 to 300 records. */
export const batchRecords: fc.Arbitrary<readonly BatchRecord[]> = fc
  .record({
    kinds: fc.array(fc.record({ key: nullable, value: nullable, headers, stepMs }), { minLength: 1, maxLength: 4 }),
    picks: fc.oneof(
      { weight: 9, arbitrary: fc.uint8Array({ maxLength: 9 }) },
      { weight: 1, arbitrary: fc.uint8Array({ minLength: 60, maxLength: 299 }) },
    ),
    firstTimestamp,
  })
  .map(({ kinds, picks, firstTimestamp: first }) => {
    let timestamp = first
    return [0, ...picks].map((pick, index) => {
      const { stepMs: step, ...kind } = kinds[pick % kinds.length]!
      timestamp = index === 0 ? first : Math.min(latestTimestamp, timestamp + step)
      return { ...kind, timestamp }
    })
  })

/** Any producer, idempotent or not, transactional or not. */
export const batchWriter: fc.Arbitrary<BatchWriter> = fc.record({
  producerId: fc.oneof(fc.constant(-1n), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })),
  producerEpoch: fc.integer({ min: -1, max: 32_767 }),
  firstSequence: fc.oneof(fc.constant(-1), fc.nat()),
  transactional: fc.boolean(),
})

/** What a reader must be given of `record`: text as bytes, headers as pairs. */
export function asRead(record: BatchRecord, offset: number): object {
  return {
    offset,
    timestamp: record.timestamp,
    key: asBytes(record.key),
    value: asBytes(record.value),
    headers: Object.entries(record.headers).map(([name, value]) => [Buffer.from(name).toString(), asBytes(value)]),
  }
}

function asBytes(field: Buffer | string | null): Buffer | null {
  return field === null ? null : Buffer.from(field as string)
}
