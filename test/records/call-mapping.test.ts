import { describe, expect, test } from 'vitest'
import { callParts, mappingOf, needsRecord, placeText, readPlaces, valuePath } from '../../src/records/call-mapping.ts'

describe('a place', () => {
  test.each([
    ['a path into the value', 'method', { value: 'a.b' }],
    ['the whole value, of a body', 'body', { value: true }],
    ['a header', 'path', { header: 'x-path' }],
    ['the key', 'id', { key: true }],
    ['a constant', 'method', { constant: 'PUT' }],
    ['the timestamp, of received_at', 'received_at', { timestamp: true }],
  ] as const)('may be %s', (_name, part, place) => {
    expect(readPlaces(part, place)).toEqual([place])
    expect(readPlaces(part, [place, { header: 'other' }])).toEqual([place, { header: 'other' }])
  })

  test.each([
    ['the whole value of a method', 'method', { value: true }],
    ['the timestamp as a path', 'path', { timestamp: true }],
    ['an empty path', 'body', { value: '' }],
    ['a path with a hole', 'body', { value: 'a..b' }],
    ['a path that ends in a dot', 'body', { value: 'a.' }],
    ['two places in one', 'body', { value: 'a', header: 'b' }],
    ['no place', 'body', {}],
    ['an unknown kind', 'body', { values: 'a' }],
    ['a header without a name', 'body', { header: '' }],
    ['a header that is a number', 'body', { header: 1 }],
    ['a key that is not wanted', 'id', { key: false }],
    ['a text', 'body', 'value'],
    ['nothing', 'body', null],
    ['an empty list', 'body', []],
    ['a list with something else in it', 'body', [{ value: 'a' }, 'b']],
  ] as const)('is never %s', (_name, part, place) => {
    expect(readPlaces(part, place)).toBe(undefined)
  })

  test.each([
    ['a', ['a']],
    ['a.b.c', ['a', 'b', 'c']],
    [String.raw`a\.b.c`, ['a.b', 'c']],
    [String.raw`a\\.b`, ['a\\', 'b']],
    ['0.1', ['0', '1']],
  ])('%s is cut at its dots', (text, keys) => {
    expect(valuePath(text)).toEqual(keys)
  })

  test('is named for people', () => {
    const places = [
      { value: true },
      { value: 'a.b' },
      { header: 'x' },
      { key: true },
      { constant: 'PUT' },
      { timestamp: true },
    ]
    expect(places.map((place) => placeText(place as Parameters<typeof placeText>[0]))).toEqual([
      'the whole value',
      'value "a.b"',
      'header "x"',
      'the key',
      'constant "PUT"',
      'the timestamp',
    ])
  })
})

test('only the presets that look beyond the value need a whole record', () => {
  expect((['envelope', 'v2', 'http-log', 'segment-v1'] as const).map(needsRecord)).toEqual([false, false, true, false])
  expect(needsRecord({ body: [{ value: true }], id: [{ key: true }] })).toBe(true)
})

test('the presets are mappings that a configuration may hold as well', () => {
  for (const preset of ['v2', 'http-log', 'segment-v1'] as const) {
    const mapping = mappingOf(preset)
    for (const part of callParts) expect(readPlaces(part, mapping?.[part] ?? [{ header: 'x' }])).toBeDefined()
  }
})
