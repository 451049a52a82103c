import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeJson } from '../../src/json.ts'
import { comparable, fixtureRows, isObject, isUlidOfTime, messagesOf, printedLine } from '../translate/fixture-rows.ts'

const received_at = '2023-08-24T14:15:22.000Z'
const bytesOf = (text: string) => new TextEncoder().encode(text)
const lineOf = (record: unknown) => comparable(printedLine(JSON.stringify(record)))
const onlyMessage = (record: unknown) => messagesOf(lineOf(record))[0] ?? {}

const identifierKeys = ['id', 'email', 'cio_id', 'anonymous_id', '_timestamp', 'cio_relationships']
const keys = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  fc.constantFrom('__proto__', 'constructor', 'toString', 'toJSON', '1', '2', '', 'name', 'type', 'traits', '_update'),
)
const attributes = fc
  .array(fc.tuple(keys, fc.jsonValue({ stringUnit: 'binary' })), { maxLength: 8 })
  .map((entries) => Object.fromEntries(entries.filter(([key]) => !identifierKeys.includes(key) && key !== 'timestamp')))
const numberLiterals = fc.stringMatching(/^-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?$/)

function expectOutcome(line: unknown, record: string): void {
  if (!isObject(line)) throw new Error(`no printed line for ${record}`)
  const { outcome, reason, field, operations } = line
  if (Array.isArray(operations)) {
    operations.forEach((operation) => expectOutcome(operation, record))
    return
  }
  if (outcome === 'translated') {
    expect(messagesOf(line).length, record).toBeGreaterThan(0)
    messagesOf(line).forEach((message) => expectEnvelope(message, record))
    return
  }
  expect(['unsupported', 'invalid'], record).toContain(outcome)
  expect(reason, record).toEqual(expect.stringMatching(/./))
  if (outcome === 'invalid') expect(field, record).toEqual(expect.any(String))
}

function expectEnvelope(message: Record<string, unknown>, record: string): void {
  const { type, messageId, integrations, timestamp, originalTimestamp, sentAt, receivedAt } = message
  expect(['identify', 'track', 'page', 'screen', 'group', 'alias'], record).toContain(type)
  expect(typeof messageId, record).toBe('string')
  expect(integrations, record).toStrictEqual({ All: true })
  expect(originalTimestamp, record).toBe(timestamp)
  expect(sentAt, record).toBe(receivedAt)
  for (const time of [timestamp, receivedAt]) expect(new Date(String(time)).toISOString(), record).toBe(time)
  const who = ['userId', 'anonymousId', 'groupId', 'previousId'].filter((key) => key in message)
  for (const key of who) expect(message[key], record).toEqual(expect.stringMatching(/^[^]+$/))
}

test('any JSON value gives an outcome and never throws', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const text = JSON.stringify(value)
      expectOutcome(comparable(printedLine(text)), text)
    }),
    { numRuns: 300 },
  )
})

test('any bytes are either JSON or refused with a reason', () => {
  const whole = fc.uint8Array({ maxLength: 200 })
  const broken = fc
    .tuple(fc.constantFrom(...fixtureRows), fc.nat(), fc.nat({ max: 255 }))
    .map(([{ callText }, at, byte]) => {
      const bytes = bytesOf(callText.slice(0, 5000))
      bytes[at % Math.max(1, bytes.length)] = byte
      return bytes
    })
  fc.assert(
    fc.property(fc.oneof(whole, broken), (bytes) => {
      const decoded = decodeJson(bytes)
      if (decoded.ok) return
      expect(decoded.reason).toEqual(expect.stringMatching(/./))
    }),
    { numRuns: 500 },
  )
})

type Path = readonly (string | number)[]

function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, item]) => pathsIn(item, [...path, key]))]
}

function replaced(value: unknown, path: Path, replacement: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return replacement
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === key ? replaced(item, rest, replacement) : item))
  const entries = Object.entries(value as object)
  return Object.fromEntries(
    entries.map(([name, item]) => [name, name === key ? replaced(item, rest, replacement) : item]),
  )
}

const translatedCalls = fixtureRows
  .filter(
    ({ expected, callText }) => isObject(expected) && expected['outcome'] === 'translated' && callText.length < 5000,
  )
  .map(({ callText }) => JSON.parse(callText) as unknown)

const likelyValues = fc.constantFrom<unknown>(
  '',
  ' ',
  '0',
  0,
  -1,
  1e21,
  true,
  null,
  [],
  {},
  [[]],
  'cio_',
  '@',
  '%',
  '__proto__',
  ['a'],
  { id: 1 },
)

test('a call with one field replaced by anything gives an outcome, twice the same bytes', () => {
  const mutated = fc
    .constantFrom(...translatedCalls)
    .chain((call) =>
      fc
        .tuple(fc.constantFrom(...pathsIn(call)), fc.oneof(likelyValues, fc.jsonValue({ stringUnit: 'binary' })))
        .map(([path, value]) => replaced(call, path, value)),
    )
  fc.assert(
    fc.property(mutated, (record) => {
      const text = JSON.stringify(record)
      const line = printedLine(text)
      expect(printedLine(text)).toBe(line)
      expectOutcome(comparable(line), text)
    }),
    { numRuns: 1500 },
  )
})

test('the traits of an identify are the attributes, none lost and none invented', () => {
  fc.assert(
    fc.property(attributes, (body) => {
      const { traits, userId } = onlyMessage({ method: 'PUT', path: '/v1/customers/42', body, received_at })
      expect(userId).toBe('42')
      expect(traits).toStrictEqual(comparable(JSON.stringify(body)))
    }),
    { numRuns: 300 },
  )
})

test('the traits of an identify are the attributes without the documented identifiers', () => {
  const identifiers = fc.record(
    {
      id: fc.constantFrom<unknown>('42', 42),
      cio_id: fc.constant('03000001'),
      anonymous_id: fc.constant('abc123'),
      _timestamp: fc.constant(1361205308),
      cio_relationships: fc.constantFrom<unknown>(null, [], [{ identifiers: { object_id: 'acme' } }]),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(
      attributes,
      identifiers,
      fc.constantFrom({}, { email: 'a@example.com' }, { email: null }),
      (rest, leaving, email) => {
        const staying = Object.fromEntries([...Object.entries(rest), ...Object.entries(email)])
        const body = Object.fromEntries([...Object.entries(leaving), ...Object.entries(staying)])
        const message = onlyMessage({ method: 'PUT', path: '/v1/customers/42', body, received_at })
        expect(message['traits']).toStrictEqual(comparable(JSON.stringify(staying)))
        expect(message['anonymousId']).toBe(leaving.anonymous_id)
      },
    ),
    { numRuns: 200 },
  )
})

test('the properties of an event are its data, none lost and none invented', () => {
  fc.assert(
    fc.property(attributes, (data) => {
      const body = { name: 'x', data }
      const { properties } = onlyMessage({ method: 'POST', path: '/v1/customers/42/events', body, received_at })
      expect(properties).toStrictEqual(comparable(JSON.stringify(data)))
    }),
    { numRuns: 200 },
  )
})

test('any number literal comes out with the same text', () => {
  fc.assert(
    fc.property(numberLiterals, fc.boolean(), (literal, bodyIsText) => {
      const body = `{"a":{"b":[${literal}]}}`
      const record = `{"method":"PUT","path":"/v1/customers/42","received_at":"${received_at}","body":${bodyIsText ? JSON.stringify(body) : body}}`
      expect(printedLine(record)).toContain(`"traits":${body}`)
    }),
    { numRuns: 300 },
  )
})

test('any id in the path is decoded exactly once', () => {
  const ids = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).filter((id) => id.trim() !== '')
  fc.assert(
    fc.property(
      fc.oneof(ids, ids.map(encodeURIComponent), fc.constantFrom('.', '..', '%2F', '?', '#', '//', 'events')),
      (id) => {
        fc.pre(id !== 'cio_')
        const path = `/api/v1/customers/${encodeURIComponent(id)}`
        expect(onlyMessage({ method: 'DELETE', path, received_at })['userId']).toBe(id)
      },
    ),
    { numRuns: 300 },
  )
})

test('a batch gives one outcome per operation, and none changes for its neighbours', () => {
  const valid = { type: 'person', identifiers: { id: '42' }, action: 'identify', attributes: { plan: 'basic' } }
  const operation = fc.oneof(
    fc.constant<unknown>(valid),
    fc.jsonValue(),
    likelyValues,
    fc.record({ type: fc.constant('person'), action: fc.constantFrom('delete', 'event'), identifiers: fc.jsonValue() }),
  )
  const alone = messagesOf(lineOf({ method: 'POST', path: '/v2/entity', body: valid, received_at })).map(withoutId)
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 8 }), (batch) => {
      const line = lineOf({ method: 'POST', path: '/v2/batch', body: { batch }, received_at })
      const operations = isObject(line) && Array.isArray(line['operations']) ? line['operations'] : []
      expect(operations.length).toBe(batch.length)
      batch.forEach((entry, index) => {
        if (entry === valid) expect(messagesOf(operations[index]).map(withoutId)).toStrictEqual(alone)
      })
      const ids = messagesOf(line).map(({ messageId }) => String(messageId))
      expect(new Set(ids).size).toBe(ids.length)
      expect(ids.filter((id) => !isUlidOfTime(id, received_at))).toStrictEqual([])
    }),
    { numRuns: 200 },
  )
})

function withoutId({ messageId: _messageId, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return rest
}
