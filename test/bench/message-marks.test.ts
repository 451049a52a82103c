import { array, assert, boolean, integer, property, string } from 'fast-check'
import { expect, test } from 'vitest'
import { countMessages, dueTimes, holdsRefused, refusedId, withDue } from '../../bench/message-marks.ts'

const id = '01HQ3ZK5V7ABCDEFGHJKMNPQRS'
const message = (messageId: string, name = 'x'): Buffer =>
  Buffer.from(JSON.stringify({ messageId, name, type: 'track' }))
const batch = (messages: readonly Buffer[]): Buffer => Buffer.from(`{"batch":[${messages.join(',')}]}`)

test('a marked id keeps its length and only letters that a ULID may have', () => {
  expect(refusedId(id)).toBe('01HQ3ZK5V7ABCDEFGHTBREJECT')
  expect(refusedId(id)).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
})

test('every message of a body counts, and the body is refused exactly when one of them is marked', () => {
  assert(
    property(array(boolean()), (marks) => {
      const body = batch(marks.map((marked) => message(marked ? refusedId(id) : id)))
      expect(countMessages(body)).toBe(marks.length)
      expect(holdsRefused(body)).toBe(marks.includes(true))
    }),
  )
})

test('due times come back as they went in, in order, whatever else a message holds', () => {
  assert(
    property(array(integer({ min: 0, max: 9_999_999_999_999 })), string(), (dues, name) => {
      const stamped = dues.map((due) => withDue(message(id, name), due))
      expect(dueTimes(batch(stamped))).toStrictEqual(dues)
    }),
  )
})

test('a due time changes nothing but the id, and not the message it was given', () => {
  const original = message(id)
  expect(withDue(original, 1_800_000_000_123).toString()).toBe(message('01HQ3ZK5V7ABC1800000000123').toString())
  expect(original).toStrictEqual(message(id))
})

test('messages without a due time are left out', () => {
  expect(dueTimes(batch([message(id), withDue(message(id), 7)]))).toStrictEqual([7])
})

test('what has no messageId cannot tell when it was due', () => {
  expect(() => withDue(Buffer.from('{}'), 1)).toThrow('a message of the benchmark has no messageId')
})
