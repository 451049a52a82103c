import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import type { EngineReport, Reporting } from '../../../src/cli/run/engine-report.ts'
import { createGroupProgress } from '../../../src/cli/run/group-progress.ts'
import { serveOps, type Observed } from '../../../src/cli/status/ops-server.ts'
import type { StatusPage } from '../../../src/cli/status/status-page.ts'
import { parseConfig } from '../../../src/config/load.ts'
import type { Broker } from '../../../src/kafka/broker.ts'
import { createMeterStore } from '../../../src/ops/meter-store.ts'
import { createTracing } from '../../../src/ops/tracing.ts'
import { noCounts } from '../../../src/processor/counts.ts'
import type { DestinationStatus } from '../../../src/sink/destination.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { readMetrics } from '../../support/read-metrics.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { until } from '../../support/until.ts'

const secret = 's3cret-of-the-test'
const document = {
  kafka: {
    brokers: ['a:9092'],
    ssl: { ca: secret },
    sasl: { mechanism: 'scram-sha-512', username: 'me', password: secret },
  },
  schemaRegistry: { url: 'https://schemas.example.org', username: 'me', password: secret },
  destinations: [
    { name: 'main', sink: { apiKey: secret } },
    {
      name: 'other',
      sink: {
        url: 'https://example.org/in',
        auth: { type: 'bearer', token: secret },
        headers: { 'x-key': secret },
        proxy: `http://me:${secret}@proxy.example.org:3128`,
      },
    },
  ],
  http: { port: 0 },
}
const config = parseConfig(JSON.stringify(document), { env: {}, path: 'trackbridge.yaml' })
const http = config.http === false ? { host: '127.0.0.1', port: 0 } : config.http

const main: DestinationStatus = {
  destination: 'main',
  state: 'ready',
  why: null,
  partitions: 1,
  waiting: 0,
  nextTryInMs: null,
  counters: { delivered: 0, rejected: 0, requests: 0, retries: 0, inFlight: 0, bufferedBytes: 0 },
}

interface Given {
  readonly destination?: Partial<DestinationStatus>
  readonly health?: readonly (readonly [string, string | undefined])[]
  readonly expected?: number
  readonly isObserved?: boolean
  readonly kafka?: string
}

async function start({ destination = {}, health = [['sink main', undefined]], ...given }: Given = {}) {
  const { expected = 1, isObserved = true } = given
  const over = new AbortController()
  const { log, lines } = createRecordingLog()
  const clock = createFakeClock(1_000)
  const telemetry = {
    broker: {} as Broker,
    clock,
    meter: createMeterStore(),
    tracing: createTracing('1'),
    progress: createGroupProgress(),
  }
  const report: EngineReport = {
    process: { counts: { ...noCounts, raw: 7 }, stuck: {}, workers: null },
    destinations: [{ ...main, ...destination }],
  }
  const engine: Reporting = { health: () => new Map(health), report: () => report }
  const kafka = { notReady: () => given.kafka, ended: Promise.resolve() }
  const observed: Observed = { config, telemetry, kafka }
  const parts = { http, log, engines: [engine], expected, signal: over.signal }
  const server = await serveOps(isObserved ? { ...parts, observed } : parts)
  onTestFinished(async () => {
    over.abort()
    await server.stop()
  })
  const port = Number(lines[0]?.fields['port'])
  return { lines, clock, port, url: `http://127.0.0.1:${port}` }
}

const get = async (url: string) => {
  const answer = await fetch(url)
  return { status: answer.status, text: await answer.text() }
}

const partsOf = (text: string) => (JSON.parse(text) as { parts: { name: string; ready: boolean; why: string }[] }).parts

test('/ready names every part and why it is not ready', async () => {
  const { url } = await start({ kafka: 'no broker answers', health: [['sink main', 'the key is not accepted']] })
  const { status, text } = await get(`${url}/ready`)
  expect([status, partsOf(text)]).toEqual([
    503,
    [
      { name: 'kafka', ready: false, why: 'no broker answers' },
      { name: 'sink main', ready: false, why: 'the key is not accepted' },
    ],
  ])
})

test('/ready says of a destination that retries what is wrong, though that does not make the process unready', async () => {
  const why = 'no answer from the API: nothing listens there (ECONNREFUSED)'
  const { url } = await start({ destination: { why } })
  const { status, text } = await get(`${url}/ready`)
  expect([status, partsOf(text)]).toEqual([
    200,
    [
      { name: 'kafka', ready: true, why: '' },
      { name: 'sink main', ready: true, why },
    ],
  ])
})

test('nothing is ready before all engines have been started', async () => {
  const { url } = await start({ expected: 2 })
  const { status, text } = await get(`${url}/ready`)
  expect([status, partsOf(text)[0]]).toEqual([
    503,
    { name: 'start', ready: false, why: 'not all of it has been started yet' },
  ])
})

test('/metrics tells which parts are ready, and counts the time in which a destination is blocked', async () => {
  const { url, clock } = await start({
    destination: { state: 'blocked', why: 'no key' },
    health: [['sink main', 'no key']],
  })
  const scrape = async () => readMetrics((await get(`${url}/metrics`)).text)
  const { value } = await scrape()
  expect(['kafka', 'sink main'].map((part) => value('trackbridge_ready', { part }))).toEqual([1, 0])
  clock.advance(4_000)
  const blocked = async () => (await scrape()).value('trackbridge_blocked_seconds_total', { destination: 'main' })
  await until(async () => (await blocked()) === 4, { timeoutMs: 10_000 })
  clock.advance(3_000)
  await until(async () => (await blocked()) === 7, { timeoutMs: 10_000 })
  const { failingForSeconds } = (JSON.parse((await get(`${url}/status`)).text) as StatusPage).destinations[0] ?? {}
  expect(failingForSeconds).toBe(7)
})

test('neither /status nor /ready nor /metrics shows a secret, and /status shows the rest of the configuration', async () => {
  const { url } = await start()
  const answers = await Promise.all(['status', 'ready', 'metrics', 'live'].map((path) => get(`${url}/${path}`)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect(answers.filter(({ text }) => text.includes(secret))).toEqual([])
  const page = JSON.parse(answers[0]?.text ?? '') as StatusPage & { configuration: typeof config }
  expect([page.process?.counts.raw, page.configuration.kafka.sasl, page.configuration.deadLetters]).toEqual([
    7,
    { ...config.kafka.sasl, password: '***' },
    config.deadLetters,
  ])
})

test('a process that nobody observes answers /live and /ready alone', async () => {
  const { url } = await start({ isObserved: false })
  const paths = ['live', 'ready', 'metrics', 'status']
  const answers = await Promise.all(paths.map((path) => get(`${url}/${path}`)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 404])
})

/** What comes back until the server ends the connection. */
function converse(port: number, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect(port, '127.0.0.1', () => socket.write(text))
  let answer = ''
  socket.on('data', (chunk) => (answer += String(chunk)))
  socket.on('error', () => undefined)
  socket.on('close', () => resolve(answer))
  return promise
}

const close = 'host: a\r\nconnection: close\r\n\r\n'

test.each([
  ['headers larger than 8 KB', `GET /status HTTP/1.1\r\nx: ${'x'.repeat(9_000)}\r\n${close}`, '431'],
  ['an unknown path', `GET /status/../etc/passwd HTTP/1.1\r\n${close}`, '404'],
  ['a path of nonsense', `GET /%zz HTTP/1.1\r\n${close}`, '400'],
  ['a method that would change something', `DELETE /status HTTP/1.1\r\n${close}`, '404'],
  ['no HTTP at all', '\u0016\u0003\u0001 hello\r\n\r\n', '400'],
])('%s gets a refusal, while others are answered', async (_name, text, status) => {
  const { port, url } = await start()
  // Of someone who never ends what they begin.
  const slow = connect(port, '127.0.0.1', () => slow.write('GET /ready HTTP/1.1\r\nx:'))
  slow.on('error', () => undefined)
  onTestFinished(() => void slow.destroy())
  const answer = await converse(port, text)
  expect([answer.slice(0, 12), (await get(`${url}/live`)).status]).toEqual([`HTTP/1.1 ${status}`, 200])
})

test('by default it listens on this machine alone', async () => {
  expect(http.host).toBe('127.0.0.1')
  const { port } = await start()
  const others = Object.values(networkInterfaces()).flatMap((all = []) =>
    all.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
  )
  const reached = await Promise.all(others.map((address) => isReached(address, port)))
  expect([await isReached('127.0.0.1', port), reached.filter(Boolean)]).toEqual([true, []])
})

function isReached(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host, port, timeout: 2_000 }, () => resolve(true))
  socket.on('error', () => resolve(false))
  socket.on('timeout', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
