import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLedger } from '../../src/sink/committable.ts'

function ledgerOf(...fetches: readonly (readonly [offsets: readonly number[], next: number])[]) {
  const ledger = createLedger()
  for (const [offsets, next] of fetches) ledger.handIn(offsets, next)
  const settle = (...offsets: readonly number[]): number | null => {
    for (const offset of offsets) ledger.settle(offset)
    return ledger.committable()
  }
  return { ledger, settle }
}

test('nothing is committable before anything has settled', () => {
  expect(ledgerOf([[5, 6], 8]).ledger.committable()).toBe(null)
})

test('the last record of a fetch carries the control records behind it', () => {
  const { ledger, settle } = ledgerOf([[5, 7], 10])
  expect([settle(5), ledger.passed(), settle(7), ledger.passed()]).toEqual([6, 1, 10, 2])
})

test('a record that settles ahead of others waits for them', () => {
  const { settle } = ledgerOf([[5, 6, 9], 10])
  expect([settle(6, 9), settle(5)]).toEqual([null, 10])
})

test('a fetch of filtered records alone moves on once all before it has settled', () => {
  const { ledger, settle } = ledgerOf([[5], 6], [[], 9])
  expect([ledger.committable(), settle(5)]).toEqual([null, 9])
  expect(ledgerOf([[], 9]).ledger.committable()).toBe(9)
})

test('an empty repeat of a fetch changes nothing', () => {
  const { ledger, settle } = ledgerOf([[5], 6], [[], 3])
  expect([ledger.end(), settle(5)]).toEqual([6, 6])
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
      return [offsets, offset] as const
    })
  })

test('committable never passes a record that has not settled, and ends at the end', () => {
  const orders = fetches.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all.flatMap(([offsets]) => offsets))),
  )
  fc.assert(
    fc.property(orders, ([all, settling]) => {
      const { ledger, settle } = ledgerOf(...all)
      const offsets = all.flatMap(([own]) => own)
      const settled = new Set<number>()
      for (const offset of settling) {
        const before = ledger.committable() ?? 0
        const after = settle(offset) ?? 0
        settled.add(offset)
        const open = offsets.find((one) => !settled.has(one)) ?? Infinity
        expect(after).toBeGreaterThanOrEqual(before)
        expect(after).toBeLessThanOrEqual(open)
        expect(after).toBeGreaterThan(offsets.findLast((one) => one < open) ?? -1)
      }
      expect(settle(...offsets.filter((offset) => !settled.has(offset))) ?? 0).toBe(all.at(-1)?.[1] ?? 0)
    }),
  )
})

test('what it keeps of ten thousand fetches does not slow or bend the ones after them', () => {
  const { ledger, settle } = ledgerOf()
  for (let offset = 0; offset < 10_000; offset += 2) {
    ledger.handIn([offset, offset + 1], offset + 2)
    expect(settle(offset + 1)).toBe(offset === 0 ? null : offset)
    expect(settle(offset)).toBe(offset + 2)
  }
})
