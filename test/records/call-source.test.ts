import { describe, expect, test } from 'vitest'
import type { CallMapping, CallPart, CallPlace, CallShape } from '../../src/records/call-mapping.ts'
import { createCallReader, type CallReading, type CallRecord, type DecodeAvro } from '../../src/records/call-source.ts'

const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text))

function recordOf({
  value = null,
  key = null,
  headers = {},
}: {
  readonly value?: unknown
  readonly key?: string | null
  readonly headers?: Readonly<Record<string, string | null>>
}): CallRecord {
  const text = value === null || typeof value === 'string' ? value : JSON.stringify(value)
  return {
    value: Buffer.isBuffer(value) ? value : bytes(text),
    key: bytes(key),
    headers: Object.entries(headers).map(([name, content]) => [name, bytes(content)] as const),
  }
}

/** As JSON would have it: verbatim objects are printed. */
const plain = (reading: CallReading): unknown => JSON.parse(JSON.stringify(reading))
const read = (shape: CallShape, record: Parameters<typeof recordOf>[0], decodeAvro?: DecodeAvro): unknown =>
  plain(createCallReader(shape, decodeAvro)(recordOf(record)))
const callIs = (value: object): object => ({ ok: true, value })
const missing = (field: string, where: string): object => ({
  ok: false,
  kind: 'invalid',
  fault: { outcome: 'invalid', field, reason: `is missing: looked for it in ${where}` },
})
const skipped = { ok: false, kind: 'skipped' }

describe('the preset', () => {
  test('envelope reads our own raw record', () => {
    const call = { method: 'PUT', path: '/api/v1/customers/42', body: { plan: 'pro', own: 1 } }
    expect(read('envelope', { value: call })).toEqual(callIs(call))
    expect(read('envelope', { value: null })).toEqual(skipped)
  })

  test('http-log reads method, path, source, id and received_at from headers, and the body from the value', () => {
    const headers = { method: 'PUT', path: '/api/v1/customers/42', source: 'web', id: 'r1', received_at: '1700000000' }
    expect(read('http-log', { value: { plan: 'pro', own: 1 }, headers })).toEqual(
      callIs({ ...headers, body: { plan: 'pro', own: 1 } }),
    )
  })

  test.each([
    ['no value', null],
    ['an empty value', ''],
    ['blanks', ' \n'],
  ])('http-log takes %s for a call without a body: a DELETE has none', (_name, value) => {
    const headers = { method: 'DELETE', path: '/api/v1/customers/42' }
    expect(read('http-log', { value, headers })).toEqual(callIs(headers))
  })

  test('http-log skips a record with neither headers nor value, a tombstone', () => {
    expect(read('http-log', { key: '42' })).toEqual(skipped)
  })

  test('http-log names the part that is missing and where it was looked for', () => {
    expect(read('http-log', { value: {}, headers: { path: '/x' } })).toEqual(missing('method', 'header "method"'))
    expect(read('http-log', { value: {}, headers: { method: 'PUT', path: null } })).toEqual(
      missing('path', 'header "path"'),
    )
  })

  test('http-log says of a body that is no JSON that it is the body', () => {
    const reading = createCallReader('http-log')(
      recordOf({ value: '{"a":', headers: { method: 'PUT', path: '/api/v1/customers/42' } }),
    )
    expect(reading).toMatchObject({ ok: false, kind: 'invalid', fault: { field: 'body' } })
  })

  test('v2 reads entities and batches, also those with keys that the envelope has', () => {
    const entity = { type: 'person', action: 'event', path: '/home', method: 'x', identifiers: { id: '42' } }
    expect(read('v2', { value: entity })).toEqual(callIs({ method: 'POST', path: '/api/v2/entity', body: entity }))
    expect(read('v2', { value: { batch: [entity] } })).toEqual(
      callIs({ method: 'POST', path: '/api/v2/batch', body: { batch: [entity] } }),
    )
    expect(read('v2', { value: null })).toEqual(skipped)
  })

  test.each(['body', 'json', 'data'])('segment-v1 reads a request with its URL, and its body at %s', (name) => {
    const request = { method: 'put', url: 'https://track.customer.io/api/v1/customers/42', [name]: { plan: 'pro' } }
    expect(read('segment-v1', { value: { ...request, headers: { 'user-agent': 'x' }, sentAt: '2026-11-21' } })).toEqual(
      callIs({ method: 'put', path: request.url, body: { plan: 'pro' }, received_at: '2026-11-21' }),
    )
  })

  test('segment-v1 looks for a path in two places', () => {
    expect(read('segment-v1', { value: { method: 'PUT' } })).toEqual(
      missing('path', 'value "url", then in value "path"'),
    )
  })
})

describe('a mapping', () => {
  const call: CallMapping = {
    method: [{ constant: 'PUT' }],
    path: [{ value: 'request.targets.0.path' }],
    body: [{ value: String.raw`request.the\.body` }],
    source: [{ header: 'x-source' }, { value: 'tenant' }],
    id: [{ key: true }],
    received_at: [{ timestamp: true }],
  }
  const value = { tenant: 'shop', request: { targets: [{ path: '/api/v1/customers/42' }], 'the.body': '{"a":1}' } }

  test('finds parts in nested values, lists, keys with dots, the key and constants', () => {
    const found: [CallPart, CallPlace | undefined][] = []
    const reading = createCallReader(call)(recordOf({ value, key: 'r1' }), (part, place) => found.push([part, place]))
    expect(plain(reading)).toEqual(
      callIs({ method: 'PUT', path: '/api/v1/customers/42', body: '{"a":1}', source: 'shop', id: 'r1' }),
    )
    expect(found.map(([part]) => part)).toEqual(['method', 'path', 'body', 'source', 'id', 'received_at'])
    expect(found[3]?.[1]).toMatchObject({ value: 'tenant' })
  })

  test('takes the first place that holds something, and of several headers of a name the last one', () => {
    const record = recordOf({ value })
    const headers = [
      ['x-source', bytes('one')],
      ['x-source', bytes('two')],
    ] as const
    expect(plain(createCallReader(call)({ ...record, headers }))).toMatchObject({ value: { source: 'two' } })
    expect(read(call, { value, headers: { 'x-source': '' } })).toMatchObject({ value: { source: 'shop' } })
  })

  test.each([
    ['inherited keys', { request: {} }, '__proto__.constructor'],
    ['what is in a text', { request: 'text' }, 'request.length'],
    ['null', { request: null }, 'request'],
    ['a place beyond a list', { request: [1] }, 'request.1'],
  ])('does not take %s for something', (_name, found, path) => {
    expect(read({ ...call, path: [{ value: path }] }, { value: found })).toEqual(
      missing('path', `value ${JSON.stringify(path)}`),
    )
  })

  test('keeps every digit of what it passes on', () => {
    const mapping: CallMapping = { body: [{ value: 'payload' }], id: [{ value: 'n' }] }
    const reading = createCallReader(mapping)(recordOf({ value: '{"n":12345678901234567890,"payload":{"x":1.50}}' }))
    expect(JSON.stringify(reading)).toContain('"id":12345678901234567890')
    expect(JSON.stringify(reading)).toContain('{"x":1.50}')
  })

  test('without method and path tells entities from batches, also where the body is JSON text', () => {
    const mapping: CallMapping = { body: [{ value: 'payload' }] }
    expect(read(mapping, { value: { payload: '{"batch":[]}' } })).toEqual(
      callIs({ method: 'POST', path: '/api/v2/batch', body: '{"batch":[]}' }),
    )
    expect(read(mapping, { value: { other: 1 } })).toEqual(missing('body', 'value "payload"'))
  })

  test('does not read the value where no part is in it', () => {
    const mapping: CallMapping = {
      method: [{ constant: 'DELETE' }],
      path: [{ header: 'path' }],
      body: [{ header: 'body' }],
    }
    expect(read(mapping, { value: 'no JSON', headers: { path: '/api/v1/customers/42' } })).toEqual(
      callIs({ method: 'DELETE', path: '/api/v1/customers/42' }),
    )
  })

  test('skips tombstones also where a constant would always be found', () => {
    const mapping: CallMapping = { method: [{ constant: 'PUT' }], path: [{ header: 'path' }], body: [{ value: true }] }
    expect(read(mapping, { key: '42' })).toEqual(skipped)
  })

  test('says which header is no text', () => {
    const headers = [['x-source', Buffer.from([0xff])]] as const
    expect(plain(createCallReader(call)({ ...recordOf({ value }), headers }))).toEqual({
      ok: false,
      kind: 'invalid',
      fault: { outcome: 'invalid', field: 'source', reason: 'is not valid UTF-8 in header "x-source"' },
    })
  })
})

const decodeAvro: DecodeAvro = () => ({
  ok: true,
  value: { method: 'PUT', url: '/v1/customers/42', body: { a: 1 } },
})

describe('a value that is no JSON', () => {
  const avro = Buffer.from([0, 0, 0, 0, 1, 2])

  test.each(['envelope', 'v2', 'http-log', 'segment-v1'] as const)(
    'is unreadable for %s when it looks like Avro',
    (shape) => {
      expect(read(shape, { value: avro })).toEqual({
        ok: false,
        kind: 'unreadable',
        reason: 'the value looks like Avro (it begins with a zero byte), not like JSON',
      })
    },
  )

  test('is read as what the decoder makes of it, for every shape', () => {
    expect(read('segment-v1', { value: avro }, decodeAvro)).toEqual(
      callIs({ method: 'PUT', path: '/v1/customers/42', body: { a: 1 } }),
    )
    expect(read({ body: [{ value: true }] }, { value: avro }, () => ({ ok: true, value: { batch: [] } }))).toEqual(
      callIs({ method: 'POST', path: '/api/v2/batch', body: { batch: [] } }),
    )
    expect(read('envelope', { value: avro }, () => ({ ok: false, reason: 'has a byte too many' }))).toEqual({
      ok: false,
      kind: 'unreadable',
      reason: 'the value has a byte too many',
    })
  })

  test('is unreadable as a whole where parts are looked for in it', () => {
    expect(read('segment-v1', { value: '{' })).toMatchObject({ kind: 'unreadable' })
    expect(read('segment-v1', { value: Buffer.from([0x22, 0xff, 0x22]) })).toEqual({
      ok: false,
      kind: 'unreadable',
      reason: 'the value is not valid UTF-8',
    })
  })
})
