import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { markRecord, readMark, type Mark } from '../../src/records/marks.ts'

const asRead = ({ value, headers }: ReturnType<typeof markRecord>) => ({
  value,
  headers: Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const),
})

const mark: fc.Arbitrary<Mark> = fc.oneof(
  fc.record({
    kind: fc.constant('redriven' as const),
    topic: fc.stringMatching(/^[\w.-]{1,20}$/),
    partition: fc.nat(999_999_999),
    offset: fc.nat(999_999_999),
  }),
  fc.record({ kind: fc.constant('forgotten' as const), personHash: fc.stringMatching(/^[\da-f]{64}$/) }),
)

test('a mark is read as it was written, whatever it says', () => {
  fc.assert(
    fc.property(mark, (one) => {
      expect(readMark(asRead(markRecord(one)))).toEqual(one)
    }),
  )
})

test('a mark has neither key nor value, and names a letter or a person', () => {
  expect(markRecord({ kind: 'redriven', topic: 'dlq', partition: 3, offset: 7 })).toEqual({
    key: null,
    value: null,
    headers: { 'tb-mark': 'redriven', 'tb-src': 'dlq:3:7' },
  })
  expect(markRecord({ kind: 'forgotten', personHash: 'ab' })).toEqual({
    key: null,
    value: null,
    headers: { 'tb-mark': 'forgotten', 'tb-person': 'ab' },
  })
})

test.each([
  ['a record with a value', { value: Buffer.from('{}'), headers: { 'tb-mark': 'redriven', 'tb-src': 'dlq:3:7' } }],
  ['a tombstone', { value: null, headers: {} }],
  ['a mark of a later version', { value: null, headers: { 'tb-mark': 'other', 'tb-src': 'dlq:3:7' } }],
  ['a redriven mark without a place', { value: null, headers: { 'tb-mark': 'redriven' } }],
  ['a redriven mark of something else', { value: null, headers: { 'tb-mark': 'redriven', 'tb-src': 'dlq:3:7:1' } }],
  ['a forgotten mark with an id', { value: null, headers: { 'tb-mark': 'forgotten', 'tb-person': '42' } }],
])('%s is no mark', (_what, { value, headers }) => {
  const pairs = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const)
  expect(readMark({ value, headers: pairs })).toBe(undefined)
})
