import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFrameSplitter, readCorrelationId, readRequestHead } from './kafka-frames.ts'

const frameOf = (body: Uint8Array): Buffer => {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

/** Cuts bytes at the given places. */
function cutAt(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end))
}

test('frames come out whole and in order, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
      fc.array(fc.nat(600), { maxLength: 30 }),
      (bodies, places) => {
        const frames = bodies.map(frameOf)
        const split = createFrameSplitter()
        expect(cutAt(Buffer.concat(frames), places).flatMap((chunk) => split(chunk))).toEqual(frames)
      },
    ),
  )
})

test('a frame comes out with the chunk that completes it, and not before', () => {
  const split = createFrameSplitter()
  expect(split(Buffer.from([0, 0]))).toEqual([])
  expect(split(Buffer.from([0, 3, 1]))).toEqual([])
  expect(split(Buffer.from([2]))).toEqual([])
  expect(split(Buffer.from([3, 0, 0, 0, 0, 0]))).toEqual([
    Buffer.from([0, 0, 0, 3, 1, 2, 3]),
    Buffer.from([0, 0, 0, 0]),
  ])
})

test("a negative length is refused: these are not Kafka's bytes", () => {
  expect(() => createFrameSplitter()(Buffer.from('ffffffff00', 'hex'))).toThrow(
    "a frame of -1 bytes is no frame of Kafka's",
  )
})

test.each([
  ['of a client with a name', '0000000f001a00010000000700056c65672d33', 'leg-3'],
  ['of a client without one', '0000000a001a000100000007ffff', null],
])('the head of a request tells api, version, correlation and client: %s', (_name, hex, clientId) => {
  const head = { apiKey: 26, apiVersion: 1, correlationId: 7, clientId }
  expect(readRequestHead(Buffer.from(hex, 'hex'))).toEqual(head)
})

test('an answer begins with its correlation id', () => {
  expect(readCorrelationId(Buffer.from('0000000600000102ffff', 'hex'))).toBe(258)
})
