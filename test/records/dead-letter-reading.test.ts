import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { deadLetterRecord, type DeadLetterInput } from '../../src/records/dead-letter.ts'
import { readLetterText } from '../../src/records/dead-letter-reading.ts'
import { anyLetter } from '../support/any-letter.ts'

const written = (input: DeadLetterInput): Buffer => Buffer.from(deadLetterRecord(input).value)

test('a letter is read as it was written, every byte of it', () => {
  fc.assert(
    fc.property(anyLetter, (letter) => {
      expect(readLetterText(written(letter), 5)).toEqual(letter)
    }),
  )
})

test("a time that was no date is that of the letter's record", () => {
  fc.assert(
    fc.property(anyLetter, (letter) => {
      const source = { ...letter.source, timestamp: Number.NaN }
      const read = readLetterText(written({ ...letter, source, at: 2 ** 60 }), 5)
      expect(read).toEqual({ ...letter, source: { ...source, timestamp: 5 }, at: 5 })
    }),
  )
})

const [letter] = fc.sample(anyLetter, { numRuns: 1, seed: 1 })
const document = { ...(JSON.parse(written(letter as DeadLetterInput).toString()) as object), key: 'aa' }

const broken: readonly (readonly [string, string])[] = [
  ['no JSON', '{'],
  ['a text', '"text"'],
  ...Object.entries({
    source: null,
    reason: 7,
    stage: 'other',
    attempt: '1',
    message: null,
    keyEncoding: 'hex',
    value: 7,
    headers: 'none',
  }).map(
    ([key, value]) => [`with ${key} ${JSON.stringify(value)}`, JSON.stringify({ ...document, [key]: value })] as const,
  ),
  ['with a header that is none', JSON.stringify({ ...document, headers: [['a', 'b']] })],
]

test.each(broken)('a value that is %s is no letter', (_what, text) => {
  expect(readLetterText(Buffer.from(text), 5)).toBe(undefined)
})
