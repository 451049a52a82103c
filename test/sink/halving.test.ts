import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createHalving } from '../../src/sink/halving.ts'

/** Asks as the sink does, of an API that refuses whatever holds one of `bad`, or is longer than `longest`. */
function ask(calls: readonly number[], bad: ReadonlySet<number>, longest = Infinity) {
  const halving = createHalving(calls.length)
  const settled: number[] = []
  const offenders: number[] = []
  const requests: (readonly number[])[] = []
  for (let range = halving.next(); range !== undefined; range = halving.next()) {
    const part = calls.slice(range.start, range.end)
    requests.push(part)
    const isTooLarge = part.length > longest
    if (!isTooLarge && !part.some((call) => bad.has(call))) {
      halving.taken()
      settled.push(...part)
    } else if (halving.refused(isTooLarge)) {
      settled.push(...part)
      offenders.push(...part)
    }
  }
  return { settled, offenders, requests }
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

test('a batch that is taken takes one request', () => {
  expect(ask([1, 2, 3], new Set()).requests).toEqual([[1, 2, 3]])
})

test('a half that must be at fault, since the other one is taken, is not asked for again', () => {
  expect(ask(numbers(4), new Set([3])).requests).toEqual([[0, 1, 2, 3], [0, 1], [2], [3]])
})

test('what comes behind a fault goes out as a whole', () => {
  expect(ask(numbers(8), new Set([0])).requests).toEqual([numbers(8), [0, 1, 2, 3], [0, 1], [0], numbers(8).slice(1)])
})

test('one that is taken alone after all counts as taken', () => {
  const halving = createHalving(2)
  halving.next()
  halving.refused(false)
  halving.next()
  halving.taken()
  expect(halving.next()).toEqual({ start: 1, end: 2 })
  halving.taken()
  expect(halving.next()).toBe(undefined)
})

test('after 413 both halves are asked for, for each of them may fit, and nothing as long again', () => {
  expect(ask(numbers(4), new Set(), 2).requests).toEqual([
    [0, 1, 2, 3],
    [0, 1],
    [2, 3],
  ])
  expect(ask(numbers(8), new Set(), 2).requests.map(({ length }) => length)).toEqual([8, 4, 2, 2, 2, 2])
})

const cases = fc.integer({ min: 1, max: 300 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    bad: fc.uniqueArray(fc.nat(count - 1), { maxLength: 20 }),
    longest: fc.option(fc.integer({ min: 1, max: 300 }), { nil: Infinity }),
  }),
)

test('every call settles once and in order, and exactly those at fault are found', () => {
  fc.assert(
    fc.property(cases, ({ count, bad, longest }) => {
      const { settled, offenders } = ask(numbers(count), new Set(bad), longest)
      expect(settled).toEqual(numbers(count))
      expect(offenders).toEqual(bad.toSorted((one, other) => one - other))
    }),
  )
})

test('k at fault among n take at most k (log2(n) + 2) + 1 requests', () => {
  fc.assert(
    fc.property(cases, ({ count, bad }) => {
      const most = 1 + bad.length * (2 + Math.ceil(Math.log2(Math.max(2, count))))
      expect(ask(numbers(count), new Set(bad)).requests.length).toBeLessThanOrEqual(most)
    }),
  )
})

test('one that is refused is refused in a request of its own', () => {
  fc.assert(
    fc.property(cases, ({ count, bad }) => {
      const { requests } = ask(numbers(count), new Set(bad))
      for (const offender of bad) expect(requests).toContainEqual([offender])
    }),
  )
})
