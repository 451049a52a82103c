import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeJson, isJsonObject, type JsonObject } from '../../src/json.ts'
import { processRecord } from '../../src/processor/topology.ts'
import { callParts, type CallMapping, type CallPart, type CallPlace } from '../../src/records/call-mapping.ts'
import { createCallReader, type CallRecord } from '../../src/records/call-source.ts'
import { outcomeLine } from '../../src/translate/outcome-line.ts'
import { translate } from '../../src/translate/translate.ts'
import { rawRecord, topologySettings } from '../support/raw-records.ts'
import { fixtureRows, origin } from '../translate/fixture-rows.ts'

/** The fixtures that are calls with method and path, which can be taken apart and wrapped anew. */
const calls: readonly JsonObject[] = fixtureRows.flatMap(({ callText }) => {
  const decoded = decodeJson(Buffer.from(callText))
  // A wrapping may nest deeper than is allowed, where the call itself does not.
  if (!decoded.ok || !isJsonObject(decoded.value) || callText.includes('['.repeat(200))) return []
  const call = decoded.value
  return typeof call['method'] === 'string' && typeof call['path'] === 'string' && isText(call) ? [call] : []
})

// What is no text for a header, or an empty text, which nowhere counts as a part.
function isText(call: JsonObject): boolean {
  const labels = callParts.filter((part) => part !== 'body').map((part) => call[part])
  return labels.every(
    (label) => label === undefined || (typeof label === 'string' && label !== '' && label.isWellFormed()),
  )
}

const plainKeys = fc.stringMatching(/^[a-z_]{1,6}$/)

/** Where a part is put: below keys of the value, in a header, or as a constant of the mapping. */
const spots = fc.oneof(
  fc.array(plainKeys, { minLength: 1, maxLength: 3 }).map((keys) => ({ kind: 'value', keys }) as const),
  fc.constant({ kind: 'header' } as const),
  fc.constant({ kind: 'constant' } as const),
)
type Spot = Readonly<{ kind: 'value'; keys: readonly string[] } | { kind: 'header' } | { kind: 'constant' }>

interface Wrapped {
  readonly record: CallRecord
  readonly mapping: CallMapping
}

function wrap(call: JsonObject, layout: Readonly<Record<CallPart, Spot>>, asText: boolean): Wrapped {
  const value: Record<string, unknown> = {}
  const headers: [string, Buffer][] = []
  const mapping: Partial<Record<CallPart, readonly CallPlace[]>> = {}
  for (const part of callParts) {
    const content = call[part]
    const spot = layout[part]
    // What is no text can only stand in the value.
    const text = part === 'body' && isJsonObject(content) ? JSON.stringify(content) : content
    const isInValue = spot.kind === 'value' || typeof text !== 'string' || text === ''
    const keys = spot.kind === 'value' ? [part, ...spot.keys] : [part]
    if (isInValue) {
      mapping[part] = [{ header: 'nowhere' }, { value: keys.join('.') }]
      if (content !== undefined) put(value, keys, asText ? text : content)
    } else if (spot.kind === 'header') {
      mapping[part] = [{ header: part }]
      headers.push([part, Buffer.from(text)])
    } else mapping[part] = [{ constant: text }]
  }
  return {
    record: { value: Buffer.from(JSON.stringify(value)), key: null, headers },
    mapping: mapping as CallMapping,
  }
}

function put(value: Record<string, unknown>, keys: readonly string[], content: unknown): void {
  const [first = '', ...rest] = keys
  if (rest.length === 0) value[first] = content
  else {
    const inner = (value[first] ??= {}) as Record<string, unknown>
    put(inner, rest, content)
  }
}

const layouts = fc.record({ method: spots, path: spots, body: spots, source: spots, id: spots, received_at: spots })

test('any call wrapped by any mapping gives the same outcome as our own raw record', () => {
  expect(calls.length).toBeGreaterThan(200)
  fc.assert(
    fc.property(fc.constantFrom(...calls), layouts, fc.boolean(), (call, layout, asText) => {
      const { record, mapping } = wrap(call, layout, asText)
      const reading = createCallReader(mapping)(record)
      if (!reading.ok) throw new Error(JSON.stringify(reading))
      expect(outcomeLine(translate(reading.value, origin))).toBe(outcomeLine(translate(call, origin)))
    }),
    { numRuns: 2000 },
  )
})

test('a call as an HTTP log has it becomes the same records as our own raw record', () => {
  const settings = topologySettings()
  const httpLog = { ...settings, readCall: createCallReader('http-log') }
  for (const call of calls) {
    const { body, ...labels } = call
    const headers = Object.entries(labels).map(([name, label]) => [name, Buffer.from(String(label))] as const)
    const own = processRecord(rawRecord(call), settings)
    const value = Buffer.from(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body))
    const wrapped = processRecord(rawRecord(value, { headers }), httpLog)
    expect(wrapped.slot).toBe(own.slot)
    const messages = ({ records }: typeof own) => records.filter(({ topic }) => topic === 'main')
    expect(messages(wrapped)).toEqual(messages(own))
  }
})

test('any record under any mapping is a call or tells why not, and never throws', () => {
  const places: fc.Arbitrary<CallPlace> = fc.oneof(
    fc.array(plainKeys, { minLength: 1, maxLength: 3 }).map((keys) => ({ value: keys.join('.') })),
    fc.constantFrom<CallPlace>(
      { value: true },
      { key: true },
      { header: 'a' },
      { constant: 'PUT' },
      { timestamp: true },
    ),
  )
  const mappings = fc.record(
    Object.fromEntries(callParts.map((part) => [part, fc.array(places, { minLength: 1, maxLength: 3 })])),
    { requiredKeys: ['body'] },
  )
  const bytes = fc.option(fc.uint8Array({ maxLength: 30 }).map((units) => Buffer.from(units)))
  const values = fc.oneof(
    bytes,
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
  )
  fc.assert(
    fc.property(mappings, values, bytes, bytes, (mapping, value, key, header) => {
      const record = { value, key, headers: header === null ? [] : [['a', header] as const] }
      const reading = createCallReader(mapping)(record)
      if (reading.ok) translate(reading.value, origin)
      else expect(['skipped', 'unreadable', 'invalid']).toContain(reading.kind)
    }),
    { numRuns: 2000 },
  )
})
