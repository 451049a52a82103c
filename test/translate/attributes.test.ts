import { describe, expect, test } from 'vitest'
import { parseJson, stringifyJson } from '../../src/json.ts'
import { isEmptyObject, merge, without, withFirst, withLast } from '../../src/translate/attributes.ts'
import type { CallKey, CallObject } from '../../src/translate/call-object.ts'
import { scanCall } from '../../src/translate/call-scanner.ts'

const texts = [
  '{}',
  '{"email":"a@b.c"}',
  '{"email":"a@b.c","x":1}',
  '{"x":1,"email":"a@b.c"}',
  '{"x":1,"email":"a@b.c","y":[2]}',
  '{"o":{"email":"a@b.c"},"email":"a@b.c"}',
  '{"email":"a@b.c","o":{"email":"a@b.c"}}',
  '{"s":",\\"email\\":\\"a@b.c\\"","email":"a@b.c"}',
  '{"id":1.50,"url":null,"email":{"id":1},"__proto__":{}}',
]

type Edit = [name: string, edit: (object: CallObject) => CallObject]

const edits: Edit[] = [
  ...(['email', 'id', 'url'] as CallKey[]).map((key): Edit => [`without ${key}`, (object) => without(object, [key])]),
  ['without two keys', (object) => without(object, ['email', 'id'])],
  ['with one more before', (object) => withFirst('name', 'a "b"', object)],
  ['with one more after', (object) => withLast(object, 'name', { a: ['"'] })],
  ['with another value in its place', (object) => withLast(object, 'email', 'new')],
  ['merged over others', (object) => merge(parseJson('{"x":0,"id":0}') as CallObject, object)],
  ['merged under others', (object) => merge(object, parseJson('{"x":0,"id":0}') as CallObject)],
  ['cut after it was joined', (object) => without(withLast(withFirst('id', '7', object), 'url', 'u'), ['id'])],
]

describe.each(edits)('attributes %s', (_, edit) => {
  test.each(texts)('are the same for %s, verbatim and plain', (text) => {
    const verbatim = edit(scanCall(Buffer.from(text)) as CallObject)
    const plain = edit(parseJson(text) as CallObject)
    expect(stringifyJson(verbatim)).toBe(stringifyJson(plain))
    expect(isEmptyObject(verbatim)).toBe(isEmptyObject(plain))
  })
})

test('what is cut is what was meant', () => {
  expect(
    stringifyJson(without(scanCall(Buffer.from('{"o":{"email":"a"},"email":"a","z":1}')) as CallObject, ['email'])),
  ).toBe('{"o":{"email":"a"},"z":1}')
})
