import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { startStandInApi } from '../../src/demo/stand-in-api.ts'
import { produceRaw, readCommitted } from '../support/kafka.ts'
import { startHttpServer, startHttpsServer } from '../support/misbehaving-server.ts'
import { createPipeline } from '../support/pipeline.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { startTrackbridge, type TrackbridgeProcess } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'

const fixture = (name: string): string => resolve(import.meta.dirname, '../fixtures/tls', name)
const secret = (name: string): string => `${name}-2f6b8c1d9e`
const base64 = (text: string): string => Buffer.from(text).toString('base64').replace(/=+$/, '')

const keys = ['old', 'new', 'refused', 'echoed', 'untrusted', 'locked', 'proxied'].map(secret)
const plain = [...keys, ...['header', 'token', 'password', 'passphrase'].map(secret)]
// What a server, a log line or a dump could make of them.
const forbidden = [...plain, ...keys.map((key) => base64(`${key}:`)), base64(`user:${secret('password')}`)]

const message = (id: string): string =>
  JSON.stringify({ type: 'track', messageId: id, userId: 'u', event: 'viewed', sentAt: '2026-11-21T10:00:00.000Z' })

function secretFile(name: string, text: string): { path: string; write(text: string): void } {
  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, name)
  writeFileSync(path, text)
  return { path, write: (changed) => writeFileSync(path, changed) }
}

async function bodiesOf(port: unknown): Promise<{ ready: number; text: string }> {
  const [live, ready] = await Promise.all(
    ['live', 'ready'].map((path) => fetch(`http://127.0.0.1:${String(port)}/${path}`)),
  )
  return { ready: ready?.status ?? 0, text: `${await live?.text()}${await ready?.text()}` }
}

const portOf = ({ lines }: TrackbridgeProcess): unknown => lines.find(({ port }) => port !== undefined)?.['port']

test('no secret appears in logs, results, probes, dead letters or the process list, whatever goes wrong; a changed key is used at once', async () => {
  const names = ['rotated', 'refused', 'echoing', 'bearer', 'untrusted', 'locked', 'proxied']
  const pipeline = await createPipeline(1, names)
  for (const topic of pipeline.topics.destinations)
    await produceRaw(topic, [{ partition: 0, key: 'u', value: message(topic) }])

  const api = await startStandInApi({ clock: systemClock, random: seededRandom(1), apiKey: secret('new') })
  onTestFinished(() => api.close())
  // Says back whatever it has been told, decoded too.
  const echo = await startHttpServer(({ headers }, response) => {
    const said = headers['authorization'] ?? ''
    const decoded = Buffer.from(said.replace('Basic ', ''), 'base64').toString('utf8')
    response.writeHead(400, { 'x-echo': said }).end(JSON.stringify({ headers, decoded }))
  })
  const tls = await startHttpsServer(
    { cert: readFileSync(fixture('server.pem')), key: readFileSync(fixture('server.key')) },
    (_, response) => response.end('{}'),
  )
  const key = secretFile('key.txt', `${secret('old')}\n`)
  const token = secretFile('token.txt', `${secret('token')}\n`)
  const limits = { lingerMs: 0, timeoutMs: 2_000 }
  const sinks: Readonly<Record<string, object>> = {
    rotated: { url: api.url, apiKeyFile: key.path },
    refused: { url: api.url, apiKey: secret('refused') },
    echoing: { url: echo.url, apiKey: secret('echoed'), headers: { 'x-key': secret('header') } },
    bearer: { format: 'ndjson', url: `${echo.url}/collect`, auth: { type: 'bearer', tokenFile: token.path } },
    untrusted: { url: tls.url, apiKey: secret('untrusted') },
    locked: {
      url: tls.url,
      apiKey: secret('locked'),
      caFile: fixture('ca.pem'),
      certFile: fixture('client.pem'),
      keyFile: fixture('client-locked.key'),
      passphrase: secret('passphrase'),
    },
    proxied: {
      url: 'https://api.invalid/v1',
      apiKey: secret('proxied'),
      proxy: `http://user:${secret('password')}@127.0.0.1:1`,
    },
  }
  const document = {
    ...pipeline.config,
    destinations: pipeline.config.destinations.map((entry, index) => ({
      ...entry,
      sink: { ...sinks[names[index] ?? ''], limits },
    })),
    http: { port: 0 },
    log: { level: 'debug', format: 'json' },
  }
  const sink = startTrackbridge(['sink'], document)
  const faulty = ['refused', 'untrusted', 'locked', 'proxied']
  await until(
    async () => {
      if (sink.isOver()) return true
      const told = new Set(sink.lines.map(({ destination, why }) => (why === undefined ? '' : destination)))
      const letters = await readCommitted(pipeline.topics.deadLetters)
      return [...faulty, 'rotated'].every((name) => told.has(name)) && letters.length === 2
    },
    { timeoutMs: 60_000, describe: () => `every fault is told; last lines:\n${sink.tail()}` },
  )
  const probes = await bodiesOf(portOf(sink))
  expect([probes.ready, api.counters().accepted]).toEqual([503, 0])

  key.write(`${secret('new')}\n`)
  await until(() => api.counters().accepted === 1, {
    timeoutMs: 60_000,
    describe: () => `the new key is used; last lines:\n${sink.tail()}`,
  })

  const list = ['cmdline', 'comm'].map((file) => readFileSync(`/proc/${sink.pid}/${file}`, 'utf8')).join('')
  const check = startTrackbridge(['check'], document)
  const checkJson = startTrackbridge(['check', '--json'], document)
  const broken = startTrackbridge(['sink'], {
    ...document,
    destinations: document.destinations.map((entry) => ({ ...entry, sink: { ...entry.sink, unknown: 1, auth: 'x' } })),
  })
  await Promise.all([check.ended, checkJson.ended, broken.ended])
  sink.send('SIGTERM')
  expect(await sink.ended, sink.tail()).toEqual({ code: 0, signal: null })

  const letters = await readCommitted(pipeline.topics.deadLetters)
  const answers = letters.map(({ value }) => JSON.parse(value ?? '') as { answer: { body: string } })
  expect(
    answers
      .map(({ answer }) => answer.body)
      .sort()
      .join('\n'),
  ).toMatch(/\*\*\*.*\n.*\*\*\*/)
  const outputs: Readonly<Record<string, string>> = {
    logs: JSON.stringify([sink, check, checkJson, broken].map(({ lines }) => lines)),
    stdout: [sink, check, checkJson, broken].map((running) => running.stdout()).join('\n'),
    probes: probes.text,
    'dead letters': JSON.stringify(letters),
    'process list': list,
  }
  for (const [name, text] of Object.entries(outputs)) expect(text.length, name).toBeGreaterThan(5)
  expect(
    Object.entries(outputs).flatMap(([name, text]) =>
      forbidden.filter((one) => text.includes(one)).map((one) => `${one} in ${name}`),
    ),
  ).toEqual([])
})
