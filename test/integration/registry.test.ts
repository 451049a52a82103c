import avro from 'avsc'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { startStandInApi, type StandInApi } from '../../src/demo/stand-in-api.ts'
import { ownSchema, subjectOf } from '../../src/schemas/own-schemas.ts'
import { createRegistry, type Registry } from '../../src/schemas/registry.ts'
import { avroCall, framed } from '../support/avro-calls.ts'
import { produceRaw, readCommitted } from '../support/kafka.ts'
import { callsFor, createPipeline, produceCalls, verifyPipeline, type Pipeline } from '../support/pipeline.ts'
import { freePort, startRegistry, type RealRegistry } from '../support/registry.ts'
import { startRegistryStub } from '../support/registry-stub.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { startTrackbridge } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'
import { expectedOutput, nothingAmiss } from '../support/verify-output.ts'

let real: RealRegistry
let registry: Registry

beforeAll(async () => {
  real = await startRegistry()
  registry = createRegistry({ urls: [real.url], timeoutMs: 10_000 })
})
afterAll(() => real.close())

const avroConfig = (pipeline: Pipeline, url = real.url, sinkUrl?: string) => ({
  ...pipeline.config,
  schemaRegistry: { url },
  destinations: pipeline.config.destinations.map((entry) => ({
    ...entry,
    format: 'avro',
    ...(sinkUrl === undefined ? {} : { sink: { url: sinkUrl, apiKey: 'key' } }),
  })),
  deadLetters: { topic: pipeline.topics.deadLetters, format: 'avro' },
  unsupported: { topic: pipeline.topics.unsupported, format: 'avro' },
})

async function runCommand(args: readonly string[], document: object) {
  const command = startTrackbridge(args, document)
  const { code } = await command.ended
  return { code, stdout: command.stdout(), stderr: command.lines.map(({ msg }) => msg).join('\n') }
}

async function startApi(): Promise<StandInApi> {
  const api = await startStandInApi({ clock: systemClock, random: seededRandom(1), apiKey: 'key' })
  onTestFinished(() => api.close())
  return api
}

const decodeAll = async (topic: string, name: 'PipelinesMessage' | 'DeadLetter' | 'Unsupported') => {
  const type = avro.Type.forSchema(JSON.parse(ownSchema(name)) as avro.Schema)
  const records = await readCommitted(topic, { bytes: true })
  return records.map(({ bytes }) => type.fromBuffer(bytes!.subarray(5)) as Record<string, unknown>)
}

const idsOf = (all: readonly { messageId?: unknown }[]) => all.map(({ messageId }) => String(messageId)).sort()

const identify = (user: string): string =>
  JSON.stringify({ method: 'PUT', path: `/api/v1/customers/${user}`, body: {} })

const keysOn = async (topic: string, count: number) =>
  (await readCommitted(topic, { until: count })).map(({ key }) => key)

test('`schemas register` says what it will do, does it once, and `schemas check` agrees', async () => {
  const pipeline = await createPipeline(1)
  const config = { ...avroConfig(pipeline), raw: { topic: pipeline.rawTopic, format: 'avro' } }
  const { topics } = pipeline
  const subjects = [pipeline.rawTopic, ...topics.destinations, topics.deadLetters, topics.unsupported].map(subjectOf)

  const missing = await runCommand(['schemas', 'check'], config)
  const dry = await runCommand(['schemas', 'register', '--dry-run'], config)
  expect([missing.code, dry.code, dry.stdout.match(/is to be registered as the first version/g)?.length]).toEqual([
    1, 0, 4,
  ])
  expect(await Promise.all(subjects.map((subject) => registry.latest(subject)))).toEqual([null, null, null, null])

  const done = await runCommand(['schemas', 'register'], config)
  expect([done.code, done.stdout.match(/FULL_TRANSITIVE$/gm)?.length], done.stdout).toEqual([0, 8])
  expect(await Promise.all(subjects.map((subject) => registry.level(subject)))).toEqual(
    subjects.map(() => 'FULL_TRANSITIVE'),
  )
  const again = await runCommand(['schemas', 'register', '--json'], config)
  expect((JSON.parse(again.stdout) as { registered: unknown[] }).registered).toEqual([])
  const check = await runCommand(['schemas', 'check', '--no-topics'], config)
  expect(check.code, check.stdout).toBe(0)
})

test('`schemas register` refuses what is incompatible, and changes nothing', async () => {
  const pipeline = await createPipeline(1)
  const subject = subjectOf(pipeline.topics.destinations[0]!)
  const other = {
    type: 'record',
    name: 'PipelinesMessage',
    namespace: 'trackbridge.v1',
    fields: [{ name: 'payload', type: 'int' }],
  }
  await registry.setLevel(subject, 'FULL_TRANSITIVE')
  await registry.register(subject, JSON.stringify(other))
  const { code, stdout } = await runCommand(['schemas', 'register'], avroConfig(pipeline))
  expect([code, stdout.includes('PipelinesMessage is not compatible with version 1: ')], stdout).toEqual([1, true])
  expect(await registry.latest(subjectOf(pipeline.topics.deadLetters))).toBeNull()
  expect((await registry.latest(subject))?.version).toBe(1)
})

test('a subject that allowed anything takes nothing incompatible, and keeps its level', async () => {
  const pipeline = await createPipeline(1)
  const subject = subjectOf(pipeline.topics.destinations[0]!)
  await registry.setLevel(subject, 'NONE')
  await registry.register(subject, '"int"')
  const { code, stderr } = await runCommand(['schemas', 'register'], avroConfig(pipeline))
  expect([code, /TB_SCHEMA_INCOMPATIBLE: subject/.test(stderr)], stderr).toEqual([2, true])
  expect(await registry.level(subject)).toBe('NONE')
})

test('a schema with a field more is taken beside ours, and readers of either go on', async () => {
  const pipeline = await createPipeline(1)
  const config = avroConfig(pipeline)
  await runCommand(['schemas', 'register'], config)
  const subject = subjectOf(pipeline.topics.destinations[0]!)
  const own = JSON.parse(ownSchema('PipelinesMessage')) as { fields: object[] }
  const newer = { ...own, fields: [...own.fields, { name: 'region', type: 'string', default: '' }] }
  expect((await registry.compatibility(subject, JSON.stringify(newer))).compatible).toBe(true)
  const id = await registry.register(subject, JSON.stringify(newer))

  const api = await startApi()
  const payload = JSON.stringify({
    type: 'track',
    messageId: 'm1',
    userId: '42',
    event: 'e',
    sentAt: '2026-11-21T10:00:00.000Z',
  })
  const columns = { type: 'track', messageId: 'm1', userId: '42', anonymousId: null, previousId: null, groupId: null }
  const more = { event: 'e', name: null, destination: 'main', source: null, timestamp: 0, receivedAt: 0, region: 'eu' }
  const value = avro.Type.forSchema(newer as avro.Schema).toBuffer({ payload, ...columns, ...more })
  await produceRaw(pipeline.topics.destinations[0]!, [{ key: '42', value: framed(id, value) }])
  const running = startTrackbridge(['run'], avroConfig(pipeline, real.url, api.url))
  await produceCalls(callsFor(pipeline, { count: 50, partitions: 1, people: 5 }))
  const messages = await readCommitted(pipeline.topics.destinations[0]!, { until: 40 })
  await until(() => running.isOver() || api.counters().accepted >= messages.length, { describe: () => running.tail() })
  running.send('SIGTERM')
  expect(await running.ended, running.tail()).toEqual({ code: 0, signal: null })
  expect(api.accepted.some(({ messageId }) => messageId === 'm1')).toBe(true)
})

test('calls in Avro and JSON on one raw topic reach the API through topics in Avro, each once', async () => {
  const pipeline = await createPipeline(4)
  const api = await startApi()
  const config = avroConfig(pipeline, real.url, api.url)
  expect((await runCommand(['schemas', 'register'], config)).code).toBe(0)
  const id = await registry.register(subjectOf(pipeline.rawTopic), ownSchema('TrackCall'))
  const calls = callsFor(pipeline, { count: 2_000, partitions: 4, people: 100 })
  const mixed = calls.map(({ value, ...call }, index) => {
    const inAvro = value === null || index % 2 === 0 ? undefined : avroCall(id, value)
    return { ...call, value: (inAvro ?? value) as string | null }
  })
  await produceCalls(mixed)
  const expected = expectedOutput(calls, pipeline.topics)
  const messages = [...expected.keys()].filter((place) => place.startsWith(`${pipeline.topics.destinations[0]} `))
  const running = startTrackbridge(['run'], config)
  await until(() => running.isOver() || api.counters().accepted >= messages.length, {
    timeoutMs: 60_000,
    describe: () => `${messages.length} messages, ${api.counters().accepted} accepted\n${running.tail()}`,
  })
  running.send('SIGTERM')
  expect(await running.ended, running.tail()).toEqual({ code: 0, signal: null })
  expect(await verifyPipeline(pipeline, calls)).toEqual(nothingAmiss)
  const columns = await decodeAll(pipeline.topics.destinations[0]!, 'PipelinesMessage')
  expect(idsOf(columns)).toEqual(idsOf(api.accepted))
  expect(
    columns.map(({ payload, userId }) => [JSON.parse(String(payload)).userId, userId]).filter(([a, b]) => a !== b),
  ).toEqual([])
  const letters = await decodeAll(pipeline.topics.deadLetters, 'DeadLetter')
  const unsupported = await decodeAll(pipeline.topics.unsupported, 'Unsupported')
  expect([new Set(letters.map(({ stage }) => stage)), unsupported.length > 10]).toEqual([new Set(['process']), true])
  const check = await runCommand(['schemas', 'check'], config)
  expect([check.code, / of schema \d+, trackbridge.v1.PipelinesMessage/.test(check.stdout)], check.stdout).toEqual([
    0,
    true,
  ])
})

const post = async (subject: string, body: object): Promise<number> => {
  const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
  const url = `${real.url}/subjects/${subject}/versions`
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  return ((await answer.json()) as { readonly id: number }).id
}

test('a raw call whose schema refers to another one in the registry is read with it', async () => {
  const pipeline = await createPipeline(1)
  const method = { type: 'enum', name: 'Method', namespace: 'log', symbols: ['PUT', 'POST'] }
  const fields = [
    { name: 'method', type: 'Method' },
    { name: 'path', type: 'string' },
    { name: 'body', type: 'string' },
  ]
  const call = { type: 'record', name: 'Call', namespace: 'log', fields }
  await post('log.Method', { schema: JSON.stringify(method) })
  const references = [{ name: 'log.Method', subject: 'log.Method', version: 1 }]
  const id = await post('log.Call', { schema: JSON.stringify(call), references })
  const whole = avro.Type.forSchema({
    ...call,
    fields: [{ name: 'method', type: method }, ...fields.slice(1)],
  } as avro.Schema)
  const value = framed(id, whole.toBuffer({ method: 'PUT', path: '/api/v1/customers/42', body: '{"plan":"pro"}' }))
  await produceRaw(pipeline.rawTopic, [{ key: '42', value }])
  const running = startTrackbridge(['process'], { ...pipeline.config, schemaRegistry: { url: real.url } })
  const [message] = await readCommitted(pipeline.topics.destinations[0]!, { until: 1 })
  expect(JSON.parse(message!.value!)).toMatchObject({ type: 'identify', userId: '42', traits: { plan: 'pro' } })
  running.send('SIGTERM')
  expect(await running.ended, running.tail()).toEqual({ code: 0, signal: null })
})

test('a schema that is not registered ends `process` at once, with the command that registers it', async () => {
  const { code, stderr } = await runCommand(['process'], avroConfig(await createPipeline(1)))
  expect([code, stderr.includes('register it with: trackbridge schemas register')], stderr).toEqual([2, true])
})

test('a registry that is down at the start is waited for, not ready and said so, and then all goes on', async () => {
  const pipeline = await createPipeline(1)
  const [port, health] = [await freePort(), await freePort()]
  const config = { ...avroConfig(pipeline, `http://127.0.0.1:${port}`), http: { port: health } }
  const calls = callsFor(pipeline, { count: 100, partitions: 1, people: 5 })
  await produceCalls(calls)
  const running = startTrackbridge(['process'], config)
  const ready = async () => {
    const answer = await fetch(`http://127.0.0.1:${health}/ready`).catch(() => undefined)
    return answer && { status: answer.status, text: await answer.text() }
  }
  let last: unknown
  const waiting = await until(
    async () => {
      const answer = await ready()
      last = answer
      return answer?.text.includes('ECONNREFUSED') ? answer : undefined
    },
    { describe: () => `the registry is waited for, found ${JSON.stringify(last)}` },
  )
  expect([waiting.status, running.isOver()]).toEqual([503, false])
  const stub = await startRegistryStub({ port })
  onTestFinished(() => stub.close())
  stub.put(subjectOf(pipeline.topics.destinations[0]!), ownSchema('PipelinesMessage'))
  stub.put(subjectOf(pipeline.topics.deadLetters), ownSchema('DeadLetter'))
  stub.put(subjectOf(pipeline.topics.unsupported), ownSchema('Unsupported'))
  await until(async () => (await ready())?.status === 200, { timeoutMs: 40_000, describe: () => running.tail() })
  await readCommitted(pipeline.topics.destinations[0]!, { until: 80 })
  running.send('SIGTERM')
  expect(await running.ended, running.tail()).toEqual({ code: 0, signal: null })
  expect(await verifyPipeline(pipeline, calls)).toEqual(nothingAmiss)
})

test('a registry that goes down later holds up what needs it alone; an unknown id is a dead letter', async () => {
  const pipeline = await createPipeline(2)
  const stub = await startRegistryStub()
  onTestFinished(() => stub.close())
  const id = stub.put('raw', ownSchema('TrackCall'))
  const config = { ...pipeline.config, schemaRegistry: { url: stub.url, timeoutMs: 500 } }
  stub.fault = (_request, response) => response.writeHead(503).end()
  const running = startTrackbridge(['process'], config)
  await produceRaw(pipeline.rawTopic, [
    { partition: 0, key: 'a', value: avroCall(id, identify('a'))! },
    { partition: 0, key: 'x', value: framed(77, Buffer.from([2])) },
    { partition: 1, key: 'b', value: identify('b') },
  ])
  expect(await keysOn(pipeline.topics.destinations[0]!, 1)).toEqual(['b'])
  await until(() => running.lines.some(({ msg }) => msg === 'waiting for the schema registry'))
  expect(await keysOn(pipeline.topics.deadLetters, 0)).toEqual([])
  stub.fault = undefined
  expect(
    (await keysOn(pipeline.topics.destinations[0]!, 2)).sort((a, b) => String(a).localeCompare(String(b))),
  ).toEqual(['a', 'b'])
  const [letter] = await readCommitted(pipeline.topics.deadLetters, { until: 1 })
  expect(JSON.parse(letter!.value!)).toMatchObject({
    reason: 'unreadable',
    message: 'the value is Avro of schema 77, which the schema registry does not have',
  })
  running.send('SIGTERM')
  await running.ended
})
