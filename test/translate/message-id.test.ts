import { decodeTime, isValid } from 'ulid'
import { expect, test } from 'vitest'
import { deriveMessageId, type RecordIdentity } from '../../src/translate/message-id.ts'

const receivedAtMs = Date.parse('2023-08-24T14:15:22.000Z')
const randomPart = (identity: RecordIdentity, index = 0) => deriveMessageId(receivedAtMs, identity, index).slice(10)
const offsets = Array.from({ length: 200_000 }, (_, offset) => ({ topic: 'cio.track.raw', partition: 0, offset }))

test.each([0, 1, 1_692_886_522_000, 253_402_300_799_999])('a messageId of %d ms is a ULID of that time', (ms) => {
  const id = deriveMessageId(ms, 'r-1', 0)
  expect(isValid(id)).toBe(true)
  expect(decodeTime(id)).toBe(ms)
})

test('a messageId never changes from release to release', () => {
  expect(deriveMessageId(receivedAtMs, { topic: 'cio.track.raw', partition: 0, offset: 0 }, 0)).toBe(
    '01H8KYCP4GQ0T13N6Y664R0W2M',
  )
  expect(deriveMessageId(receivedAtMs, 'r-1', 3)).toBe('01H8KYCP4GBFQTYA6NQSZ1SZ84')
})

test('the messages of one record have different ids', () => {
  const ids = Array.from({ length: 100_000 }, (_, index) => randomPart('r-1', index))
  expect(new Set(ids).size).toBe(ids.length)
})

// 40 bits: chance would give less than 0.02 pairs among 200,000.
test.each([
  { half: 'first', from: 0 },
  { half: 'second', from: 8 },
])('records of neighbouring offsets differ in the $half half of the random part alone', ({ from }) => {
  const halves = offsets.map((identity) => randomPart(identity).slice(from, from + 8))
  expect(new Set(halves).size).toBe(halves.length)
})

test('every character of the random part takes every value about as often', () => {
  const counts = Array.from({ length: 16 }, () => new Map<string, number>())
  for (const identity of offsets) {
    Array.from(randomPart(identity)).forEach((letter, at) => counts[at]?.set(letter, (counts[at].get(letter) ?? 0) + 1))
  }
  const expected = offsets.length / 32
  const deviations = counts.map((count) => Math.max(...Array.from(count.values(), (n) => Math.abs(n / expected - 1))))
  expect(counts.map(({ size }) => size)).toStrictEqual(Array.from({ length: 16 }, () => 32))
  expect(Math.max(...deviations)).toBeLessThan(0.07)
})
