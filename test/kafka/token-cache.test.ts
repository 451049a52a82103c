import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { createTokenCache, type IssuedToken } from '../../src/kafka/token-cache.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'
import { unsignedToken } from '../support/token-server.ts'

const away = new TrackbridgeError('TB_KAFKA_UNAVAILABLE', 'away')
const refused = new TrackbridgeError('TB_KAFKA_UNAUTHORIZED', 'refused')

/** A cache whose fetches end as `ends` say, one after the other; then with tokens `token 1`, `token 2`... of 100 s. */
function setUp(...ends: readonly (TrackbridgeError | IssuedToken)[]) {
  const clock = createFakeClock()
  let fetches = 0
  const fetch = async (): Promise<IssuedToken> => {
    const end = ends[fetches] ?? { value: `token ${fetches + 1}`, expiresAtMs: clock.now() + 100_000 }
    fetches += 1
    if (end instanceof TrackbridgeError) throw end
    return end
  }
  const cache = createTokenCache({ fetch, patienceMs: 3_000 }, clock)
  return { clock, cache, fetches: () => fetches, value: async () => (await cache.token()).value }
}

test('one fetch serves all who ask at once, and all later ones until four fifths of its life', async () => {
  const { clock, value, fetches } = setUp()
  const together = await Promise.all([value(), value(), value()])
  clock.advance(79_999)
  const before = await value()
  clock.advance(1)
  expect([...together, before, await value(), fetches()]).toEqual([
    'token 1',
    'token 1',
    'token 1',
    'token 1',
    'token 2',
    2,
  ])
})

test('while its server is away, a token that has not ended stays in use, and is asked for every five seconds', async () => {
  const good = { value: 'good', expiresAtMs: Date.UTC(2026, 10, 21, 10, 1, 40) }
  const { clock, value, fetches } = setUp(good, away, refused)
  await value()
  clock.advance(80_000)
  const first = [await value(), await value(), fetches()]
  clock.advance(5_000)
  const second = [await value(), fetches()]
  clock.advance(15_000)
  expect([first, second, await value()]).toEqual([['good', 'good', 2], ['good', 3], 'token 4'])
})

test('without a token the fetch is tried for a while, then fails as it last did', async () => {
  const { clock, cache, fetches } = setUp(...Array.from({ length: 9 }, () => away))
  const failing = cache.token().catch((error: unknown) => error)
  for (let steps = 0; steps < 4; steps += 1) {
    await settle()
    clock.advanceToNext()
  }
  expect([await failing, fetches()]).toEqual([away, 3])
})

test('a refusal is not tried again', async () => {
  const { cache, fetches } = setUp(refused)
  await expect(cache.token()).rejects.toBe(refused)
  expect(fetches()).toBe(1)
})

test('without a word about its end a token ends as it says itself, and names its bearer', async () => {
  const { cache, clock } = setUp({ value: unsignedToken('alice', 60_000) })
  expect(cache.principal()).toBeUndefined()
  await cache.token()
  expect([cache.principal(), clock.sleeping()]).toEqual(['User:alice', 0])
})
