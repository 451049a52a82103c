import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { emptyLedger, handIn, settle, type Ledger } from '../../src/sink/committable.ts'

test('nothing is committable before anything has settled', () => {
  expect(handIn(emptyLedger, [5, 6], 8).committable).toBe(null)
})

test('the last record of a fetch carries the control records behind it', () => {
  const ledger = handIn(emptyLedger, [5, 7], 10)
  expect(settle(ledger, [5]).committable).toBe(6)
  expect(settle(ledger, [5, 7]).committable).toBe(10)
})

test('a record that settles ahead of others waits for them', () => {
  const ahead = settle(handIn(emptyLedger, [5, 6, 9], 10), [6, 9])
  expect(ahead.committable).toBe(null)
  expect(settle(ahead, [5]).committable).toBe(10)
})

test('a fetch of filtered records alone moves on once all before it has settled', () => {
  const ledger = handIn(handIn(emptyLedger, [5], 6), [], 9)
  expect(ledger.committable).toBe(null)
  expect(settle(ledger, [5]).committable).toBe(9)
  expect(handIn(emptyLedger, [], 9).committable).toBe(9)
})

test('an empty repeat of a fetch changes nothing', () => {
  const ledger = handIn(emptyLedger, [5], 6)
  expect(handIn(ledger, [], 3)).toEqual(ledger)
})

const fetches = fc
  .array(fc.record({ gaps: fc.array(fc.nat(3), { maxLength: 6 }), control: fc.nat(2) }), { maxLength: 6 })
  .map((specs) => {
    let offset = 0
    return specs.map(({ gaps, control }) => {
      const offsets = gaps.map((gap) => {
        offset += gap
        return offset++
      })
      offset += control
      return { offsets, next: offset }
    })
  })

test('committable never passes a record that has not settled, and ends at the end', () => {
  const orders = fetches.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all.flatMap(({ offsets }) => offsets))),
  )
  fc.assert(
    fc.property(orders, ([all, settling]) => {
      let ledger: Ledger = all.reduce((sum, { offsets, next }) => handIn(sum, offsets, next), emptyLedger)
      const offsets = all.flatMap((fetch) => fetch.offsets)
      const settled = new Set<number>()
      for (const offset of settling) {
        const before = ledger.committable ?? 0
        ledger = settle(ledger, [offset])
        settled.add(offset)
        const open = offsets.find((one) => !settled.has(one)) ?? Infinity
        expect(ledger.committable ?? 0).toBeGreaterThanOrEqual(before)
        expect(ledger.committable ?? 0).toBeLessThanOrEqual(open)
        const end = offsets.findLast((one) => one < open)
        expect(ledger.committable ?? 0).toBeGreaterThan(end ?? -1)
      }
      const rest = offsets.filter((offset) => !settled.has(offset))
      const done = settle(ledger, rest)
      expect({ pending: done.pending, ahead: done.ahead.size, end: done.committable ?? 0 }).toEqual({
        pending: [],
        ahead: 0,
        end: all.at(-1)?.next ?? 0,
      })
    }),
  )
})
