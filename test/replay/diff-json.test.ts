import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson, stringifyJson } from '../../src/json.ts'
import { canonicalJson, diffJson, diffTexts, withoutIndices, type Change } from '../../src/replay/diff-json.ts'

const texts = (here: string, there: string) => diffTexts(Buffer.from(here), Buffer.from(there))
const diff = (here: string, there: string) => diffJson(parseJson(here), parseJson(there))

describe('two JSON values', () => {
  test.each<[here: string, there: string, changes: readonly Change[]]>([
    ['{"a":1,"b":[{"c":2,"d":3}]}', '{"b":[{"d":3,"c":2}],"a":1}', []],
    [
      '{"traits":{"plan":"free"}}',
      '{"traits":{"plan":"pro"}}',
      [{ path: 'traits.plan', here: '"free"', there: '"pro"' }],
    ],
    ['{"a":null}', '{}', [{ path: 'a', here: 'null', there: undefined }]],
    ['{}', '{"a":{"b":[]}}', [{ path: 'a', here: undefined, there: '{"b":[]}' }]],
    [
      '{"a":[1,2]}',
      '{"a":[1,3,4]}',
      [
        { path: 'a[1]', here: '2', there: '3' },
        { path: 'a[2]', here: undefined, there: '4' },
      ],
    ],
    ['{"a":{}}', '{"a":[]}', [{ path: 'a', here: '{}', there: '[]' }]],
    ['{"a":"1"}', '{"a":1}', [{ path: 'a', here: '"1"', there: '1' }]],
    ['{"a":1.0}', '{"a":1}', [{ path: 'a', here: '1.0', there: '1' }]],
    [
      '{"a":12345678901234567890}',
      '{"a":12345678901234567891}',
      [{ path: 'a', here: '12345678901234567890', there: '12345678901234567891' }],
    ],
    ['{"a":1e400}', '{"a":2e400}', [{ path: 'a', here: '1e400', there: '2e400' }]],
    ['{"a b":{"c.d":1}}', '{"a b":{"c.d":2}}', [{ path: '["a b"]["c.d"]', here: '1', there: '2' }]],
    ['{"__proto__":1}', '{}', [{ path: '__proto__', here: '1', there: undefined }]],
    ['{}', '{"__proto__":{"a":1}}', [{ path: '__proto__', here: undefined, there: '{"a":1}' }]],
    ['1', '2', [{ path: '', here: '1', there: '2' }]],
  ])('%s and %s differ so', (here, there, changes) => {
    expect(diff(here, there)).toStrictEqual(changes)
  })

  test('have the same canonical text when, and only when, nothing differs', () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom('{"a":1.0}', '{"a":1}', '[1e400]', '{"a":[1,{"b":2}]}').map((text) => parseJson(text)),
    )
    fc.assert(
      fc.property(value, value, (here, there) => {
        expect(canonicalJson(here) === canonicalJson(there)).toBe(diffJson(here, there).length === 0)
      }),
    )
  })

  test('are the same whatever the order of their keys', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([key, member]) => [key, shuffled(member)]),
      )
    }
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (given) => {
        // As JSON reads it: no minus zero, no undefined.
        const value = parseJson(stringifyJson(given))
        expect(diffJson(value, shuffled(value))).toStrictEqual([])
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value))
      }),
    )
  })
})

describe('two texts', () => {
  test('that mean the same do not differ', () => {
    expect(texts('{"a":1,"b":2}', '{ "b": 2, "a": 1 }')).toStrictEqual([])
  })

  test.each([
    ['text that is no JSON', 'not { JSON'],
    ['an empty value', ''],
    ['more levels than a stack holds', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ])('differ as a whole where the second one is %s', (_name, there) => {
    expect(texts('{"a":1}', there)).toStrictEqual([{ path: '', here: '{"a":1}', there: `not JSON: ${there}` }])
  })
})

test.each([
  ['items[12].sku', 'items[*].sku'],
  ['a[0][1]', 'a[*][*]'],
  ['a["b[3]"].c[4]', 'a["b[3]"].c[*]'],
  ['["a\\"[1]"][2]', '["a\\"[1]"][*]'],
  ['traits.plan', 'traits.plan'],
])('%s is counted as %s', (path, counted) => {
  expect(withoutIndices(path)).toBe(counted)
})
