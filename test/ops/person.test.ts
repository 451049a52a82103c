import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { concealPerson } from '../../src/ops/person.ts'

test.each([
  ['a text', { person: '42' }, { person: 'sha256:73475cb40a56' }],
  ['the bytes of a key', { person: Buffer.from('42'), offset: 7 }, { offset: 7, person: 'sha256:73475cb40a56' }],
  ['bytes that are no text', { person: Buffer.from([0xff, 0]) }, { person: 'sha256:ea5dbf9596d1' }],
  ['no key', { person: null, offset: 7 }, { offset: 7 }],
  ['an empty key', { person: Buffer.alloc(0) }, {}],
  ['something that is no id', { person: { id: '42' } }, {}],
  ['no person', { offset: 7 }, { offset: 7 }],
])('of %s a line shows a hash or nothing', (_name, fields, shown) => {
  expect(concealPerson(fields, false)).toStrictEqual(shown)
})

test.each([
  ['a text', { person: '42' }, { person: '42' }],
  ['the bytes of a key', { person: Buffer.from('zoë@example.org') }, { person: 'zoë@example.org' }],
  ['a key as large as a record', { person: Buffer.alloc(100_000, 'x') }, { person: 'x'.repeat(200) }],
  ['no key', { person: null }, {}],
])('where ids are shown, %s stays as it is', (_name, fields, shown) => {
  expect(concealPerson(fields, true)).toStrictEqual(shown)
})

test('the hash of any id is the one that sha256sum gives of it, so that an id can be looked for', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (person) => {
      const hex = createHash('sha256').update(person, 'utf8').digest('hex')
      expect(concealPerson({ person }, false)).toStrictEqual({ person: `sha256:${hex.slice(0, 12)}` })
    }),
  )
})
