import { describe, expect, test } from 'vitest'
import { parseJson, stringifyJson } from '../../src/json.ts'
import { callKeys, createVerbatim, isVerbatim, textOf } from '../../src/translate/call-object.ts'
import { scanCall } from '../../src/translate/call-scanner.ts'
import { cutMembers } from '../../src/translate/json-members.ts'

const scan = (text: string): unknown => scanCall(Buffer.from(text))
const plain = (value: unknown): unknown => parseJson(stringifyJson(value))

test.each([
  '{}',
  '{"id":"42","unknown":{"email":1},"name":"a \\"b\\" \\\\ \\n"}',
  '{"body":{"data":{"n":[1,-2.50,1e5,12345678901234567890,{}]}},"type":null,"batch":[true,false,[],"é漢"]}',
  '{"__proto__":{"id":1},"constructor":2,"toJSON":3,"text":4}',
  '[]',
  '"text"',
  '7',
])('%s is read as it stands', (text) => {
  expect(stringifyJson(plain(scan(text)))).toBe(text)
})

test('a verbatim object has its text and the keys that rules read, decoded', () => {
  const call = scan('{"id":"a\\"b","other":{"id":1},"timestamp":1.50,"device":{"token":"t","x":0}}')
  if (!isVerbatim(call) || !isVerbatim(call.device)) throw new Error('not verbatim')
  expect([call.id, call.timestamp, call.body, call.device.token]).toEqual(['a"b', parseJson('1.50'), undefined, 't'])
  expect(textOf(call.device)).toBe('{"token":"t","x":0}')
})

test.each(callKeys)('the key %s is read', (key) => {
  expect(scan(`{"other":0,"${key}":7}`)).toHaveProperty(key, 7)
})

describe('what JSON.stringify would not print again is left to JSON.parse', () => {
  test.each([
    ['a blank', '{"a": 1}'],
    ['a line feed at the end', '{"a":1}\n'],
    ['a key twice', '{"a":1,"b":2,"a":3}'],
    ['a key twice inside', '{"x":[{"a":1,"a":1}]}'],
    ['a number as a key', '{"b":1,"2":2}'],
    ['an escape in a key', '{"a\\n":1}'],
    ['an escape that is not needed', '{"a":"\\/"}'],
    ['a character by its number', '{"a":"\\u00e9"}'],
    ['more than 64 keys', JSON.stringify(Object.fromEntries(Array.from({ length: 70 }, (_, key) => [`k${key}`, 0])))],
    ['more than 64 levels', `{"a":${'['.repeat(64)}${']'.repeat(64)}}`],
    ['more than a million characters', JSON.stringify('x'.repeat(1_000_000))],
  ])('%s', (_, text) => {
    expect(scan(text)).toBe(undefined)
    expect(() => parseJson(text)).not.toThrow()
  })
})

describe('what is no JSON is refused', () => {
  test.each([
    '',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,}',
    '{"a":1}}',
    '{"a":1]',
    '[1}',
    '[1,]',
    '[',
    '"a',
    '"a\\',
    '"\t"',
    '{a:1}',
    '{"a"1}',
    '{"a":01}',
    '{"a":-}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":1e}',
    '{"a":tru}',
    '{"a":nul',
    '\u0000',
  ])('%j', (text) => {
    expect(scan(text)).toBe(undefined)
    expect(scan(`{"id":${text}}`)).toBe(undefined)
  })
})

test.each([
  ['{"a":1,"b":[2,{"a":3}],"c":"x"}', ['a'], '{"b":[2,{"a":3}],"c":"x"}'],
  ['{"a":1,"b":[2,{"a":3}],"c":"x"}', ['b'], '{"a":1,"c":"x"}'],
  ['{"a":1,"b":[2,{"a":3}],"c":"x"}', ['c', 'a'], '{"b":[2,{"a":3}]}'],
  ['{"a":1}', ['a'], '{}'],
  ['{}', ['a'], '{}'],
])('%s without %j is %s', (text, keys, expected) => {
  const kept = createVerbatim()
  cutMembers({ bytes: Buffer.from(`[${text}]`), start: 1, end: text.length + 1 }, keys, kept)
  expect(textOf(kept)).toBe(expected)
})
