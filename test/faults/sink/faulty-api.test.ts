import { expect, onTestFinished, test } from 'vitest'
import type { ApiFault } from '../../../faults/sink/api-faults.ts'
import { apiKey, redirectPath, startFaultyApi, type FaultyApi } from '../../../faults/sink/faulty-api.ts'
import { until } from '../../support/until.ts'

async function start(): Promise<FaultyApi> {
  const api = await startFaultyApi()
  onTestFinished(() => api.close())
  return api
}

const sentAt = '2026-11-21T10:00:00.000Z'
const batch = (...ids: readonly string[]): string =>
  JSON.stringify({ batch: ids.map((messageId) => ({ type: 'track', messageId, userId: 'u', sentAt })) })
const headers = { authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`, 'x-strict-mode': '1' }

/** Status, or `broken` where no whole answer came. */
async function post(
  { url }: FaultyApi,
  body: string,
  changes: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const signal = AbortSignal.timeout(5_000)
  try {
    const request = { method: 'POST', body, headers: { ...headers, ...changes }, signal, redirect: 'manual' } as const
    const response = await fetch(`${url}/batch`, request)
    await response.text()
    return response.status
  } catch {
    return 'broken'
  }
}

const acceptedBy = ({ accepted }: FaultyApi): readonly string[] => [...accepted.messages.keys()]

test.each([
  ['a batch that is well', { body: batch('m0', 'm1') }, 200, ['m0', 'm1']],
  ['another key', { body: batch('m0'), authorization: 'Basic eDo=' }, 401, []],
  ['a request that is not strict', { body: batch('m0'), 'x-strict-mode': '0' }, 400, []],
  ['a batch with a message that is to be refused', { body: batch('m0', 'm1-rejected') }, 400, []],
  ['a batch without messages', { body: batch() }, 400, []],
])('%s gets its answer, and all or nothing is accepted', async (_name, { body, ...changes }, status, accepted) => {
  const api = await start()
  expect([await post(api, body, changes), acceptedBy(api)]).toEqual([status, accepted])
})

test.each<[ApiFault, unknown, readonly string[]]>([
  [{ kind: 'status', status: 503 }, 503, []],
  [{ kind: 'status', status: 307, headers: { location: 'http://127.0.0.1:9' } }, 307, []],
  [{ kind: 'body-limit', bytes: 10 }, 413, []],
  [{ kind: 'reset', at: 'head' }, 'broken', []],
  [{ kind: 'reset', at: 'body' }, 'broken', []],
  [{ kind: 'reset', at: 'received' }, 'broken', []],
  [{ kind: 'reset', at: 'accepted' }, 'broken', ['m0']],
  [{ kind: 'reset', at: 'answer' }, 'broken', ['m0']],
  [{ kind: 'half-closed' }, 'broken', ['m0']],
  [{ kind: 'garbage' }, 200, ['m0']],
  [{ kind: 'slow', ms: 10, accepts: 'later' }, 200, ['m0']],
])('the fault %j strikes as it says, and is over when it is mended', async (fault, status, accepted) => {
  const api = await start()
  api.strike(fault)
  expect([await post(api, batch('m0')), acceptedBy(api), api.struck()]).toEqual([status, accepted, 1])
  api.strike(undefined)
  expect([await post(api, batch('m1')), acceptedBy(api)]).toEqual([200, [...accepted, 'm1']])
})

test('a fault for some requests is over after them', async () => {
  const api = await start()
  api.strike({ kind: 'status', status: 500, requests: 2 })
  const answers = [await post(api, batch('m0')), await post(api, batch('m0')), await post(api, batch('m0'))]
  expect([answers, api.struck()]).toEqual([[500, 500, 200], 2])
})

test.each<[ApiFault, readonly string[]]>([
  [{ kind: 'silent' }, []],
  [{ kind: 'trickle' }, ['m0']],
])('a request that is kept waiting by %j is cut when the fault is mended', async (fault, accepted) => {
  const api = await start()
  api.strike(fault)
  const answer = post(api, batch('m0'))
  await until(() => api.struck() === 1 && api.requests() === 1)
  api.strike(undefined)
  expect([await answer, acceptedBy(api)]).toEqual(['broken', accepted])
})

test('while it is down connections are refused, and afterwards it is where it was', async () => {
  const api = await start()
  await api.down()
  const answers = [await post(api, batch('m0'))]
  await api.up()
  answers.push(await post(api, batch('m0')))
  expect(answers).toEqual(['broken', 200])
})

test('a call runs once, at its moment of the request asked for', async () => {
  const api = await start()
  const seen: number[] = []
  api.at('accepted', 2, () => seen.push(api.accepted.total()))
  for (const id of ['m0', 'm1', 'm2']) await post(api, batch(id))
  expect(seen).toEqual([2])
})

test('requests that follow a redirect are counted', async () => {
  const api = await start()
  await post({ ...api, url: new URL(redirectPath, api.url).href }, batch('m0'))
  expect(api.followed()).toBe(1)
})
