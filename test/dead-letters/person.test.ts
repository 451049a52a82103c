import { expect, test } from 'vitest'
import type { Letter } from '../../src/dead-letters/letter.ts'
import { personsOf, sourceOf } from '../../src/dead-letters/person.ts'
import { createCallReader } from '../../src/records/call-source.ts'

const deps = { readCall: createCallReader('envelope') }

const letterOf = (value: unknown, changes: { readonly stage?: 'sink'; readonly key?: string } = {}): Letter => {
  const { stage = 'process', key } = changes
  const content = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  const source = { topic: 't', partition: 0, offset: 0, timestamp: 0, headers: [] }
  return {
    stage,
    source: { ...source, key: key === undefined ? null : Buffer.from(key), value: content },
  } as unknown as Letter
}

const event = {
  type: 'person',
  action: 'event',
  identifiers: { id: 'a' },
  name: 'x',
  attributes: { id: 'product', email: 'b@x' },
}

test.each([
  ['a v2 event', event, ['a', 'b@x']],
  [
    'a v2 batch',
    { batch: [event, { ...event, identifiers: { email: 'c@x', cio_id: 'd' }, attributes: {} }] },
    ['a', 'b@x', 'c@x', 'd'],
  ],
  [
    'a v1 path',
    { method: 'PUT', path: '/api/v1/customers/a%40b/events', body: { name: 'x', id: 'event-id' } },
    ['a@b'],
  ],
  ['a v1 body as text', { method: 'POST', path: '/api/v1/events', body: '{"anonymous_id":"q"}' }, ['q']],
  [
    'a merge',
    { method: 'POST', path: '/api/v1/merge_customers', body: { primary: { id: 'p' }, secondary: { email: 's@x' } } },
    ['p', 's@x'],
  ],
  [
    'members of a segment',
    { method: 'POST', path: '/api/v1/segments/1/add_customers', body: { ids: ['m', 7] } },
    ['m', '7'],
  ],
  ['a path that is no percent encoding', { method: 'PUT', path: '/api/v1/customers/%zz', body: {} }, ['%zz']],
  [
    'an object with relationships',
    {
      type: 'object',
      action: 'identify',
      identifiers: { object_type_id: '1', object_id: 'o' },
      cio_relationships: [{ identifiers: { id: 'r' } }],
    },
    [],
  ],
  ['no call at all', '{', []],
])('of %s', (_what, value, persons) => {
  expect(personsOf(letterOf(value), deps)).toEqual(persons)
  expect(personsOf(letterOf(value, { key: 'k' }), deps)).toEqual(['k', ...persons])
})

test('of a message: its ids, its identifiers and its email', () => {
  const context = { journeys: { identifiers: { id: 'u', email: 'e@x' } } }
  const message = { userId: 'u', anonymousId: 'n', previousId: 'p', traits: { email: 't@x' }, context, groupId: 'g' }
  expect(personsOf(letterOf(message, { stage: 'sink' }), deps)).toEqual(['u', 'n', 'p', 't@x', 'e@x'])
})

const decodeAvro = () => ({ ok: true, value: { payload: '{"userId":"u"}' } }) as const

test('of a message in Avro: those of its payload', () => {
  const letter = letterOf('\u0000avro', { stage: 'sink' })
  expect([personsOf(letter, deps), personsOf(letter, { ...deps, decodeAvro })]).toEqual([[], ['u']])
})

test('the source is that of the call', () => {
  const call = { method: 'PUT', path: '/api/v1/customers/1', body: {}, source: 'web' }
  expect([sourceOf(letterOf(call), deps), sourceOf(letterOf(call, { stage: 'sink' }), deps)]).toEqual([
    'web',
    undefined,
  ])
})
