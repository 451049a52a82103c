import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/kafka/broker.ts'
import { countFitting, detached, recordBytes } from '../../src/sink/record-size.ts'

const record = (valueBytes: number, changes: Partial<ConsumerRecord> = {}): ConsumerRecord => ({
  offset: 0,
  timestamp: 0,
  key: null,
  value: Buffer.alloc(valueBytes),
  headers: [],
  ...changes,
})

test.each([
  ['nothing', record(0, { value: null }), 200],
  ['a value', record(50), 250],
  [
    'a key, a value and headers',
    record(50, {
      key: Buffer.alloc(7),
      headers: [
        ['abc', Buffer.alloc(4)],
        ['d', null],
      ],
    }),
    265,
  ],
])('a record with %s weighs what it holds and what holding it takes', (_, of, bytes) => {
  expect(recordBytes(of)).toBe(bytes)
})

test.each([
  [0, 0],
  [299, 0],
  [300, 1],
  [899, 2],
  [900, 3],
  [10_000, 3],
])('of three records of 300 bytes, %i bytes of room take %i', (roomBytes, fitting) => {
  expect(countFitting([record(100), record(100), record(100)], roomBytes)).toEqual({ fitting, allBytes: 900 })
})

test('a small record behind one that does not fit is not taken', () => {
  expect(countFitting([record(0), record(500), record(0)], 600)).toEqual({ fitting: 1, allBytes: 1_100 })
})

test('a detached record is the same, in memory of its own', () => {
  const fetched = Buffer.from('key, value, header')
  const of = record(0, {
    key: fetched.subarray(0, 3),
    value: fetched.subarray(5, 10),
    headers: [
      ['a', fetched.subarray(12)],
      ['b', null],
    ],
  })
  const copy = detached(of)
  expect(copy).toEqual(of)
  fetched.fill(0)
  expect([copy.key, copy.value, copy.headers].map(String)).toEqual(['key', 'value', 'a,header,b,'])
})
