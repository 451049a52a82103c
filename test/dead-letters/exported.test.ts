import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { exportedLetter, mended, parseMendedLine, type MendedLine } from '../../src/dead-letters/exported.ts'
import type { Letter } from '../../src/dead-letters/letter.ts'
import { stringifyJson } from '../../src/json.ts'
import { anyLetter } from '../support/any-letter.ts'

const place = { topic: 'dlq', partition: 1, offset: 7 }
const toLetter = (input: Parameters<typeof mended>[0] | object): Letter =>
  ({ ...input, place, writtenAtMs: 5, replay: null }) as Letter

const parsed = (line: unknown): MendedLine => {
  const result = parseMendedLine(Buffer.from(stringifyJson(line)), 3)
  if ('fault' in result) throw new Error(result.fault)
  return result
}

test('a line that was not touched gives the letter back, every byte of it', () => {
  fc.assert(
    fc.property(anyLetter, (input) => {
      const letter = toLetter(input)
      expect(mended(letter, parsed(exportedLetter(letter, 'open')))).toEqual(letter)
    }),
  )
})

const [sample] = fc.sample(anyLetter, { numRuns: 1, seed: 1 })
const { operations: _operations, ...input } = sample!
const whole = toLetter({ ...input, source: { ...input.source, topic: 'raw' } })
const line = exportedLetter(whole, 'open')

test('a value of JSON stands for its text, every digit kept', () => {
  const bytes = Buffer.from(stringifyJson({ ...line, value: 'VALUE' }).replace('"VALUE"', '{"n":12345678901234567890}'))
  expect(parseMendedLine(bytes, 3)).toMatchObject({ value: Buffer.from('{"n":12345678901234567890}') })
})

test.each([
  [{ key: 7 }, 'key must be text or null, with keyEncoding utf8 or base64'],
  [{ value: 'a', valueEncoding: 'hex' }, 'value must be text, JSON or null, with valueEncoding utf8 or base64'],
  [{ headers: {} }, 'headers must be a list of [name, text or null, "utf8" or "base64"]'],
  [{ operations: 'all' }, 'operations must be numbers from 0, or null'],
  [{ letter: 'dlq:1' }, 'letter must be the place of a dead letter, TOPIC:PARTITION:OFFSET'],
])('a line with %j is at fault', (changes, fault) => {
  expect(parseMendedLine(Buffer.from(stringifyJson({ ...line, ...changes })), 3)).toEqual({ number: 3, fault })
})

test('a line of another original is no mended one', () => {
  const { offset, partition } = whole.source
  expect(mended(whole, { ...parsed(line), source: { topic: 'raw', partition, offset: -1 } })).toBe(
    `is not the letter at dlq:1:7, whose original stood at raw:${partition}:${offset}`,
  )
})

test('of a letter of some operations a line must say which ones', () => {
  expect(mended({ ...whole, operations: [1, 4] }, parsed(line))).toBe(
    "operations must say which ones to run, as [1, 4]: the others' messages are written already",
  )
})
