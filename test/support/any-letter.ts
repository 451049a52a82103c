// Any dead letter, for laws. Test support.
import * as fc from 'fast-check'
import type { DeadLetterInput } from '../../src/records/dead-letter.ts'

const bytes = fc.option(fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array)))
const name = fc.string({ maxLength: 20 }).map((text) => text.toWellFormed())
const time = fc.integer({ min: 0, max: 253_402_300_799_999 })
const count = fc.nat(2 ** 31 - 1)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const given = <T>(key: string, value: T | undefined) => (value === undefined ? {} : { [key]: value })

/** Times are dates and texts are not cut, so that it comes back as it was. */
export const anyLetter: fc.Arbitrary<DeadLetterInput> = fc
  .record({
    source: fc.record({
      topic: name,
      partition: count,
      offset: fc.maxSafeNat().map((offset) => offset % 2 ** 52),
      timestamp: time,
      key: bytes,
      value: bytes,
      headers: fc.array(fc.tuple(name, bytes), { maxLength: 3 }),
    }),
    reason: name,
    message: name,
    stage: fc.constantFrom('process' as const, 'sink' as const),
    destination: fc.option(name),
    attempt: fc.integer({ min: 1, max: 1_000 }),
    at: time,
    field: maybe(name),
    operations: maybe(fc.array(count, { maxLength: 4 })),
    answer: maybe(fc.record({ status: fc.integer({ min: 100, max: 599 }), body: name })),
  })
  .map(({ field, operations, answer, ...letter }) => ({
    ...letter,
    ...given('field', field),
    ...given('operations', operations),
    ...given('answer', answer),
  }))
