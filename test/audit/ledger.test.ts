import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLedger, flag, type Stand } from '../../src/audit/ledger.ts'

const destinations = 2
const records = fc.array(
  fc.record({
    step: fc.integer({ min: 1, max: 70 }),
    count: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 60, max: 66 }), fc.constant(1_000)),
    stand: fc.constantFrom<Stand[]>('translated', 'unsupported', 'dead-letter', 'skipped', 'unknown'),
    flags: fc.constantFrom(0, flag.expectsDeadLetter, flag.bearsReplay | flag.expectsUnsupported),
  }),
  { maxLength: 30 },
)

test('the ledger gives back what was entered of each record and message, whatever stands beside it', () => {
  fc.assert(
    fc.property(records, fc.nat(1_000_000), fc.integer({ min: 1, max: 7 }), (list, from, share) => {
      let offset = from - 1
      const entries = list.map(({ step, ...entry }) => ({ ...entry, offset: (offset += step) }))
      const ledger = createLedger({ topic: 'raw', partition: 0, from, to: offset + 2 }, destinations)
      const marked: string[] = []
      for (const { stand, ...entry } of entries) ledger.add(entry.offset, stand, entry)
      const messages = entries.flatMap((entry) =>
        Array.from({ length: entry.count }, (_, index) =>
          [0, 1].map((destination) => ({ ...entry, destination, index })),
        ).flat(),
      )
      messages.forEach((message, number) => {
        if (number % share !== 0) return
        ledger.expect(message.offset, message)
        if (number % 2 === 0) ledger.find(message.offset, message)
        marked.push(`${message.offset}:${message.index}:${message.destination}:${number % 2 === 0}`)
      })
      const seen = messages.flatMap((message) =>
        ledger.isExpected(message.offset, message)
          ? [`${message.offset}:${message.index}:${message.destination}:${ledger.isFound(message.offset, message)}`]
          : [],
      )
      expect(seen).toEqual(marked)
      expect(entries.map((entry) => [ledger.stand(entry.offset), ledger.count(entry.offset)])).toEqual(
        entries.map(({ stand, count }) => [stand, count]),
      )
      expect(entries.map((entry) => entry.flags === 0 || ledger.has(entry.offset, entry.flags))).not.toContain(false)
      expect(ledger.stand(offset + 1)).toBe('none')
    }),
  )
})

test('a mark stays beside what was entered', () => {
  const ledger = createLedger({ topic: 'raw', partition: 0, from: 5, to: 8 }, 1)
  ledger.add(6, 'dead-letter', { count: 62, flags: flag.expectsDeadLetter })
  ledger.mark(6, flag.hasDeadLetter | flag.isGivenUp)
  const flags = Object.entries(flag).filter(([, bit]) => ledger.has(6, bit))
  expect([ledger.stand(6), ledger.count(6), flags.map(([name]) => name)]).toEqual([
    'dead-letter',
    62,
    ['expectsDeadLetter', 'hasDeadLetter', 'isGivenUp'],
  ])
})
