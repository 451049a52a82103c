import { createRequire } from 'node:module'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEncoder, errorOfCode, partitionForKey } from '../../src/kafka/kafkajs.ts'

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

test('bytes that we encoded pass through kafkajs as they are', () => {
  const Encoder = createRequire(import.meta.url)('kafkajs/src/protocol/encoder') as new () => {
    writeInt16(value: number): { writeEncoder(encoder: object): { readonly buffer: Buffer; size(): number } }
  }
  const request = new Encoder().writeInt16(258).writeEncoder(createEncoder(Buffer.from([3, 4])))
  expect([request.buffer, request.size()]).toEqual([Buffer.from([1, 2, 3, 4]), 4])
})

test("a code of Kafka's becomes the error that kafkajs has for it", () => {
  expect(errorOfCode(51)).toMatchObject({ name: 'KafkaJSProtocolError', type: 'CONCURRENT_TRANSACTIONS', code: 51 })
})
