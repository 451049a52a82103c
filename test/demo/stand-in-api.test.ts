import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { startStandInApi, type StandInApi, type StandInOptions } from '../../src/demo/stand-in-api.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { seededRandom } from '../support/seeded-random.ts'

async function startApi(changes: Partial<StandInOptions> = {}): Promise<StandInApi> {
  const api = await startStandInApi({ clock: systemClock, random: seededRandom(1), apiKey: 'key', ...changes })
  onTestFinished(() => api.close())
  return api
}

interface Post {
  readonly key?: string
  readonly strict?: boolean
}

async function post(api: StandInApi, path: string, body: unknown, { key = 'key', strict = true }: Post = {}) {
  const response = await fetch(`${api.url}/${path}`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`,
      'content-type': 'application/json',
      ...(strict ? { 'x-strict-mode': '1' } : {}),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return [response.status, await response.json()]
}

const track = (messageId: string, more: object = {}) => ({ type: 'track', messageId, userId: 'u', event: 'e', ...more })
const errors = (...texts: readonly string[]) => ({ meta: { errors: texts } })

const padded = (bytes: number): object => {
  const bare = JSON.stringify(track('a', { p: '' })).length
  return track('a', { p: 'x'.repeat(bytes - bare) })
}

const meetFaults = async (): Promise<unknown[]> => {
  const faults = { tooManyRequestsShare: 0.2, unavailableShare: 0.2, resetShare: 0.2 }
  const api = await startApi({ random: seededRandom(7), faults })
  const seen: unknown[] = []
  for (let index = 0; index < 60; index++) {
    seen.push(
      await post(api, 'track', track(`m${index}`)).then(
        ([code]) => code,
        () => 'cut',
      ),
    )
  }
  const { resets, accepted } = api.counters()
  const cut = seen.filter((one) => one === 'cut').length
  const taken = seen.filter((one) => one === 200).length
  expect(resets).toBe(cut)
  expect(accepted).toBeGreaterThan(taken)
  expect(accepted).toBeLessThan(taken + cut)
  return seen
}

describe('stand-in API', () => {
  test('takes a batch and single calls, in order, and remembers them', async () => {
    const api = await startApi()
    expect(
      await post(api, 'batch', { batch: [track('a'), { type: 'page', messageId: 'b', anonymousId: 'x' }] }),
    ).toEqual([200, {}])
    const { type: _type, ...untyped } = track('c')
    expect(await post(api, 'track', untyped)).toEqual([200, {}])
    expect(api.accepted.map(({ messageId, type, user }) => [messageId, type, user])).toEqual([
      ['a', 'track', 'u'],
      ['b', 'page', 'x'],
      ['c', 'track', 'u'],
    ])
  })

  test('counts what it takes again as repeats', async () => {
    const api = await startApi()
    await post(api, 'batch', { batch: [track('a'), track('b')] })
    await post(api, 'batch', { batch: [track('a')] })
    expect([api.timesAccepted('a'), api.timesAccepted('b'), api.timesAccepted('c')]).toEqual([2, 1, 0])
    expect(api.counters()).toEqual({ requests: 2, accepted: 2, repeats: 1, dropped: 0, resets: 0, answers: { 200: 2 } })
  })

  test('remembers no more than twice what it shall keep', async () => {
    const api = await startApi({ keep: 2 })
    await post(api, 'batch', { batch: ['a', 'b', 'c', 'd', 'e'].map((id) => track(id)) })
    expect(api.accepted.map(({ messageId }) => messageId)).toEqual(['c', 'd', 'e'])
    expect([api.timesAccepted('a'), api.timesAccepted('e')]).toEqual([0, 1])
  })

  test('refuses a key that it does not know', async () => {
    expect(await post(await startApi(), 'track', track('a'), { key: 'other' })).toEqual([
      401,
      errors('the API key is not known'),
    ])
  })

  const typesAllowed = 'type is not one of identify, track, page, screen, group, alias'
  test.each([
    ['batch', { batch: [track('a'), track('b', { event: '' })] }, 400, ['batch[1]: event is required']],
    ['batch', { batch: [{ userId: 'u' }, 7] }, 400, [`batch[0]: ${typesAllowed}`, 'batch[1]: is not an object']],
    ['batch', { batch: [] }, 400, ['"batch" is not an array of calls']],
    ['batch', 'no json', 400, ['the body is not JSON']],
    ['identify', [], 400, ['the body is not a JSON object']],
    ['identify', { traits: {} }, 400, ['identify: one of userId, anonymousId and groupId is required']],
    ['page', track('a'), 400, ['page: type is not that of the path']],
    ['alias', { userId: 'u' }, 400, ['alias: previousId is required']],
    ['batch', { batch: [track('a', { p: 'x'.repeat(32_000) })] }, 400, ['batch[0]: is larger than 32000 bytes']],
    ['track', track('a', { p: 'x'.repeat(64_000) }), 413, ['the call is larger than 64000 bytes']],
    ['batch', `{"batch":[${' '.repeat(500_000)}]}`, 413, ['the body is larger than 500000 bytes']],
  ])('refuses at /%s a body that breaks a rule, and names the entry', async (path, body, status, texts) => {
    const api = await startApi()
    expect([await post(api, path, body), api.accepted]).toEqual([[status, errors(...texts)], []])
  })

  test('takes what just fits', async () => {
    const api = await startApi()
    expect(await post(api, 'batch', { batch: [padded(32_000)] })).toEqual([200, {}])
    expect(await post(api, 'track', padded(64_000))).toEqual([200, {}])
  })

  test('drops without a word what is not valid when the request is not strict', async () => {
    const api = await startApi()
    expect(await post(api, 'batch', { batch: [track('a'), {}] }, { strict: false })).toEqual([200, {}])
    expect([api.accepted, api.counters().dropped]).toEqual([[], 1])
  })

  test('answers 429 beyond its rate, and takes requests again later', async () => {
    const clock = createFakeClock(0)
    const api = await startApi({ clock, requestsPerSecond: 10 })
    const statuses = [await post(api, 'track', track('a')), await post(api, 'track', track('b'))].map(([code]) => code)
    clock.advance(100)
    statuses.push((await post(api, 'track', track('b')))[0])
    expect(statuses).toEqual([200, 429, 200])
  })

  test('refuses messages and events on request, naming them', async () => {
    const api = await startApi({ faults: { rejectMessageIds: ['b'], rejectEvents: ['bad'] } })
    expect(await post(api, 'batch', { batch: [track('a'), track('b'), track('c', { event: 'bad' })] })).toEqual([
      400,
      errors('batch[1]: message b is refused', 'batch[2]: event "bad" is refused'),
    ])
  })

  test('meets its shares of faults, the same ones for the same seed', async () => {
    const seen = await meetFaults()
    expect(new Set(seen)).toEqual(new Set([200, 429, 503, 'cut']))
    expect(await meetFaults()).toEqual(seen)
  })

  test('answers every request alike while it is told to, and stops when it is told to', async () => {
    const api = await startApi({ faults: { answerAlways: 403 } })
    expect((await post(api, 'track', track('a')))[0]).toBe(403)
    delete api.faults.answerAlways
    expect((await post(api, 'track', track('a')))[0]).toBe(200)
  })

  test('answers late on request', async () => {
    const clock = createFakeClock(0)
    const api = await startApi({ clock, faults: { slowMs: 1_000 } })
    const answer = post(api, 'track', track('a'))
    await expect.poll(() => clock.sleeping()).toBe(1)
    expect(api.accepted).toEqual([])
    clock.advance(1_000)
    expect(await answer).toEqual([200, {}])
  })
})
