import { expect, test } from 'vitest'
import { createPace, type Pace } from '../../src/replay/pace.ts'
import { createFakeClock, settle, type FakeClock } from '../support/fake-clock.ts'

const never = new AbortController().signal

/** How many records have gone after each of the given times, when slices of `records` are asked for one after the other. */
async function gone(
  clock: FakeClock,
  pace: Pace,
  records: number,
  steps: readonly (number | (() => void))[],
): Promise<number[]> {
  const over = new AbortController()
  let sum = 0
  const asking = (async () => {
    while (await pace.take(records, over.signal)) sum += records
  })()
  const counts: number[] = []
  for (const step of steps) {
    if (typeof step === 'function') step()
    else {
      await settle()
      clock.advance(step)
      await settle()
      counts.push(sum)
    }
  }
  over.abort()
  await asking
  expect(clock.sleeping()).toBe(0)
  return counts
}

test('without a rate nobody waits', async () => {
  const clock = createFakeClock()
  const pace = createPace(clock, Infinity)
  expect([await pace.take(1_000_000, never), await pace.take(1, never), pace.atOnce()]).toEqual([true, true, Infinity])
})

test('records go at the rate: what went is paid for before the next may go', async () => {
  const clock = createFakeClock()
  expect(await gone(clock, createPace(clock, 100), 25, [0, 249, 1, 250, 500])).toEqual([25, 25, 50, 75, 100])
})

test('a slice takes a quarter of a second at most, and is one record at least', () => {
  const clock = createFakeClock()
  expect([1_000, 10, 1, 0.1].map((rate) => createPace(clock, rate).atOnce())).toEqual([250, 3, 1, 1])
})

test('a new rate counts at once for whoever waits: what is owed is owed in records', async () => {
  const clock = createFakeClock()
  const pace = createPace(clock, 1)
  const steps = [0, 5_000, () => pace.setRate(100), 49, 1, () => pace.setRate(Infinity), 0]
  const [first, slow, before, after] = await Promise.race([
    gone(clock, pace, 10, steps.slice(0, 5)),
    new Promise<number[]>((_, reject) => setTimeout(() => reject(new Error('stuck')), 5_000).unref()),
  ])
  expect([first, slow, before, after]).toEqual([10, 10, 10, 20])
})

test('a process has its share of the rate, and a little where it has none', () => {
  const clock = createFakeClock()
  const pace = createPace(clock, 1_000)
  pace.setShare(0.5)
  const half = pace.atOnce()
  pace.setShare(0)
  expect([half, pace.atOnce(), pace.rate()]).toEqual([125, 3, 1_000])
})

test('held, nothing goes, whatever the rate; it goes on when every reason is gone', async () => {
  const clock = createFakeClock()
  const pace = createPace(clock, Infinity)
  pace.hold('lag', 'too far behind')
  pace.hold('file', 'the rate is 0')
  const taken = pace.take(5, never)
  await settle()
  expect([pace.held(), clock.sleeping()]).toEqual(['too far behind', 1])
  pace.hold('lag', undefined)
  await settle()
  expect([pace.held(), clock.sleeping()]).toEqual(['the rate is 0', 1])
  pace.hold('file', undefined)
  expect([await taken, pace.held(), clock.sleeping()]).toEqual([true, undefined, 0])
})

test('whoever is told to stop waits no longer, and takes nothing', async () => {
  const clock = createFakeClock()
  const pace = createPace(clock, 1)
  const stop = new AbortController()
  const [first, second, third] = [pace.take(10, stop.signal), pace.take(10, stop.signal), pace.take(10, stop.signal)]
  await settle()
  stop.abort()
  expect([await first, await second, await third, clock.sleeping()]).toEqual([true, false, false, 0])
})
