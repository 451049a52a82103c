import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson, stringifyJson } from '../../src/json.ts'

const number = fc.oneof(
  fc.stringMatching(/^-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?$/),
  fc.constantFrom(
    '-0',
    '0',
    '-0.0',
    '0.0000001',
    '1.0',
    '1e5',
    '10',
    '1000000000000000',
    '-9007199254740993',
    '0.000001',
  ),
)
const blank = fc.constantFrom('', ' ', '  ', '\t', '\r\n', '\n    ')

test('a number keeps its text wherever it stands and whatever blanks are round it', () => {
  fc.assert(
    fc.property(
      number,
      blank,
      blank,
      fc.constantFrom('', '"x":"1.5",', '"x":[1,2.5],'),
      (text, before, after, first) => {
        const spaced = `{${first}"a":${before}${text}${after},"b":[${before}${text}${after},${before}${text}]}`
        expect(stringifyJson(parseJson(spaced))).toBe(`{${first}"a":${text},"b":[${text},${text}]}`)
      },
    ),
    { numRuns: 2000 },
  )
})
