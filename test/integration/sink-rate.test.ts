import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { produceRaw } from '../support/kafka.ts'
import { createPipeline, watchOffsets } from '../support/pipeline.ts'
import { startTrackbridge } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'

const partitions = 4
const count = 220
const limitPerWindow = 60
const windowMs = 3_000
// Two replicas with a burst of 2 each: 4 + 3 x 18 = 58, and two that may be on their way for longer than others.
const requestsPerSecond = 18

interface Arrival {
  readonly atMs: number
  readonly replica: unknown
}

/** An API that takes everything and remembers when, and from whom. */
async function startCountingApi() {
  const arrivals: Arrival[] = []
  const server = createServer((request, response) => {
    arrivals.push({ atMs: systemClock.now(), replica: request.headers['x-replica'] })
    request.resume().on('end', () => response.end('{}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { arrivals, url: `http://127.0.0.1:${port}/v1` }
}

/** The most arrivals in any span of 3 seconds. */
const mostInWindow = (arrivals: readonly Arrival[]): number =>
  Math.max(
    ...arrivals.map(
      ({ atMs: startMs }) => arrivals.filter(({ atMs }) => atMs >= startMs && atMs < startMs + windowMs).length,
    ),
  )

test('two replicas that share the rate never go over the limit in any 3 seconds, not even as the second one joins', async () => {
  const pipeline = await createPipeline(partitions)
  const topic = pipeline.topics.destinations[0]!
  await produceRaw(
    topic,
    Array.from({ length: count }, (_, number) => ({
      partition: number % partitions,
      key: `p${number}`,
      value: JSON.stringify({ type: 'track', messageId: `m${number}`, userId: `p${number}`, event: 'e' }),
    })),
  )
  const api = await startCountingApi()
  const limits = { maxBatchMessages: 1, lingerMs: 0, requestsPerSecond, maxInFlight: 2 }
  const sink = { url: api.url, apiKey: 'key', rateLimit: { shared: true }, limits }
  const configFor = (replica: string) => ({
    ...pipeline.config,
    destinations: [{ name: 'main', topic, sink: { ...sink, headers: { 'x-replica': replica } } }],
  })
  const offsets = await watchOffsets(pipeline, { group: `${pipeline.prefix}.sink.main`, topic })

  const first = startTrackbridge(['sink'], configFor('first'))
  await until(() => api.arrivals.length > 0 || first.isOver(), { describe: () => first.tail() })
  const second = startTrackbridge(['sink'], configFor('second'))
  await until(async () => (await offsets.done()) >= count || first.isOver() || second.isOver(), {
    timeoutMs: 60_000,
    describe: () => `all committed; first:\n${first.tail()}\nsecond:\n${second.tail()}`,
  })
  const replicas = [first, second]
  for (const replica of replicas) replica.send('SIGTERM')
  expect(await Promise.all(replicas.map(({ ended }) => ended))).toEqual([
    { code: 0, signal: null },
    { code: 0, signal: null },
  ])
  expect(api.arrivals.length).toBeGreaterThanOrEqual(count)
  const most = mostInWindow(api.arrivals)
  expect([most <= limitPerWindow, most > limitPerWindow / 2]).toEqual([true, true])
  const both = api.arrivals.slice(-limitPerWindow)
  expect(new Set(both.map(({ replica }) => replica))).toEqual(new Set(['first', 'second']))
})
