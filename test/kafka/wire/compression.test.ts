import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../../src/errors.ts'
import { compress, compressionNumbers, decompress } from '../../../src/kafka/wire/compression.ts'
import { compressions } from './arbitrary-batch.ts'

test('codecs bear the numbers of the protocol', () => {
  expect(compressionNumbers).toEqual({ none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 })
})

test.each(compressions)('law: what %s compresses it gives back', (compression) => {
  const number = compressionNumbers[compression]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5_000 }), fc.nat(40), (bytes, times) => {
      const records = Buffer.concat(Array.from({ length: times }, () => bytes))
      expect(decompress(number, compress(compression, records)).equals(records)).toBe(true)
    }),
  )
})

test.each(compressions.filter((name) => name !== 'none'))('%s makes less of what repeats itself', (compression) => {
  expect(compress(compression, Buffer.alloc(100_000, 'trackbridge')).length).toBeLessThan(10_000)
})

test('snappy is read in the blocks that Java writes, of which there may be several or none', () => {
  const head = Buffer.from([130, 83, 78, 65, 80, 80, 89, 0, 0, 0, 0, 1, 0, 0, 0, 1])
  const blocks = ['one block ', 'and another'].map((text) => compress('snappy', Buffer.from(text)))
  const framed = blocks.flatMap((block) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(block.length)
    return [length, block]
  })
  expect(decompress(2, Buffer.concat([head, ...framed])).toString()).toBe('one block and another')
  expect(decompress(2, head)).toEqual(Buffer.alloc(0))
})

test.each([5, 6, 7])('codec %i is refused with what is allowed', (number) => {
  expect(() => decompress(number, Buffer.alloc(0))).toThrow(
    new TrackbridgeError(
      'TB_KAFKA_FATAL',
      `a record batch is compressed with codec ${number}; allowed are 0 to 4 (none, gzip, snappy, lz4, zstd)`,
    ),
  )
})

test.each(compressions.filter((name) => name !== 'none'))('%s refuses bytes that are cut off', (compression) => {
  const bytes = compress(compression, Buffer.from('some records that were written'.repeat(20)))
  expect(() => decompress(compressionNumbers[compression], bytes.subarray(0, bytes.length - 5))).toThrow(Error)
})
