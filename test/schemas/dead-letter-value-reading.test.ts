import avro from 'avsc'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { deadLetterReader } from '../../src/schemas/dead-letter-value-reading.ts'
import { deadLetterEncoder } from '../../src/schemas/dead-letter-value.ts'
import { ownSchema } from '../../src/schemas/own-schemas.ts'
import { anyLetter } from '../support/any-letter.ts'

test.each(['DeadLetter', 'Unsupported'] as const)(
  'a %s in Avro is read as it was written, every byte of it',
  (name) => {
    const read = deadLetterReader(ownSchema(name))
    fc.assert(
      fc.property(anyLetter, (letter) => {
        expect(read?.(deadLetterEncoder(9)(letter), 5)).toEqual(letter)
      }),
    )
  },
)

type Schema = { readonly fields: readonly { readonly name: string }[] }

test('a letter of the schema without operations is read, and has none', () => {
  const schema = JSON.parse(ownSchema('DeadLetter')) as Schema
  const older = { ...schema, fields: schema.fields.filter(({ name }) => name !== 'operations') }
  const read = deadLetterReader(JSON.stringify(older))
  const olderType = avro.Type.forSchema(older as avro.Schema)
  const resolver = olderType.createResolver(avro.Type.forSchema(schema as unknown as avro.Schema))
  fc.assert(
    fc.property(anyLetter, (letter) => {
      const { operations: _operations, ...rest } = letter
      const value = deadLetterEncoder(9)(letter)
      const bytes = olderType.toBuffer(olderType.fromBuffer(value.subarray(5), resolver) as object)
      expect(read?.(Buffer.concat([value.subarray(0, 5), bytes]), 5)).toEqual(rest)
    }),
  )
})

test('bytes that are too short or too long are no letter', () => {
  const read = deadLetterReader(ownSchema('DeadLetter'))
  fc.assert(
    fc.property(anyLetter, (letter) => {
      const value = deadLetterEncoder(9)(letter)
      expect([read?.(value.subarray(0, -1), 5), read?.(Buffer.concat([value, Buffer.alloc(1)]), 5)]).toEqual([
        undefined,
        undefined,
      ])
    }),
  )
})

test.each([
  ['no schema', '{'],
  ['another record', ownSchema('TrackCall')],
  ['a text', '"string"'],
])('%s is no schema of dead letters', (_what, text) => {
  expect(deadLetterReader(text)).toBe(undefined)
})
