import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRateLimits, sharedRate, type RateUser, type RateUserOptions } from '../../src/sink/rate-limits.ts'
import { createFakeClock, settle, type FakeClock } from '../support/fake-clock.ts'

const never = new AbortController().signal
const user = (changes: Partial<RateUserOptions> = {}): RateUserOptions => ({
  identity: () => 'key',
  requestsPerSecond: 10,
  isShared: false,
  ...changes,
})

interface Log {
  readonly went: string[]
  /** As many requests as can be, one after the other. */
  readonly press: (name: string, rate: RateUser, count: number) => void
  readonly run: (ms: number) => Promise<void>
}

function logged(clock: FakeClock): Log {
  const went: string[] = []
  const startMs = clock.now()
  return {
    went,
    press(name, rate, count) {
      for (let number = 0; number < count; number++)
        void rate.take(never).then(() => went.push(`${name} ${clock.now() - startMs}`))
    },
    async run(ms) {
      for (let passed = 0; passed < ms; passed += 10) {
        await settle(3)
        clock.advance(10)
      }
      await settle(3)
    },
  }
}

function setUp() {
  const clock = createFakeClock(0)
  return { clock, limits: createRateLimits(clock), ...logged(clock) }
}

test('destinations with the same key share one bucket and take turns', async () => {
  const { limits, went, press, run } = setUp()
  const [one, other] = [limits.join(user()), limits.join(user())]
  press('one', one, 5)
  press('other', other, 2)
  await run(500)
  expect(went).toEqual(['one 0', 'one 0', 'one 100', 'other 200', 'one 300', 'other 400', 'one 500'])
})

test('whoever takes at once gets a token while there are any and nobody waits', async () => {
  const { limits, went, press, run } = setUp()
  const [one, other] = [limits.join(user()), limits.join(user())]
  const atOnce = [one.takeNow(), other.takeNow(), one.takeNow()]
  press('one', one, 1)
  await run(90)
  expect([atOnce, other.takeNow(), went]).toEqual([[true, true, false], false, []])
  await run(100)
  expect([went, other.takeNow()]).toEqual([['one 100'], false])
  await run(100)
  expect([other.takeNow(), other.takeNow()]).toEqual([true, false])
})

test('destinations with different keys do not wait for each other', async () => {
  const { limits, went, press, run } = setUp()
  press('one', limits.join(user()), 3)
  press('other', limits.join(user({ identity: () => 'another' })), 3)
  await run(100)
  expect(went).toEqual(['one 0', 'one 0', 'other 0', 'other 0', 'one 100', 'other 100'])
})

test('where rates differ for one key, the smaller one rules, until its destination leaves', async () => {
  const { clock, limits, went, press, run } = setUp()
  const fast = limits.join(user({ requestsPerSecond: 100 }))
  const slow = limits.join(user({ requestsPerSecond: 10 }))
  press('fast', fast, 4)
  await run(200)
  expect(went).toEqual(['fast 0', 'fast 0', 'fast 100', 'fast 200'])
  slow.leave()
  press('fast', fast, 3)
  await run(30)
  expect([went.slice(4), clock.sleeping()]).toEqual([['fast 210', 'fast 220', 'fast 230'], 0])
})

test('a key that changes moves to the bucket of the new key', async () => {
  const { limits, went, press, run } = setUp()
  let key = 'key'
  press('old', limits.join(user()), 4)
  const moving = limits.join(user({ identity: () => key }))
  key = 'new'
  press('moved', moving, 3)
  await run(200)
  expect(went.toSorted()).toEqual(['moved 0', 'moved 0', 'moved 100', 'old 0', 'old 0', 'old 100', 'old 200'])
})

test('a key that cannot be read leaves the destination where it is', async () => {
  const { limits, went, press, run } = setUp()
  let isReadable = true
  const identity = (): string => {
    if (!isReadable) throw new Error('gone')
    return 'key'
  }
  press('one', limits.join(user()), 2)
  const other = limits.join(user({ identity }))
  isReadable = false
  press('other', other, 1)
  await run(100)
  expect(went).toEqual(['one 0', 'one 0', 'other 100'])
})

test('whoever is aborted takes no token, and nobody sleeps for those who have left', async () => {
  const { clock, limits, went, press, run } = setUp()
  const rate = limits.join(user())
  press('a', rate, 2)
  const abort = new AbortController()
  const waiting = rate.take(abort.signal)
  press('b', rate, 1)
  await settle()
  abort.abort()
  expect([await waiting, await rate.take(abort.signal)]).toEqual([false, false])
  await run(100)
  const again = new AbortController()
  const last = rate.take(again.signal)
  await settle()
  again.abort()
  expect([await last, went, clock.sleeping()]).toEqual([false, ['a 0', 'a 0', 'b 100'], 0])
})

const share = (owned: number, all: number) => ({ requestsPerSecond: 100, isShared: true, owned, all })

describe('a rate that is shared', () => {
  test('is divided by partitions, waits while none are ours, and follows them', async () => {
    const { limits, went, press, run } = setUp()
    const rate = limits.join(user({ requestsPerSecond: 40, isShared: true }))
    press('a', rate, 9)
    await run(200)
    expect(went.splice(0)).toEqual(['a 0', 'a 0'])
    rate.own(1, 4)
    await run(200)
    expect(went.splice(0)).toEqual(['a 300', 'a 400'])
    rate.own(4, 4)
    await run(100)
    expect(went).toEqual(['a 430', 'a 450', 'a 480', 'a 500'])
  })

  test('counts the partitions of all destinations with the key', () => {
    expect(sharedRate([share(1, 4)])).toBe(25)
    expect(sharedRate([share(4, 4), share(0, 1)])).toBe(80)
    expect(sharedRate([share(4, 4), { ...share(1, 6), isShared: false, requestsPerSecond: 50 }])).toBe(25)
    expect(sharedRate([{ ...share(0, 0), isShared: false }])).toBe(100)
    expect([sharedRate([share(0, 0)]), sharedRate([share(5, 4)])]).toEqual([0, 100])
  })

  test('adds up to the whole, whichever way the partitions are dealt out', () => {
    const topics = fc.array(fc.array(fc.nat(3), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(topics, (owners) => {
        const rates = [0, 1, 2, 3].map((process) =>
          sharedRate(
            owners.map((of) => ({
              requestsPerSecond: 950,
              isShared: true,
              owned: of.filter((owner) => owner === process).length,
              all: of.length,
            })),
          ),
        )
        expect(rates.reduce((sum, rate) => sum + rate, 0)).toBeCloseTo(950, 6)
      }),
    )
  })
})

test('in any 3 seconds no more go than the burst and the rate, whatever the rate was changed to meanwhile', async () => {
  const steps = fc.array(fc.record({ afterMs: fc.nat(2_000), owned: fc.nat(4), takes: fc.nat(60) }), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(steps, async (changes) => {
      const clock = createFakeClock(0)
      const rate = createRateLimits(clock).join(user({ requestsPerSecond: 40, isShared: true }))
      const wentMs: number[] = []
      const end = new AbortController()
      for (const { afterMs, owned, takes } of changes) {
        rate.own(owned, 4)
        for (let take = 0; take < takes; take++)
          void rate.take(end.signal).then((goes) => goes && wentMs.push(clock.now()))
        const untilMs = clock.now() + afterMs
        while (clock.now() < untilMs) {
          await settle(2)
          clock.advance(Math.min(50, untilMs - clock.now()))
        }
      }
      await settle(2)
      end.abort()
      wentMs.forEach((startMs, first) => {
        const within = wentMs.slice(first).filter((timeMs) => timeMs < startMs + 3_000).length
        expect(within).toBeLessThanOrEqual(2 + 40 * 3)
      })
    }),
    { numRuns: 30 },
  )
})
