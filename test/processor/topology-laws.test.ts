import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCounter } from '../../src/processor/counts.ts'
import { processRecord, tooLargeRecord, type Processed } from '../../src/processor/topology.ts'
import { bytesOf, type DeadLetter } from '../../src/records/dead-letter.ts'
import { rawRecord, rawTimestamp, routeTo, topologySettings } from '../support/raw-records.ts'
import { fixtureRows } from '../translate/fixture-rows.ts'

const lettersOf = ({ records }: Processed): DeadLetter[] =>
  records
    .filter(({ topic }) => topic === 'dlq' || topic === 'unsupported')
    .map(({ value }) => JSON.parse(String(value)) as DeadLetter)

const callBytes = fc.constantFrom(...fixtureRows).map(({ callText }) => Buffer.from(callText))
const brokenCalls = fc.tuple(callBytes, fc.nat(), fc.nat({ max: 255 })).map(([bytes, place, byte]) => {
  const broken = Buffer.from(bytes)
  broken[place % Math.max(1, broken.length)] = byte
  return broken
})
const anyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
const values = fc.oneof(callBytes, brokenCalls, anyBytes, fc.constant(null))
const bytes = fc.option(anyBytes)
const records = fc
  .record({
    value: values,
    key: bytes,
    offset: fc.maxSafeNat(),
    partition: fc.nat({ max: 1000 }),
    timestamp: fc.oneof(
      fc.constantFrom(-1, 0, rawTimestamp, Number.MAX_SAFE_INTEGER, -(2 ** 63), 2 ** 63),
      fc.integer(),
    ),
    headers: fc.array(fc.tuple(fc.string(), bytes), { maxLength: 4 }),
  })
  .map(({ value, ...changes }) => rawRecord(value, changes))
const settings = topologySettings([
  routeTo('main'),
  routeTo('some', { where: { types: ['identify'], excludeEmailOnly: true } }),
])

test('any record ends in one slot with the records of that slot, never throws, and gives the same bytes twice', () => {
  fc.assert(
    fc.property(records, (raw) => {
      const processed = processRecord(raw, settings)
      expect(processRecord(raw, settings)).toEqual(processed)
      const count = (topic: string): number => processed.records.filter((record) => record.topic === topic).length
      const messages = count('main')
      expect(count('dlq')).toBeLessThanOrEqual(1)
      expect(count('unsupported')).toBeLessThanOrEqual(1)
      expect(processed.slot === 'translated').toBe(messages > 0)
      expect(processed.slot === 'skipped').toBe(raw.value === null)
      if (processed.slot === 'dead-letter') expect(count('dlq')).toBe(1)
      if (processed.slot === 'unsupported') expect(count('unsupported')).toBe(1)
      expect(processed.records.every((record) => record.timestamp === raw.timestamp)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('dead letters and unsupported records hold every byte of the original', () => {
  fc.assert(
    fc.property(records, (raw) => {
      for (const processed of [processRecord(raw, settings), tooLargeRecord(raw, settings)])
        for (const letter of lettersOf(processed)) {
          expect(bytesOf(letter.value, letter.valueEncoding)).toEqual(raw.value)
          expect(bytesOf(letter.key, letter.keyEncoding)).toEqual(raw.key)
          const headers = letter.headers.map(([name, text, encoding]) => [name, bytesOf(text, encoding)])
          expect(headers).toEqual(raw.headers)
        }
    }),
    { numRuns: 300 },
  )
})

test('in = translated + unsupported + dead letters + skipped, and every record written is counted', () => {
  fc.assert(
    fc.property(fc.array(records, { maxLength: 20 }), (raws) => {
      const counter = createCounter()
      const processed = raws.map((raw) => processRecord(raw, settings))
      processed.forEach((one) => counter.add(one))
      const { raw, translated, unsupported, deadLetters, skipped, written } = counter.counts()
      expect(translated + unsupported + deadLetters + skipped).toBe(raw)
      expect(raw).toBe(raws.length)
      const sum = Object.values(written).reduce((total, count) => total + count, 0)
      expect(sum).toBe(processed.flatMap((one) => one.records).length)
    }),
    { numRuns: 50 },
  )
})
