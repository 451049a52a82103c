import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../../src/errors.ts'
import type { ConsumerRecord } from '../../../src/kafka/broker.ts'
import { appendRecords, decodeBatches, isAbortMarker } from '../../../src/kafka/wire/record-batch-decoder.ts'
import { createBatchEncoder, type BatchRecord } from '../../../src/kafka/wire/record-batch-encoder.ts'
import { decoded, type DecodedRecord } from '../../support/decoded-record.ts'
import { asRead, batchRecords, batchWriter, compressions } from './arbitrary-batch.ts'
import { altered, appendedAt, emptied, fieldAt, marker, placedAt, plainBatch } from './batch-surgery.ts'
import { decodeWithStock, type StockRecord } from './stock-codec.ts'

const noRecords: readonly DecodedRecord[] = []
const latestOffset = Number.MAX_SAFE_INTEGER - 1_000

function read(recordSet: Buffer, from = 0): readonly DecodedRecord[] {
  const records: ConsumerRecord[] = []
  for (const batch of decodeBatches(recordSet)) appendRecords(batch, from, records)
  return records.map(decoded)
}

const damaged = (what: string): TrackbridgeError =>
  new TrackbridgeError('TB_KAFKA_FATAL', `the record batch of offsets 5 to 6 is damaged: ${what}`)

test.each(compressions)('law: what is written with %s compression is read, from any offset on', (compression) => {
  const encode = createBatchEncoder(compression)
  fc.assert(
    fc.property(batchRecords, batchWriter, fc.nat(latestOffset), fc.nat(), (records, writer, first, seed) => {
      const from = first + (seed % (records.length + 1))
      const expected = records.map((record, index) => asRead(record, first + index)).slice(from - first)
      expect(isDeepStrictEqual(read(placedAt(encode(records, writer), first), from), expected)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

const nearPowerOfTwo = fc.tuple(fc.nat(51), fc.integer({ min: -2, max: 2 })).map(([power, more]) => 2 ** power + more)

test('law: timestamps are read as they were written, in whatever order and however far apart', () => {
  fc.assert(
    fc.property(fc.array(nearPowerOfTwo, { minLength: 1, maxLength: 20 }), (timestamps) => {
      const batch = plainBatch(timestamps.map((timestamp) => ({ timestamp })))
      expect(read(batch).map(({ timestamp }) => timestamp)).toEqual(timestamps)
    }),
    { numRuns: 1000 },
  )
})

// kafkajs takes a header named like a property of every object, e.g. `constructor`, for a repeated one.
const readableByStock = (records: readonly BatchRecord[]): boolean =>
  records.every(({ headers }) => Object.keys(headers).every((name) => !(name in {})))

function asStock({ offset, timestamp, key, value, headers }: DecodedRecord): StockRecord {
  const byName = Object.groupBy(headers, ([name]) => name)
  const values = Object.entries(byName).map(([name, pairs = []]) => {
    const [first = null, ...more] = pairs.map(([, content]) => content)
    return [name, more.length === 0 ? first : [first, ...more]] as const
  })
  return { offset: String(offset), timestamp: String(timestamp), key, value, headers: Object.fromEntries(values) }
}

/** Without what kafkajs tells of the batch. */
const contentOf = ({ offset, timestamp, key, value, headers }: StockRecord): StockRecord => ({
  offset,
  timestamp,
  key,
  value,
  headers,
})

const batchesOfALog = fc.array(
  fc.record({
    compression: fc.constantFrom(...compressions),
    records: batchRecords.filter(readableByStock),
    writer: batchWriter,
    appendTime: fc.option(fc.nat(2 ** 41)),
  }),
  { minLength: 1, maxLength: 4 },
)

test('law: kafkajs reads the same records in the same bytes', async () => {
  const encoders = new Map(compressions.map((compression) => [compression, createBatchEncoder(compression)]))
  await fc.assert(
    fc.asyncProperty(batchesOfALog, fc.nat(latestOffset), async (batches, first) => {
      let offset = first
      const log = batches.map(({ compression, records, writer, appendTime }) => {
        const batch = placedAt(encoders.get(compression)!(records, writer), offset)
        offset += records.length
        return appendTime === null ? batch : appendedAt(batch, appendTime)
      })
      const stock = await decodeWithStock(Buffer.concat(log))
      expect(isDeepStrictEqual(read(Buffer.concat(log)).map(asStock), stock.map(contentOf))).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('a header may occur more than once, be named like a property of every object and have no value', () => {
  const headers = { constructor: 'c', a: '1', b: '2', c: 'gone' }
  const batch = altered(plainBatch([{ headers }]), (copy) => {
    copy[copy.indexOf('b')] = 'a'.charCodeAt(0)
    const gone = copy.indexOf('gone')
    copy[gone - 1] = 1
    copy[fieldAt.records] = (copy[fieldAt.records] ?? 0) - 8
    return copy.subarray(0, gone)
  })
  expect(read(batch)[0]?.headers).toEqual([
    ['constructor', Buffer.from('c')],
    ['a', Buffer.from('1')],
    ['a', Buffer.from('2')],
    ['c', null],
  ])
})

test('with LogAppendTime all records have the time of the broker', () => {
  const batch = appendedAt(plainBatch([{ timestamp: 5 }, { timestamp: 2 ** 40 }]), 1_700_000_000_000)
  expect(read(batch).map(({ timestamp }) => timestamp)).toEqual([1_700_000_000_000, 1_700_000_000_000])
})

test('records are appended to those that are there', () => {
  const [batch] = decodeBatches(placedAt(plainBatch([{ value: 'b' }, { value: 'c' }]), 8))
  const there: ConsumerRecord = { offset: 1, timestamp: 0, key: null, value: Buffer.from('a'), headers: [] }
  const target = [there]
  appendRecords(batch!, 9, target)
  expect(target).toEqual([there, { offset: 9, timestamp: 1_000, key: null, value: Buffer.from('c'), headers: [] }])
})

test('a batch tells its offsets, codec, producer and kind without being unpacked', () => {
  const two = [{}, {}]
  const written = { producerId: 2n ** 62n, producerEpoch: 1, firstSequence: 0, transactional: true }
  const lz4 = createBatchEncoder('lz4')([{ key: null, value: 'v', timestamp: 0, headers: {} }], written)
  const log = [placedAt(plainBatch(two), 5), placedAt(lz4, 7), placedAt(marker('commit', 3n), 8)]
  const none = { codec: 0, inTransaction: false, isControl: false, producerId: -1n }
  expect(decodeBatches(Buffer.concat(log))).toEqual([
    { ...none, firstOffset: 5, lastOffset: 6, bytes: log[0] },
    { ...none, firstOffset: 7, lastOffset: 7, codec: 3, inTransaction: true, producerId: 2n ** 62n, bytes: log[1] },
    { ...none, firstOffset: 8, lastOffset: 8, inTransaction: true, isControl: true, producerId: 3n, bytes: log[2] },
  ])
})

test('a batch that compaction has emptied has its offsets and no records', () => {
  const lz4 = createBatchEncoder('lz4')(
    [1, 2, 3].map((timestamp) => ({ key: 'k', value: 'v', timestamp, headers: {} })),
    { producerId: 9n, producerEpoch: 0, firstSequence: 0, transactional: true },
  )
  const log = [placedAt(plainBatch([{ value: 'a' }]), 4), placedAt(emptied(lz4), 5), placedAt(plainBatch([{}]), 8)]
  const offsets = decodeBatches(Buffer.concat(log)).map(({ firstOffset, lastOffset }) => [firstOffset, lastOffset])
  expect(offsets).toEqual([
    [4, 4],
    [5, 7],
    [8, 8],
  ])
  expect(read(Buffer.concat(log)).map(({ offset }) => offset)).toEqual([4, 8])
})

test('a batch of 200,000 records is read', () => {
  const batch = plainBatch(Array.from({ length: 200_000 }, (_, index) => ({ timestamp: index })))
  const records = read(batch)
  expect([records.length, records.at(-1)]).toEqual([
    200_000,
    { offset: 199_999, timestamp: 199_999, key: null, value: null, headers: [] },
  ])
})

test('a batch that is cut off at the end of a record set is left out, wherever it is cut', () => {
  const [first, second] = [plainBatch([{ value: 'a' }]), placedAt(plainBatch([{ value: 'b' }]), 1)]
  const recordSet = Buffer.concat([first, second])
  for (let end = 0; end <= recordSet.length; end += 1) {
    const whole = [first.length, recordSet.length].filter((length) => length <= end).length
    expect(read(recordSet.subarray(0, end)).map(({ value }) => String(value))).toEqual(['a', 'b'].slice(0, whole))
  }
})

test('law: damage to any byte under the checksum, or to the checksum, is found', () => {
  const batch = placedAt(plainBatch([{ key: 'k', value: 'some value' }, { headers: { h: 'x' } }]), 5)
  fc.assert(
    fc.property(
      fc.integer({ min: fieldAt.checksum, max: batch.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      (at, bits) => {
        fc.pre(at < fieldAt.lastOffsetDelta || at >= fieldAt.baseTimestamp)
        const copy = Buffer.from(batch)
        copy[at]! ^= bits
        expect(() => read(copy)).toThrow(damaged('its checksum does not fit'))
      },
    ),
    { numRuns: 2000 },
  )
})

const pair = plainBatch([{ value: 'a' }, { value: 'b' }])

test.each([
  {
    name: 'more records than there are',
    batch: altered(pair, (copy) => void copy.writeInt32BE(3, fieldAt.count)),
  },
  {
    name: 'a last record that reaches beyond the end',
    batch: altered(pair, (copy) => copy.subarray(0, copy.length - 1)),
  },
  {
    name: 'a first record that reaches beyond the end',
    batch: altered(pair, (copy) => void (copy[fieldAt.records] = 126)),
  },
  {
    name: 'no bytes for its records',
    batch: altered(pair, (copy) => copy.subarray(0, fieldAt.records)),
  },
])('a batch with $name is refused by its offsets', ({ batch }) => {
  expect(() => read(placedAt(batch, 5))).toThrow(damaged('its records end too early'))
})

test.each([5, 6, 7])('a batch with the unknown codec %i is refused', (codec) => {
  const batch = altered(pair, (copy) => void copy.writeInt16BE(codec, fieldAt.attributes))
  expect(() => read(batch)).toThrow(
    new TrackbridgeError(
      'TB_KAFKA_FATAL',
      `a record batch is compressed with codec ${codec}; allowed are 0 to 4 (none, gzip, snappy, lz4, zstd)`,
    ),
  )
})

test.each([
  { name: 'an abort marker', batch: marker('abort', 1n), aborts: true },
  { name: 'a commit marker', batch: marker('commit', 1n), aborts: false },
  { name: 'a marker that compaction has emptied', batch: emptied(marker('abort', 1n)), aborts: false },
  { name: 'a record with the key of an abort marker', batch: plainBatch([{ key: Buffer.alloc(4) }]), aborts: false },
  {
    name: 'a control record without a key',
    batch: altered(plainBatch([{}]), (copy) => void copy.writeInt16BE(32, fieldAt.attributes)),
    aborts: false,
  },
])('$name ends a transaction as aborted: $aborts', ({ batch, aborts }) => {
  expect(decodeBatches(batch).map(isAbortMarker)).toEqual([aborts])
})

test('an empty record set has no batches', () => {
  expect([decodeBatches(Buffer.alloc(0)), read(Buffer.alloc(0))]).toEqual([[], noRecords])
})

test.each([-1, 0, 1, 3])('a record set in message format %i is refused', (magic) => {
  const old = plainBatch([{ value: 'a' }])
  old.writeInt8(magic, fieldAt.magic)
  const refusal = new TrackbridgeError(
    'TB_KAFKA_FATAL',
    `a topic holds records in message format ${magic}; allowed is 2, of Kafka 0.11 and newer. Copy them to a new topic first`,
  )
  expect(() => decodeBatches(old)).toThrow(refusal)
  expect(() => decodeBatches(Buffer.concat([plainBatch([{}]), old]))).toThrow(refusal)
  expect(() => decodeBatches(old.subarray(0, 35))).toThrow(refusal)
})

test.each([48, 0, -12, -13])('a batch that says it has %i bytes after its length is refused', (length) => {
  const batch = plainBatch([{ value: 'a' }])
  batch.writeInt32BE(length, fieldAt.length)
  expect(() => decodeBatches(batch)).toThrow(
    new TrackbridgeError(
      'TB_KAFKA_FATAL',
      `a fetched record batch says it has ${length + 12} bytes; at least 61 are needed`,
    ),
  )
})

const oddRecords: readonly { readonly name: string; readonly records: string }[] = [
  { name: 'whose key reaches into the next record', records: '0e 00 00 00 0c 61 01 00  0c 00 00 02 01 01 00' },
  { name: 'whose value reaches beyond the batch', records: '0e 00 00 00 01 7e 61 00' },
  { name: 'with a byte too many', records: '0e 00 00 00 01 01 00 00' },
  { name: 'with fewer headers than it says', records: '0c 00 00 00 01 01 04' },
]

test.each(oddRecords)('a record $name is refused', ({ records }) => {
  const content = Buffer.from(records.replaceAll(' ', ''), 'hex')
  const batch = altered(pair, (copy) => Buffer.concat([copy.subarray(0, fieldAt.records), content]))
  expect(() => read(placedAt(batch, 5))).toThrow(damaged('a record is not as long as it says'))
})

test.each([-1, 0])('a record of %i bytes is refused', (length) => {
  const batch = altered(pair, (copy) => void (copy[fieldAt.records] = length < 0 ? 1 : 0))
  expect(() => read(placedAt(batch, 5))).toThrow(damaged('its records end too early'))
})
