import avro from 'avsc'
import { expect, test } from 'vitest'
import { ownSchema } from '../../src/schemas/own-schemas.ts'
import { createRegistry } from '../../src/schemas/registry.ts'
import { createSchemaCache } from '../../src/schemas/schema-cache.ts'
import { createFakeClock, runUntil } from '../support/fake-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { withRegistryStub } from '../support/registry-stub.ts'

const trackCall = avro.Type.forSchema(JSON.parse(ownSchema('TrackCall')) as avro.Schema)
const bytes = trackCall.toBuffer({ method: 'PUT', path: '/p', body: null, id: null, source: null, received_at: null })
const call = { method: 'PUT', path: '/p', body: null, id: null, source: null, received_at: null }

function record(id: number) {
  const value = Buffer.concat([Buffer.alloc(5), bytes])
  value.writeInt32BE(id, 1)
  return { value }
}

async function setUp() {
  const stub = await withRegistryStub()
  const clock = createFakeClock()
  const { log, lines } = createRecordingLog()
  const registry = createRegistry({ urls: [stub.url], timeoutMs: 2_000 })
  const cache = createSchemaCache({ registry, clock, log })
  return { stub, clock, lines, cache, id: stub.put('raw-value', ownSchema('TrackCall')) }
}

const { signal } = new AbortController()

test('any number of records and callers cost one request for an id', async () => {
  const { stub, cache, id } = await setUp()
  const records = Array.from({ length: 1_000 }, () => record(id))
  await Promise.all([cache.ensure(records, signal), cache.ensure(records, signal), cache.ensure(records, signal)])
  expect(cache.ensure(records, signal)).toBeUndefined()
  expect(cache.decode(record(id).value)).toEqual({ ok: true, value: call })
  expect(stub.seen).toEqual([`GET /schemas/ids/${id}`])
})

test('values in JSON and tombstones ask for nothing', async () => {
  const { stub, cache } = await setUp()
  expect(
    cache.ensure([{ value: Buffer.from('{}') }, { value: null }, { value: Buffer.from([0, 1]) }], signal),
  ).toBeUndefined()
  expect(stub.seen).toEqual([])
})

test('what the registry denies is unreadable, and asked again after a minute', async () => {
  const { stub, clock, cache } = await setUp()
  await cache.ensure([record(2)], signal)
  expect(cache.decode(record(2).value)).toEqual({
    ok: false,
    reason: 'is Avro of schema 2, which the schema registry does not have',
  })
  expect(cache.ensure([record(2)], signal)).toBeUndefined()
  stub.put('raw-value', `${ownSchema('TrackCall')} `)
  clock.advance(60_000)
  await cache.ensure([record(2)], signal)
  expect(cache.decode(record(2).value).ok).toBe(true)
  expect(stub.seen).toEqual(['GET /schemas/ids/2', 'GET /schemas/ids/2'])
})

test('an id that no registry can have is denied without a request', async () => {
  const { stub, cache } = await setUp()
  await cache.ensure([record(-5)], signal)
  expect([cache.decode(record(-5).value).ok, stub.seen]).toEqual([false, []])
})

test('a registry that is down is asked three times, told of once, and waited for', async () => {
  const { stub, clock, lines, cache, id } = await setUp()
  stub.fault = (_request, response) => response.writeHead(503).end()
  const failed = cache.ensure([record(id)], signal)?.catch((error: unknown) => error)
  let end: unknown
  void failed?.then((error) => (end = error))
  await runUntil(clock, () => end !== undefined)
  expect(end).toMatchObject({ code: 'TB_REGISTRY_UNAVAILABLE', reaction: 'retry' })
  expect(cache.waiting()).toBe(`the schema registry ${stub.url} answers with status 503`)
  expect(stub.seen).toHaveLength(3)
  stub.fault = undefined
  await cache.ensure([record(id)], signal)
  expect([cache.waiting(), cache.decode(record(id).value).ok]).toEqual([undefined, true])
  expect(lines.map(({ message }) => message)).toEqual([
    'waiting for the schema registry',
    'the schema registry answers again',
  ])
})

const refers = (...subjects: readonly string[]) => subjects.map((subject) => ({ name: subject, subject, version: 3 }))
const colour = { type: 'enum', name: 'Colour', namespace: 'shop', symbols: ['RED'] }
const fields = [{ name: 'of', type: 'Colour' }]
const wheel = { type: 'record', name: 'Wheel', namespace: 'shop', fields }
const car = { type: 'record', name: 'Car', fields: [...fields, { name: 'front', type: 'shop.Wheel' }] }

/** A registry with these schemas and no other. */
const answersOf =
  (answers: Readonly<Record<string, object>>): Awaited<ReturnType<typeof setUp>>['stub']['fault'] =>
  (request, response) => {
    const found = answers[request.url ?? '']
    response.writeHead(found === undefined ? 404 : 200)
    response.end(JSON.stringify(found ?? { error_code: 40_402, message: 'Version not found' }))
  }

test('a schema that refers to others is read with them, each asked for once', async () => {
  const { stub, cache } = await setUp()
  stub.fault = answersOf({
    '/schemas/ids/1': { schema: JSON.stringify({ ...car, namespace: 'shop' }), references: refers('wheel', 'colour') },
    '/subjects/wheel/versions/3': { schema: JSON.stringify(wheel), references: refers('colour') },
    '/subjects/colour/versions/3': { schema: JSON.stringify(colour), references: null },
  })
  const value = Buffer.from([0, 0, 0, 0, 1, 0, 0])
  await cache.ensure([{ value }, { value }], signal)
  expect(cache.decode(value)).toEqual({ ok: true, value: { of: 'RED', front: { of: 'RED' } } })
  expect(stub.seen).toEqual(['GET /schemas/ids/1', 'GET /subjects/wheel/versions/3', 'GET /subjects/colour/versions/3'])
})

test('a registry without a part of a schema that it has is waited for: no record is to blame', async () => {
  const { stub, cache, clock } = await setUp()
  stub.fault = answersOf({ '/schemas/ids/1': { schema: JSON.stringify(wheel), references: refers('colour') } })
  let failure: unknown
  const asking = cache.ensure([record(1)], signal)?.catch((error: unknown) => (failure = error))
  await runUntil(clock, () => failure !== undefined)
  await asking
  expect(failure).toMatchObject({
    code: 'TB_REGISTRY_UNAVAILABLE',
    message: 'the schema registry does not have /subjects/colour/versions/3, to which /schemas/ids/1 refers',
  })
})

test.each([
  [{ schema: 'x', schemaType: 'PROTOBUF' }, 'is of schema 1, which is PROTOBUF; only Avro is read'],
  [
    { schema: '"colour"' },
    'is Avro of schema 1, which cannot be understood: "colour" is no Avro type that the schema defines',
  ],
])('a schema that cannot be read, %j, makes its records unreadable', async (answer, reason) => {
  const { stub, cache } = await setUp()
  stub.fault = (_request, response) => response.end(JSON.stringify(answer))
  await cache.ensure([record(1)], signal)
  expect(cache.decode(record(1).value)).toEqual({ ok: false, reason })
})
