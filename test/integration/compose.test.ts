import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { executableFlags } from '../support/executable-flags.ts'
import { kafkaBrokers, randomName, readCommitted, withAdmin } from '../support/kafka.ts'
import { withRegistryStub } from '../support/registry-stub.ts'
import { until } from '../support/until.ts'

interface Service {
  readonly command: readonly string[]
  readonly build?: unknown
}

const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  services: Readonly<Record<string, Service>>
}
const config = 'deploy/compose/trackbridge.yaml'

interface Started {
  readonly output: () => string
  readonly ended: Promise<number | null>
  stop(): void
}

/** Runs a service's own command on this machine, in the places and with the addresses that are given. */
function start(
  name: string,
  { more = [], env }: { more?: readonly string[]; env: Readonly<Record<string, string>> },
): Started {
  const { command = [] } = services[name] ?? {}
  const [first = '', ...rest] = command.map((word) => (word === '/etc/trackbridge/trackbridge.yaml' ? config : word))
  const args = first === 'node' ? rest : [...executableFlags, 'src/main.ts', first, ...rest]
  const child = spawn(process.execPath, [...args, ...more], {
    env: { ...env, PATH: process.env['PATH'], TRACKBRIDGE_CONFIG: config },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const { promise: ended, resolve: finish } = Promise.withResolvers<number | null>()
  child.on('close', finish)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { output: () => output, ended, stop: () => void child.kill('SIGTERM') }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Sum of a metric over its labels; 0 where nobody answers yet. */
const metric = async (port: number, name: string): Promise<number> => {
  const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  )
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))]
  return values.reduce((sum, [, value]) => sum + Number(value), 0)
}

const calls = 300

test('the services of the compose file take made-up calls in Avro to the stand-in of the API, all of them', async () => {
  const prefix = `${randomName('compose')}.`
  const [apiPort, processPort, sinkPort] = [await freePort(), await freePort(), await freePort()]
  const registry = await withRegistryStub()
  const env = {
    SCHEMA_REGISTRY_URL: registry.url,
    KAFKA_BROKERS: kafkaBrokers().join(','),
    CIO_URL: `http://127.0.0.1:${apiPort}/v1`,
    TOPIC_PREFIX: prefix,
    TRACKBRIDGE_PREFIX: prefix.slice(0, -1),
  }
  onTestFinished(() =>
    withAdmin(async (admin) => {
      const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix))
      await admin.deleteTopics({ topics })
    }),
  )
  const api = start('api', { more: ['--host', '127.0.0.1', '--port', String(apiPort)], env })
  const topics = start('topics', { env })
  expect(await topics.ended, topics.output()).toBe(0)
  const schemas = start('schemas', { env })
  expect(await schemas.ended, schemas.output()).toBe(0)
  const engine = start('process', { env: { ...env, HTTP_PORT: String(processPort) } })
  const sink = start('sink', { env: { ...env, HTTP_PORT: String(sinkPort) } })
  const traffic = start('traffic', { more: ['--rate', '1000', '--count', String(calls)], env })
  expect(await traffic.ended, traffic.output()).toBe(0)
  expect(JSON.parse(traffic.output().trim())).toStrictEqual({ fed: calls })
  await until(async () => (await metric(processPort, 'trackbridge_outcomes_total')) >= calls, {
    timeoutMs: 40_000,
    describe: () => engine.output().slice(-1_000),
  })
  const messages = await readCommitted(`${prefix}cio.pipelines.customerio`, { bytes: true })
  const written = messages.length
  const raw = await readCommitted(`${prefix}cio.track.raw`, { bytes: true })
  const inAvro = (records: typeof messages): number => records.filter(({ bytes }) => bytes?.[0] === 0).length
  // A few of the made-up calls are no calls, and stay as they are.
  expect([inAvro(messages), raw.length, inAvro(raw) > calls * 0.9]).toStrictEqual([written, calls, true])
  await until(async () => (await metric(sinkPort, 'trackbridge_messages_delivered_total')) >= written, {
    timeoutMs: 40_000,
    describe: () => sink.output().slice(-1_000),
  })
  for (const service of [engine, sink, api]) service.stop()
  expect(await Promise.all([engine.ended, sink.ended, api.ended])).toStrictEqual([0, 0, 0])
  const figures = JSON.parse(api.output().trim().split('\n').at(-1) ?? '') as { accepted: number }
  expect(figures.accepted).toBe(written)
  expect(written).toBeGreaterThan(calls / 2)
})
