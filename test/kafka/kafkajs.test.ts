import { createRequire } from 'node:module'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { partitionForKey } from '../../src/kafka/kafkajs.ts'

// Java's own test vectors of Utils.murmur2 (org.apache.kafka.common.utils.UtilsTest).
const javaVectors = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
] as const

test.each(javaVectors)('key %s goes to the partition that Java chooses', (key, hash) => {
  const partitions = [1, 2, 3, 7, 12, 64, 2 ** 31 - 1]
  const chosen = partitions.map((count) => partitionForKey(key, count))
  expect(chosen).toEqual(partitions.map((count) => Number(BigInt.asUintN(31, BigInt(hash))) % count))
  expect(partitions.map((count) => partitionForKey(Buffer.from(key), count))).toEqual(chosen)
})

test('law: every key has a partition among those there are', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 1000 }), (key, partitions) => {
      const chosen = partitionForKey(Buffer.from(key), partitions)
      expect(Number.isInteger(chosen) && chosen >= 0 && chosen < partitions).toBe(true)
    }),
  )
})

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>
  decompress(bytes: Buffer): Promise<Buffer>
}
const { lookupCodec } = createRequire(import.meta.url)('kafkajs/src/protocol/message/compression') as {
  lookupCodec: (type: number) => Codec
}

test.each([
  { name: 'gzip', type: 1 },
  { name: 'snappy', type: 2 },
  { name: 'lz4', type: 3 },
  { name: 'zstd', type: 4 },
])('law: kafkajs gives back by $name what it was given', async ({ type }) => {
  const codec = lookupCodec(type)
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 5000 }), async (bytes) => {
      const buffer = Buffer.from(bytes)
      expect(Buffer.from(await codec.decompress(await codec.compress({ buffer })))).toEqual(buffer)
    }),
  )
})
