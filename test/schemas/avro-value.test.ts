import avro from 'avsc'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringifyJson } from '../../src/json.ts'
import { writerSchema } from '../../src/schemas/avro-value.ts'
import { ownSchema } from '../../src/schemas/own-schemas.ts'
import { translate } from '../../src/translate/translate.ts'

const framed = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), bytes])
const big = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(value)
    return bytes
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
})
// avsc takes its own long, which is no BigInt, where one is annotated.
const isLong = (schema: unknown): boolean => (schema as { type?: unknown }).type === 'long'
const encode = (schema: unknown, value: unknown): Buffer => {
  const plain = (isLong(schema) ? 'long' : schema) as avro.Schema
  return framed(avro.Type.forSchema(plain, { registry: { long: big }, wrapUnions: true }).toBuffer(value))
}
const textOf = (schema: unknown, value: Buffer): unknown => {
  const decoded = writerSchema(JSON.stringify(schema)).decode(value)
  return decoded.ok ? stringifyJson(decoded.value) : decoded.reason
}

const fixed = (size: number, more: object = {}) => ({ type: 'fixed', name: 'F', size, ...more })
const time = (type: string, logicalType: string) => ({ type, logicalType })
const at = 1_763_719_200_123n

test.each<[title: string, schema: unknown, value: unknown, json: string]>([
  ['null', 'null', null, 'null'],
  ['boolean', 'boolean', true, 'true'],
  ['int', 'int', -(2 ** 31), '-2147483648'],
  ['long within a double', 'long', 9_007_199_254_740_991n, '9007199254740991'],
  ['long beyond a double, every digit', 'long', 9_223_372_036_854_775_807n, '9223372036854775807'],
  ['least long', 'long', -9_223_372_036_854_775_808n, '-9223372036854775808'],
  ['float as whoever wrote it meant it', 'float', Math.fround(0.1), '0.1'],
  ['double', 'double', 0.1, '0.1'],
  ['double without a JSON number', 'double', Number.NEGATIVE_INFINITY, '"-Infinity"'],
  ['string', 'string', 'Zoë 😀', '"Zoë 😀"'],
  ['bytes that are text', 'bytes', Buffer.from('{"a":1}'), String.raw`"{\"a\":1}"`],
  ['bytes that are no text', 'bytes', Buffer.from([0xff, 0xfe]), '"//4="'],
  ['fixed', fixed(3), Buffer.from('abc'), '"YWJj"'],
  ['enum', { type: 'enum', name: 'E', symbols: ['A', 'B'] }, 'B', '"B"'],
  ['array', { type: 'array', items: 'int' }, [1, 2, 3], '[1,2,3]'],
  ['map', { type: 'map', values: 'int' }, { a: 1, b: 2 }, '{"a":1,"b":2}'],
  ['union without a wrapper', ['null', 'string', 'int'], { int: 5 }, '5'],
  ['timestamp-millis', time('long', 'timestamp-millis'), at, '"2025-11-21T10:00:00.123Z"'],
  ['timestamp-millis before 1970', time('long', 'timestamp-millis'), -1n, '"1969-12-31T23:59:59.999Z"'],
  ['timestamp-micros', time('long', 'timestamp-micros'), at * 1000n + 456n, '"2025-11-21T10:00:00.123456Z"'],
  ['timestamp-nanos', time('long', 'timestamp-nanos'), at * 1_000_000n + 7n, '"2025-11-21T10:00:00.123000007Z"'],
  ['a time beyond year 9999 stays a number', time('long', 'timestamp-millis'), 10n ** 17n, '100000000000000000'],
  ['local-timestamp-millis', time('long', 'local-timestamp-millis'), at, '"2025-11-21T10:00:00.123"'],
  ['date', time('int', 'date'), 20_413, '"2025-11-21"'],
  ['time-millis', time('int', 'time-millis'), 36_000_123, '"10:00:00.123"'],
  ['time-micros', time('long', 'time-micros'), 36_000_123_456n, '"10:00:00.123456"'],
  ['decimal', { type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 }, Buffer.from([0x04, 0xe2]), '12.50'],
  ['negative decimal', { type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 }, Buffer.from([0xff]), '-0.01'],
  [
    'decimal of a fixed size',
    fixed(9, { logicalType: 'decimal', precision: 20, scale: 0 }),
    Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    '18446744073709551615',
  ],
  [
    'uuid of bytes',
    fixed(16, { logicalType: 'uuid' }),
    Buffer.from('6f9619ff8b86d011b42d00c04fc964ff', 'hex'),
    '"6f9619ff-8b86-d011-b42d-00c04fc964ff"',
  ],
  [
    'duration',
    fixed(12, { logicalType: 'duration' }),
    Buffer.from([1, 0, 0, 0, 2, 0, 0, 0, 0xbc, 0x0b, 0, 0]),
    '"P1M2DT3.004S"',
  ],
  ['a logical type that nobody knows', time('int', 'colour'), 3, '3'],
])('%s becomes JSON', (_title, schema, value, json) => {
  expect(textOf(schema, encode(schema, value))).toBe(json)
})

test('a record that holds itself, with types named from other namespaces, is read by name', () => {
  const schema = {
    type: 'record',
    name: 'Node',
    namespace: 'a.b',
    fields: [
      { name: 'kind', type: { type: 'enum', name: 'c.Kind', symbols: ['X', 'Y'] } },
      { name: 'same', type: 'c.Kind' },
      { name: '__proto__', type: 'int' },
      { name: 'next', type: ['null', 'Node'] },
    ],
  }
  const value = framed(Buffer.from([0, 2, 8, 2, 2, 0, 6, 0]))
  expect(textOf(schema, value)).toBe(
    '{"kind":"X","same":"Y","__proto__":4,"next":{"kind":"Y","same":"X","__proto__":3,"next":null}}',
  )
})

test.each<[title: string, schema: unknown, bytes: number[], reason: string]>([
  ['too few bytes', 'string', [6, 0x61], 'the value ends before its schema does'],
  ['too many', 'int', [2, 0], '1 bytes stand behind the value'],
  ['text that is no UTF-8', 'string', [2, 0xff], 'a text in the value is not valid UTF-8'],
  ['a negative length', 'bytes', [1], 'a length in the value is no length'],
  [
    'a number without end',
    'long',
    Array.from({ length: 11 }, () => 0xff),
    'a number in the value is longer than 64 bits',
  ],
  ['an unknown branch', ['null', 'int'], [4], 'a union in the value has no branch 2'],
  ['an unknown symbol', { type: 'enum', name: 'E', symbols: ['A'] }, [2], 'enum E has no symbol 1'],
  ['a boolean of 2', 'boolean', [2], 'a boolean in the value is neither true nor false'],
  [
    'a list of 2^40 nothings',
    { type: 'array', items: 'null' },
    [0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 0],
    'a list in the value is longer than the value',
  ],
  [
    'nesting without end',
    { type: 'record', name: 'R', fields: [{ name: 'r', type: ['null', 'R'] }] },
    Array.from({ length: 300 }, () => 2),
    'the value is nested deeper than 256 levels',
  ],
])('a value with %s is unreadable and says why', (_title, schema, bytes, reason) => {
  expect(textOf(schema, framed(Uint8Array.from(bytes)))).toBe(`cannot be read as Avro: ${reason}`)
})

test.each<[schema: unknown, why: string]>([
  ['nonsense', '"nonsense" is no Avro type that the schema defines'],
  [{ type: 'record', name: 'R' }, 'record R has no fields'],
  [{ type: 'record', fields: [] }, 'a named type has no name'],
  [{ type: 'fixed', name: 'F' }, 'fixed F has no size'],
  [5, '5 is no Avro type'],
])('schema %j is refused: %s', (schema, why) => {
  expect(() => writerSchema(JSON.stringify(schema))).toThrow(new SyntaxError(why))
})

interface Call {
  readonly method: string
  readonly path: string
  readonly body: string | null
  readonly id: string | null
  readonly source: string | null
  readonly received_at: number | null
}

const trackCall = avro.Type.forSchema(JSON.parse(ownSchema('TrackCall')) as avro.Schema)
const origin = { topic: 'raw', partition: 0, offset: 1, timestampMs: 1_763_719_200_000 }
const asJson = (result: unknown): unknown => JSON.parse(JSON.stringify(result))

const call = fc.record({
  method: fc.constantFrom('PUT', 'POST', 'delete'),
  path: fc.constantFrom('/api/v1/customers/42', '/api/v1/customers/42/events', '/api/v2/entity', '/nowhere'),
  body: fc.option(
    fc.oneof(
      fc.json(),
      fc.string(),
      fc.record({ name: fc.string(), data: fc.jsonValue(), timestamp: fc.nat() }).map((body) => JSON.stringify(body)),
      fc.constant('{"a":1},"path":"/api/v1/customers/7"'),
      fc.constant('{ "a": 1.0, "b": 12345678901234567890 }'),
    ),
  ),
  id: fc.option(fc.string()),
  source: fc.option(fc.string()),
  received_at: fc.option(fc.integer({ min: 0, max: 253_402_300_799_999 })),
})

// The same in JSON, where times are text and a body may be JSON text.
const jsonCall = ({ received_at: ms, ...parts }: Call) => ({
  ...parts,
  received_at: ms === null ? null : new Date(ms).toISOString(),
})

test('a call in Avro is translated as the same call in JSON, whatever is in it', () => {
  const reader = writerSchema(ownSchema('TrackCall'))
  fc.assert(
    fc.property(call, (one) => {
      const decoded = reader.decode(framed(trackCall.toBuffer(one)))
      expect(decoded.ok && asJson(translate(decoded.value, origin))).toEqual(asJson(translate(jsonCall(one), origin)))
    }),
    { numRuns: 500 },
  )
})

test('every beginning of a value, and every value with a byte behind it, is unreadable', () => {
  const reader = writerSchema(ownSchema('TrackCall'))
  fc.assert(
    fc.property(call, fc.nat(255), (one, byte) => {
      const value = framed(trackCall.toBuffer(one))
      const lengths = Array.from({ length: value.length - 5 }, (_, length) => 5 + length)
      expect(lengths.filter((length) => reader.decode(value.subarray(0, length)).ok)).toEqual([])
      expect(reader.decode(Buffer.concat([value, Buffer.from([byte])])).ok).toBe(false)
    }),
  )
})

const withFields = (change: (fields: object[]) => object[]): object => {
  const schema = JSON.parse(ownSchema('TrackCall')) as { fields: object[] }
  return { ...schema, fields: change(schema.fields) }
}
const one: Call = { method: 'PUT', path: '/p', body: '{"plan":"pro"}', id: 'x', source: null, received_at: 0 }
const expected = {
  method: 'PUT',
  path: '/p',
  body: { plan: 'pro' },
  id: 'x',
  source: null,
  received_at: '1970-01-01T00:00:00.000Z',
}

test.each<[title: string, schema: object, value: object, read: object]>([
  [
    'newer, with a field more',
    withFields((fields) => [{ name: 'region', type: 'string', default: '' }, ...fields]),
    { region: 'eu', ...one },
    expected,
  ],
  [
    'older, without an optional field',
    withFields((fields) => fields.filter((field) => !('name' in field && field.name === 'source'))),
    one,
    { ...expected, source: undefined },
  ],
  ['with the fields in another order', withFields((fields) => fields.toReversed()), one, expected],
  [
    'whose times are in microseconds',
    withFields((fields) =>
      fields.map((field) =>
        'name' in field && field.name === 'received_at'
          ? { name: 'received_at', type: { type: 'long', logicalType: 'timestamp-micros' } }
          : field,
      ),
    ),
    { ...one, received_at: 1_763_719_200_123_456 },
    { ...expected, received_at: '2025-11-21T10:00:00.123456Z' },
  ],
  [
    'whose body cannot be null',
    withFields((fields) =>
      fields.map((field) => ('name' in field && field.name === 'body' ? { name: 'body', type: 'string' } : field)),
    ),
    one,
    expected,
  ],
])('a TrackCall of a writer %s is read', (_title, schema, value, read) => {
  const decoded = writerSchema(JSON.stringify(schema)).decode(
    framed(avro.Type.forSchema(schema as avro.Schema).toBuffer(value)),
  )
  expect(decoded.ok && asJson(decoded.value)).toEqual(asJson(read))
})

test('a PipelinesMessage of a newer writer gives its payload, wherever it stands', () => {
  const schema = {
    type: 'record',
    name: 'PipelinesMessage',
    namespace: 'trackbridge.v1',
    fields: [
      { name: 'added', type: { type: 'map', values: 'string' } },
      { name: 'payload', type: 'string' },
      { name: 'more', type: ['null', { type: 'array', items: 'double' }] },
    ],
  }
  const value = framed(
    avro.Type.forSchema(schema as avro.Schema).toBuffer({
      added: { a: 'b' },
      payload: '{"type":"track"}',
      more: [1, 2],
    }),
  )
  expect(writerSchema(JSON.stringify(schema)).payload(value)).toEqual({
    ok: true,
    payload: Buffer.from('{"type":"track"}'),
  })
})

test('a schema without a payload says so', () => {
  expect(writerSchema('"string"').payload(framed(Buffer.from([2, 0x61])))).toEqual({
    ok: false,
    reason: 'has an Avro schema without a text "payload"; expected a PipelinesMessage',
  })
})
