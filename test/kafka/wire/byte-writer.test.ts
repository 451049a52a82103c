import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createByteReader } from '../../../src/kafka/wire/byte-reader.ts'
import { createByteWriter, type ByteWriter } from '../../../src/kafka/wire/byte-writer.ts'

const written = (write: (writer: ByteWriter) => unknown): string => {
  const writer = createByteWriter(1)
  write(writer)
  return writer.finish().toString('hex')
}

test.each([
  { field: 'int8', bytes: 'ff', write: (writer: ByteWriter) => writer.int8(-1) },
  { field: 'int16', bytes: '0102', write: (writer: ByteWriter) => writer.int16(0x0102) },
  { field: 'int32', bytes: '80000000', write: (writer: ByteWriter) => writer.int32(-(2 ** 31)) },
  { field: 'int64', bytes: '0020000000000001', write: (writer: ByteWriter) => writer.int64(2n ** 53n + 1n) },
  { field: 'string', bytes: '0003c3bc61', write: (writer: ByteWriter) => writer.string('üa') },
  { field: 'empty string', bytes: '0000', write: (writer: ByteWriter) => writer.string('') },
  { field: 'null string', bytes: 'ffff', write: (writer: ByteWriter) => writer.string(null) },
  { field: 'compact string', bytes: '04c3bc61', write: (writer: ByteWriter) => writer.compactString('üa') },
  { field: 'empty compact string', bytes: '01', write: (writer: ByteWriter) => writer.compactString('') },
  { field: 'null compact string', bytes: '00', write: (writer: ByteWriter) => writer.compactString(null) },
  { field: 'varint of one byte', bytes: '7f', write: (writer: ByteWriter) => writer.unsignedVarint(127) },
  { field: 'varint of two bytes', bytes: '8001', write: (writer: ByteWriter) => writer.unsignedVarint(128) },
  {
    field: 'varint of five bytes',
    bytes: 'ffffffff07',
    write: (writer: ByteWriter) => writer.unsignedVarint(2 ** 31 - 1),
  },
  { field: 'no tags', bytes: '00', write: (writer: ByteWriter) => writer.tags() },
  { field: 'raw bytes', bytes: 'cafe', write: (writer: ByteWriter) => writer.raw(Buffer.from('cafe', 'hex')) },
])('$field is written as the protocol says', ({ bytes, write }) => {
  expect(written(write)).toBe(bytes)
})

test('any unsigned varint up to 2^31 - 1 is read back and takes the fewest bytes', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 31 - 1 }), (value) => {
      const bytes = createByteWriter(1).unsignedVarint(value).finish()
      expect(createByteReader(bytes).unsignedVarint()).toBe(value)
      expect(bytes.length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)))
    }),
  )
})

const field = fc.oneof(
  fc.record({ kind: fc.constant('int8' as const), value: fc.integer({ min: -128, max: 127 }) }),
  fc.record({ kind: fc.constant('int16' as const), value: fc.integer({ min: -32_768, max: 32_767 }) }),
  fc.record({ kind: fc.constant('int32' as const), value: fc.integer() }),
  fc.record({ kind: fc.constant('int64' as const), value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
  fc.record({ kind: fc.constant('string' as const), value: fc.option(fc.string({ unit: 'grapheme' })) }),
  fc.record({ kind: fc.constant('compactString' as const), value: fc.option(fc.string({ unit: 'grapheme' })) }),
  fc.record({ kind: fc.constant('unsignedVarint' as const), value: fc.nat({ max: 2 ** 31 - 1 }) }),
)
type Field = typeof field extends fc.Arbitrary<infer T> ? T : never

function writeField(writer: ByteWriter, { kind, value }: Field): ByteWriter {
  return (writer[kind] as (value: unknown) => ByteWriter)(value)
}

test('any row of fields is read back as it was written, however small the writer began, and no byte is left', () => {
  fc.assert(
    fc.property(fc.array(field), fc.nat({ max: 300 }), (fields, room) => {
      const writer = createByteWriter(room)
      for (const one of fields) writeField(writer, one)
      const bytes = writer.finish()
      const reader = createByteReader(bytes)
      expect(fields.map(({ kind }) => reader[kind]())).toEqual(fields.map(({ value }) => value))
      expect(() => reader.int8()).toThrow(RangeError)
    }),
  )
})

test('any answer that is cut short throws RangeError instead of giving other fields', () => {
  fc.assert(
    fc.property(fc.array(field, { minLength: 1 }), fc.nat(), (fields, seed) => {
      const writer = createByteWriter()
      for (const one of fields) writeField(writer, one)
      const bytes = writer.finish()
      const reader = createByteReader(bytes.subarray(0, seed % bytes.length))
      expect(() => fields.map(({ kind }) => reader[kind]())).toThrow(RangeError)
    }),
  )
})

test('tagged fields are handed on with number and bytes, and are passed over where nobody asks', () => {
  const bytes = Buffer.from('020002aabb050007', 'hex')
  const tags: [number, string][] = []
  const asked = createByteReader(bytes)
  asked.tags((tag, value) => tags.push([tag, value.toString('hex')]))
  expect(tags).toEqual([
    [0, 'aabb'],
    [5, ''],
  ])
  const unasked = createByteReader(bytes)
  unasked.tags()
  expect([asked.int8(), unasked.int8()]).toEqual([7, 7])
})

test.each([
  { kind: 'null array', hex: 'ffffffff', read: 'array', expected: [] },
  { kind: 'array of two', hex: '000000020102', read: 'array', expected: [1, 2] },
  { kind: 'null compact array', hex: '00', read: 'compactArray', expected: [] },
  { kind: 'compact array of two', hex: '030102', read: 'compactArray', expected: [1, 2] },
] as const)('a $kind is read as $expected', ({ hex, read, expected }) => {
  const reader = createByteReader(Buffer.from(hex, 'hex'))
  expect(reader[read](() => reader.int8())).toEqual(expected)
  expect(() => reader.int8()).toThrow(RangeError)
})

test('a short answer says how long it is and how much was expected', () => {
  expect(() => createByteReader(Buffer.alloc(3)).int32()).toThrow('the answer ends after 3 bytes, 4 were expected')
})
