import { expect, test } from 'vitest'
import { notReady, sinkOptions } from '../../../src/cli/run/sink-engine.ts'
import { parseConfig } from '../../../src/config/load.ts'
import type { DestinationStatus } from '../../../src/sink/destination.ts'

function configOf(sink: Readonly<Record<string, unknown>>, rest: Readonly<Record<string, unknown>> = {}) {
  const destinations = [{ name: 'one', sink: { apiKey: 'k', ...sink } }, { name: 'left' }]
  const document = { kafka: { brokers: 'a:1' }, destinations, ...rest }
  return parseConfig(JSON.stringify(document), { path: '/x.yaml', env: {} })
}

test('every setting of the way out reaches the sink', () => {
  const config = configOf({ concurrency: 'key', rateLimit: { shared: true }, limits: { requestsPerSecond: 7 } })
  const { destinations, ...rest } = sinkOptions(config)
  expect(rest).toEqual({ prefix: 'trackbridge', deadLetterTopic: 'cio.dead-letters', sessionTimeoutMs: 15_000 })
  const [one] = destinations
  expect([destinations.length, one?.endpoint.url, one?.limits.requestsPerSecond]).toEqual([
    1,
    'https://cdp.customer.io/v1',
    7,
  ])
  expect({ ...one, endpoint: null, limits: null }).toEqual({
    name: 'one',
    topic: 'cio.pipelines.one',
    endpoint: null,
    limits: null,
    concurrency: 'key',
    format: 'pipelines',
    isRateShared: true,
    shutdownTimeoutMs: 18_000,
  })
})

test.each([
  [20_000, 20_000, 18_000],
  [5_000, 20_000, 5_000],
  [20_000, 60_000, 20_000],
  [20_000, 3_000, 1_500],
])('of %i ms for requests under way and %i ms for the whole end, the sink waits %i ms', (sinkMs, wholeMs, waitsMs) => {
  const config = configOf({ shutdownTimeoutMs: sinkMs }, { shutdownTimeoutMs: wholeMs })
  expect(sinkOptions(config).destinations[0]?.shutdownTimeoutMs).toBe(waitsMs)
})

test('a destination that has no sink is refused with those that have one', () => {
  expect(() => sinkOptions(configOf({}), ['two'])).toThrow('no destination with a sink is called "two"; there are: one')
})

const laned = (): ReturnType<typeof configOf> =>
  configOf(
    {},
    {
      destinations: [
        { name: 'one', backfill: { requestsPerSecond: 7 }, sink: { apiKey: 'k' } },
        { name: 'two', sink: { apiKey: 'k' } },
      ],
    },
  )

test.each([
  [[], ['one', 'one.backfill', 'two']],
  [['one'], ['one', 'one.backfill']],
  [['one.backfill'], ['one.backfill']],
  [['two'], ['two']],
])('of the destinations and lanes, --destination %j takes %j', (only, names) => {
  expect(sinkOptions(laned(), only).destinations.map(({ name }) => name)).toEqual(names)
})

test('a backfill lane is the destination again, with a topic and a rate of its own', () => {
  const [live, lane] = sinkOptions(laned()).destinations
  expect(lane).toEqual({
    ...live,
    endpoint: lane?.endpoint,
    name: 'one.backfill',
    laneOf: 'one',
    topic: 'cio.pipelines.one.backfill',
    limits: { ...live?.limits, requestsPerSecond: 7 },
  })
})

const status: DestinationStatus = {
  destination: 'one',
  state: 'blocked',
  why: 'the API does not accept the key (status 401)',
  partitions: 2,
  waiting: 340,
  nextTryInMs: 11_200,
  counters: { delivered: 0, rejected: 0, requests: 0, retries: 0, inFlight: 0, bufferedBytes: 0 },
}

test.each([
  [status, 'the API does not accept the key (status 401); 340 messages wait, next try in 12 s'],
  [{ ...status, waiting: 1, nextTryInMs: null }, 'the API does not accept the key (status 401); 1 message waits'],
  [{ ...status, state: 'ready', why: 'the API answers 503' } as const, undefined],
])('readiness says why a destination is blocked, how many messages wait and when it tries again', (found, said) => {
  expect(notReady(found)).toBe(said)
})
