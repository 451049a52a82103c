import { describe, expect, test } from 'vitest'
import { runUntil } from '../support/fake-clock.ts'
import { destinationTo, setUpQuiet } from '../support/quiet-sink.ts'
import { ok, takenIds, type RecordedRequest } from '../support/recording-api.ts'
import { endpointOf, feed, stopSink } from '../support/sink.ts'

const windowMs = 3_000

/** The most requests in any span of 3 seconds. */
function mostInWindow(requests: readonly RecordedRequest[]): number {
  const timesMs = requests.map(({ atMs }) => atMs).sort((one, other) => one - other)
  let first = 0
  const counts = timesMs.map((timeMs, index) => {
    while (timeMs - timesMs[first]! >= windowMs) first++
    return index - first + 1
  })
  return Math.max(...counts)
}

/** One message a request, so that only the rate holds them up. */
const press = { maxBatchMessages: 1, lingerMs: 0, maxInFlight: 8 }
const perSecond = { ...press, requestsPerSecond: 950 }

describe('3,000 requests in 3 seconds', () => {
  test('are never reached by two replicas that share the limit by their partitions, nor while one comes and goes', async () => {
    const { api, broker, clock, pass, start } = setUpQuiet({ main: 4 })
    for (let partition = 0; partition < 4; partition++) feed({ broker }, partition, [0, 1_700])
    api.answer(async () => {
      await clock.sleep(4)
      return ok
    })
    const shared = destinationTo('main', { isRateShared: true, limits: perSecond })
    await start([shared])
    await pass(1_500)
    const second = await start([shared])
    await pass(3_500)
    const both = api.requests.filter(({ atMs }) => atMs > clock.now() - windowMs).length
    await stopSink(second, clock)
    const done = (): boolean =>
      [0, 1, 2, 3].every((partition) => broker.committed('tb.sink.main', 'main').get(partition) === 1_700)
    await runUntil(clock, done, 25_000)
    expect(new Set(takenIds(api.requests)).size).toBe(6_800)
    expect([mostInWindow(api.requests) <= 3_000, both > 2_700]).toEqual([true, true])
  })
})

test('destinations of one process with the same key stay under its limit together, and a third with another key has its own', async () => {
  const { api, broker, pass, start } = setUpQuiet({ one: 1, other: 1, third: 1 })
  for (const name of ['one', 'other', 'third']) feed({ broker }, 0, [0, 300], name)
  const slow = { ...press, requestsPerSecond: 20 }
  const endpoint = endpointOf('https://same.test/v1')
  const another = { ...endpoint, credentials: () => ({ type: 'basic', username: 'another', password: '' }) as const }
  await start([
    destinationTo('one', { endpoint, limits: slow }),
    destinationTo('other', { endpoint, limits: slow }),
    destinationTo('third', { endpoint: another, limits: slow }),
  ])
  await pass(9_000)
  expect([api.requests.length, mostInWindow(api.requests)]).toEqual([2 * (2 + 180), 2 * (60 + 1)])
})

test('of two rates for one key the smaller one rules', async () => {
  const { api, broker, pass, start } = setUpQuiet({ one: 1, other: 1 })
  for (const name of ['one', 'other']) feed({ broker }, 0, [0, 300], name)
  const endpoint = endpointOf('https://same.test/v1')
  await start([
    destinationTo('one', { endpoint, limits: { ...press, requestsPerSecond: 20 } }),
    destinationTo('other', { endpoint, limits: { ...press, requestsPerSecond: 100 } }),
  ])
  await pass(9_000)
  expect([api.requests.length, mostInWindow(api.requests)]).toEqual([2 + 180, 61])
})
