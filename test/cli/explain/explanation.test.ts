import { describe, expect, test } from 'vitest'
import { explainSettings } from '../../../src/cli/explain/explain-settings.ts'
import { explain } from '../../../src/cli/explain/explanation.ts'
import { parseConfig } from '../../../src/config/load.ts'
import { decodeJsonText } from '../../../src/json.ts'
import { messageText } from '../../../src/translate/message-text.ts'
import { translate } from '../../../src/translate/translate.ts'
import { fixtureRows, origin } from '../../translate/fixture-rows.ts'

const unconfigured = explainSettings(undefined)
const configured = explainSettings(
  parseConfig(
    JSON.stringify({
      kafka: { brokers: 'a:1' },
      destinations: [
        { name: 'all', sink: { apiKey: 'k', limits: { maxCallBytes: 1_000, maxSingleBytes: 2_000 } } },
        { name: 'some', topic: 'own', where: { sources: ['web'], types: ['track'] }, integrations: { All: false } },
      ],
      deadLetters: { topic: 'dead' },
      unsupported: { topic: 'other' },
    }),
    { path: '/trackbridge.yaml', env: {} },
  ),
)
const explained = (record: unknown, settings = unconfigured) => explain({ ok: true, value: record }, origin, settings)

const deletion = { type: 'person', action: 'delete', identifiers: { id: '1' } }
const page = (name: string) => ({
  method: 'POST',
  path: '/v1/customers/1/events',
  source: 'web',
  body: { name, type: 'page' },
})

describe('explain', () => {
  test('gives the outcomes and messages of the translation, for every fixture', () => {
    for (const { callText, name } of fixtureRows) {
      const decoded = decodeJsonText(callText)
      if (!decoded.ok) continue
      const { outcome, operations } = translate(decoded.value, origin)
      const explanation = explain(decoded, origin, configured)
      const messages = operations.flatMap((one) => (one.outcome === 'translated' ? one.messages : []))
      expect(explanation.outcome, name).toBe(outcome)
      expect(
        explanation.operations.map((one) => one.outcome),
        name,
      ).toEqual(operations.map((one) => one.outcome))
      expect(
        explanation.messages.map(({ message }) => messageText(message)),
        name,
      ).toEqual(messages.map((message) => messageText(message)))
      expect(
        explanation.operations.flatMap((one) => one.messages),
        name,
      ).toEqual(messages.map((_, index) => index + 1))
    }
  })

  test('tells everything of a call that is translated', () => {
    const received = '2026-01-01T00:00:00.000Z'
    const body = '{"first_name":"Bob","cio_relationships":[{"identifiers":{"object_id":"acme"}}]}'
    const record = { method: 'put', path: '/v1/customers/7', id: 'r1', source: 'web', received_at: received, body }
    const { messages, ...rest } = explained(record, configured)
    expect(rest).toEqual({
      outcome: 'translated',
      call: {
        method: 'put',
        path: '/v1/customers/7',
        id: 'r1',
        source: 'web',
        receivedAt: received,
        hasReceivedAt: true,
        isBatch: false,
        bodySize: { bytes: body.length, limitBytes: 32_000 },
      },
      operations: [
        {
          operation: 'person identify',
          outcome: 'translated',
          size: null,
          split: ['person identify', 'relationship add'],
          messages: [1, 2],
          unsupported: [],
          fault: null,
        },
      ],
      setAside: [],
      hasConfig: true,
    })
    expect(messages.map(({ message: { type }, ...facts }) => ({ ...facts, type }))).toEqual(
      [
        { number: 1, type: 'identify', row: { name: 'person identify', source: 'A: Identify' } },
        { number: 2, type: 'group', row: { name: 'relationship add', source: 'A: Group calls; B: Managing objects' } },
      ].map(({ number, type, row }) => ({
        number,
        type,
        row,
        key: '7',
        routes: [
          { destination: 'all', topic: 'cio.pipelines.all', isTaken: true, reason: null, integrations: { All: true } },
          {
            destination: 'some',
            topic: 'own',
            isTaken: false,
            reason: `where.types does not list ${type}`,
            integrations: { All: false },
          },
        ],
        sizes: [
          {
            destination: 'all',
            bytes: expect.any(Number) as number,
            placement: 'batch',
            maxCallBytes: 1_000,
            maxSingleBytes: 2_000,
          },
        ],
      })),
    )
  })

  test.each([
    [250, 'batch'],
    [600, 'alone'],
    [1_200, 'too_large'],
  ] as const)('measures a message with a name of %i characters as it is sent: %s', (length, placement) => {
    const { messages } = explained(page('x'.repeat(length)), configured)
    const [message] = messages
    const { receivedAt: _, ...sent } = message!.message
    expect(message?.sizes).toEqual([
      {
        destination: 'all',
        bytes: Buffer.byteLength(JSON.stringify(sent)),
        placement,
        maxCallBytes: 1_000,
        maxSingleBytes: 2_000,
      },
    ])
  })

  test('holds sizes against the defaults, and knows no destinations, without a configuration', () => {
    const { messages, hasConfig } = explained(deletion)
    expect([hasConfig, messages[0]?.routes, messages[0]?.sizes]).toEqual([
      false,
      [],
      [{ destination: null, bytes: 309, placement: 'batch', maxCallBytes: 32_000, maxSingleBytes: 64_000 }],
    ])
  })

  test('has no limits for a destination without a sink', () => {
    const event = { method: 'POST', path: '/v1/customers/1/events', source: 'web', body: { name: 'x' } }
    const { messages } = explained(event, configured)
    expect(messages[0]?.sizes.map(({ bytes, ...size }) => [bytes > 0, size])).toEqual([
      [true, { destination: 'all', placement: 'batch', maxCallBytes: 1_000, maxSingleBytes: 2_000 }],
      [true, { destination: 'some', placement: null, maxCallBytes: null, maxSingleBytes: null }],
    ])
  })

  test('tells the operations of a batch apart, and where the call goes with those that are not translated', () => {
    const { call, operations, messages, setAside, outcome } = explained(
      { batch: [deletion, 3, { ...deletion, identifiers: { phone: '1' } }, deletion] },
      configured,
    )
    expect([outcome, call?.isBatch, call?.bodySize.limitBytes]).toEqual(['translated', true, 500_000])
    expect(
      operations.map(({ operation, outcome: one, size, messages: numbers }) => [operation, one, size, numbers]),
    ).toEqual([
      ['person delete', 'translated', { bytes: 60, limitBytes: 32_000 }, [1]],
      [null, 'invalid', { bytes: 1, limitBytes: 32_000 }, []],
      ['person delete', 'unsupported', { bytes: 63, limitBytes: 32_000 }, []],
      ['person delete', 'translated', { bytes: 60, limitBytes: 32_000 }, [2]],
    ])
    expect(operations[1]?.fault).toEqual({
      field: 'batch[1]',
      reason: 'must be an object, found a number',
      found: '3',
      allowed: 'batch[1] must be an object',
      hint: '{"batch":[{"type":"person","action":"delete","identifiers":{"id":"42"}}]}',
    })
    expect(messages.map(({ number }) => number)).toEqual([1, 2])
    expect(setAside).toEqual([
      { to: 'unsupported', topic: 'other', reason: 'person identified by phone alone' },
      { to: 'dead letters', topic: 'dead', reason: 'invalid' },
    ])
  })

  test('tells a part that is unsupported beside the messages', () => {
    const { operations, setAside } = explained({
      type: 'object',
      action: 'add_relationships',
      identifiers: { object_id: 'a' },
      cio_relationships: [{ identifiers: { phone: '1' } }, { identifiers: { id: '1' } }],
    })
    expect(operations).toEqual([
      {
        operation: 'object add_relationships',
        outcome: 'translated',
        size: null,
        split: ['relationship add'],
        messages: [1],
        unsupported: ['person identified by phone alone'],
        fault: null,
      },
    ])
    expect(setAside).toEqual([
      { to: 'unsupported', topic: 'cio.unsupported', reason: 'person identified by phone alone' },
    ])
  })

  test('explains what could not be read', () => {
    expect(explain({ ok: false, reason: 'is not valid UTF-8' }, origin, unconfigured)).toEqual({
      outcome: 'invalid',
      call: null,
      operations: [
        {
          operation: null,
          outcome: 'invalid',
          size: null,
          split: [],
          messages: [],
          unsupported: [],
          fault: {
            field: 'record',
            reason: 'is not valid UTF-8',
            found: null,
            allowed: 'record is not valid UTF-8',
            hint: 'write the file as UTF-8',
          },
        },
      ],
      messages: [],
      setAside: [{ to: 'dead letters', topic: 'cio.dead-letters', reason: 'unreadable' }],
      hasConfig: false,
    })
  })

  test.each([
    ['a bare operation', deletion, [null, null, 60, origin.timestampMs]],
    [
      'a call without a body',
      { method: 'DELETE', path: '/v1/customers/1' },
      ['DELETE', '/v1/customers/1', 0, origin.timestampMs],
    ],
    [
      'a body of text, as it was sent',
      { method: 'PUT', path: '/v1/customers/1', body: ' {"a": "é"} ' },
      ['PUT', '/v1/customers/1', 13, origin.timestampMs],
    ],
    ['a method that is none', { method: 1, path: '/auth' }, [null, '/auth', 0, null]],
  ])('describes %s', (_, record, [method, path, bytes, receivedAtMs]) => {
    const { call } = explained(record)
    expect([call?.method, call?.path, call?.bodySize.bytes, call?.receivedAt, call?.hasReceivedAt]).toEqual([
      method,
      path,
      bytes,
      typeof receivedAtMs === 'number' ? new Date(receivedAtMs).toISOString() : null,
      false,
    ])
  })

  test('has no call where the record is no object', () => {
    expect(explained([deletion]).call).toBe(null)
  })
})
