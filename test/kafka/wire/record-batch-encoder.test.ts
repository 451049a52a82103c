import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBatchEncoder, type BatchRecord } from '../../../src/kafka/wire/record-batch-encoder.ts'
import { batchRecords, batchWriter, compressions } from './arbitrary-batch.ts'
import { encodeWithStock } from './stock-codec.ts'

const idempotent = { producerId: 7n, producerEpoch: 2, firstSequence: 40, transactional: false }
const record = (fields: Partial<BatchRecord>): BatchRecord => ({
  key: null,
  value: null,
  timestamp: 1_700_000_000_000,
  headers: {},
  ...fields,
})

test.each(compressions)('law: a batch with %s compression is byte for byte that of kafkajs', async (compression) => {
  const encode = createBatchEncoder(compression)
  await fc.assert(
    fc.asyncProperty(batchRecords, batchWriter, async (records, writer) => {
      const stock = await encodeWithStock({ compression, records, writer })
      expect(encode(records, writer).equals(stock)).toBe(true)
    }),
    { numRuns: 600 },
  )
})

test('a batch is written to the letter of the protocol', () => {
  const batch = createBatchEncoder('none')(
    [
      record({ key: 'k', value: Buffer.from('v'), headers: { h: 'x' } }),
      record({ timestamp: 1_700_000_000_064, value: '' }),
    ],
    { producerId: 258n, producerEpoch: 3, firstSequence: 9, transactional: true },
  )
  const fields = [
    '0000000000000000', // first offset
    '00000046', // bytes after this field
    '00000000', // partition leader epoch
    '02', // magic
    '176030fe', // checksum
    '0010', // attributes: transactional
    '00000001', // last offset delta
    '0000018bcfe56800', // first timestamp
    '0000018bcfe56840', // largest timestamp
    '0000000000000102', // producer id
    '0003', // producer epoch
    '00000009', // first sequence
    '00000002', // count
    '18000000026b02760202680278', // length, attributes, deltas, key, value, one header
    '0e00800102010000', // no key, an empty value, no headers
  ]
  expect(batch.toString('hex')).toBe(fields.join(''))
})

test('the first timestamp is that of the first record and the largest is found, whatever their order', () => {
  const batch = createBatchEncoder('none')(
    [2_000, 900, 10_000, 1_000].map((timestamp) => record({ timestamp })),
    idempotent,
  )
  expect([batch.readBigInt64BE(27), batch.readBigInt64BE(35)]).toEqual([2_000n, 10_000n])
})

test('an encoder gives every batch a buffer of its own', () => {
  const encode = createBatchEncoder('none')
  const first = encode([record({ value: 'first' })], idempotent)
  const copy = Buffer.from(first)
  encode([record({ value: 'other' })], idempotent)
  expect(first).toEqual(copy)
})

test.each([
  { name: 'one field larger than the scratch buffer', values: ['a', 'x'.repeat(3 << 20), 'b'] },
  {
    name: 'many records that outgrow the scratch buffer',
    values: Array.from({ length: 40 }, () => 'é'.repeat(20_000)),
  },
  { name: 'a batch beyond what the scratch buffer may keep', values: [Buffer.alloc(9 << 20, 'z'), 'b'] },
])('$name is written as kafkajs writes it, and so is a small batch after it', async ({ values }) => {
  const encode = createBatchEncoder('lz4')
  for (const records of [values.map((value) => record({ value })), [record({ value: 'small' })]]) {
    const stock = await encodeWithStock({ compression: 'lz4', records, writer: idempotent })
    expect(encode(records, idempotent).equals(stock)).toBe(true)
  }
})
