import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Letter } from '../../src/dead-letters/letter.ts'
import { createMarkIndex } from '../../src/dead-letters/mark-index.ts'
import { hashOf } from '../../src/dead-letters/person.ts'

const where = { topic: 'dlq', partition: 1 }
const letterAt = (offset: number): Letter => ({ place: { ...where, offset } }) as Letter

test('exactly the marked letters are redriven, in whatever order the marks come', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3_000), { maxLength: 2_500 }), fc.nat(3_000), (offsets, asked) => {
      const index = createMarkIndex(where)
      for (const offset of offsets) index.learn({ kind: 'redriven', ...where, offset }, 9)
      expect(index.isRedriven(asked)).toBe(offsets.includes(asked))
      for (const offset of offsets.slice(0, 20)) expect(index.isRedriven(offset)).toBe(true)
    }),
  )
})

test('a mark that names another partition is not believed', () => {
  const index = createMarkIndex(where)
  index.learn({ kind: 'redriven', topic: 'dlq', partition: 0, offset: 7 }, 9)
  index.learn({ kind: 'redriven', topic: 'other', partition: 1, offset: 7 }, 9)
  expect(index.isRedriven(7)).toBe(false)
})

test('a forgotten person is so up to the mark, and not afterwards; a letter of nobody forgotten is open', () => {
  const index = createMarkIndex(where)
  index.learn({ kind: 'forgotten', personHash: hashOf('42') }, 5)
  index.learn({ kind: 'redriven', ...where, offset: 3 }, 6)
  const states = [3, 4, 6].map((offset) => index.stateOf(letterAt(offset), () => ['a@example.org', '42']))
  expect(states).toEqual(['forgotten', 'forgotten', 'open'])
  expect(index.stateOf(letterAt(3), () => ['7'])).toBe('redriven')
})

const persons = (): never => expect.fail('asked')

test('persons are only asked for where somebody is forgotten', () => {
  const index = createMarkIndex(where)
  expect(index.stateOf(letterAt(1), persons)).toBe('open')
})
