import avro from 'avsc'
import { expect, test } from 'vitest'
import { avroCall } from '../../scripts/avro-call.ts'
import { sampleCalls } from '../../src/demo/sample-calls.ts'
import { parseJson, stringifyJson } from '../../src/json.ts'
import { ownSchema } from '../../src/schemas/own-schemas.ts'

const trackCall = avro.Type.forSchema(JSON.parse(ownSchema('TrackCall')) as avro.Schema)

interface Call {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly id?: string
  readonly source?: string
  readonly received_at?: string | number
}

test('made-up calls are in Avro what they are in JSON, number by number, wherever Avro can hold them', () => {
  const calls = [...sampleCalls({ seed: 7, count: 2_000, startMs: 1_700_000_000_000 })]
  const pairs = calls.flatMap(({ value }) => {
    const ours = avroCall(5, value)
    return ours === undefined ? [] : [{ call: parseJson(value) as Call, read: trackCall.fromBuffer(ours.subarray(5)) }]
  })
  expect(pairs.map(({ read }) => read)).toEqual(
    pairs.map(({ call: { method, path, body, id = null, source = null, received_at: at } }) => ({
      method,
      path,
      body: typeof body === 'string' ? body : body === undefined ? null : stringifyJson(body),
      id,
      source,
      received_at: typeof at === 'string' ? Date.parse(at) : (at ?? null),
    })),
  )
  expect(pairs.length).toBeGreaterThan(1_800)
})

test('a call with all its fields is read back as it was', () => {
  const call = { method: 'PUT', path: '/api/v1/customers/42', id: 'é', source: 'web', body: { plan: 'pro' } }
  const value = avroCall(5, JSON.stringify({ ...call, received_at: '2026-11-21T10:00:00Z' }))
  expect([value?.subarray(0, 5), trackCall.fromBuffer(value?.subarray(5) ?? Buffer.alloc(0))]).toEqual([
    Buffer.from([0, 0, 0, 0, 5]),
    { ...call, body: '{"plan":"pro"}', received_at: Date.UTC(2026, 10, 21, 10) },
  ])
})

test.each([
  '{"method":',
  '[]',
  '{"path":"/"}',
  '{"method":"PUT","path":"/","id":7}',
  '{"method":"PUT","path":"/","received_at":"soon"}',
])('%s is nothing that Avro can hold', (json) => expect(avroCall(5, json)).toBe(undefined))
