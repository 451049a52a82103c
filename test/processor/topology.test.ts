import { describe, expect, test } from 'vitest'
import { processRecord, tooLargeRecord, type Processed } from '../../src/processor/topology.ts'
import type { DeadLetter } from '../../src/records/dead-letter.ts'
import { deriveMessageId } from '../../src/translate/message-id.ts'
import { rawRecord, rawTimestamp, routeTo, topologySettings } from '../support/raw-records.ts'

const at = '2026-11-21T10:00:00.000Z'
const messageId = deriveMessageId(rawTimestamp, 'raw:3:7', 0)
const event = { method: 'POST', path: '/api/v1/customers/42/events', body: { name: 'purchase', data: { price: 1 } } }
const form = { method: 'POST', path: '/api/v1/forms/9/submit', body: {} }
const nobody = { type: 'person', action: 'event' }
const person = (id: string) => ({ type: 'person', action: 'identify', identifiers: { id }, attributes: {} })
const object = (identifiers: object) => ({ type: 'object', action: 'identify', identifiers })
const batch = (...operations: readonly object[]) => ({
  method: 'POST',
  path: '/api/v2/batch',
  body: { batch: operations },
})

const process = (value: unknown, settings = topologySettings()): Processed => processRecord(rawRecord(value), settings)
const headersOf = ({ records }: Processed) => records.map(({ topic, headers }) => [topic, headers])
const lettersOf = ({ records }: Processed) =>
  records
    .filter(({ topic }) => topic === 'dlq' || topic === 'unsupported')
    .map(({ topic, value }) => ({ topic, letter: JSON.parse(String(value)) as DeadLetter }))

describe('a raw record', () => {
  test('becomes a message with its key, headers, timestamp and partition', () => {
    expect(process(event)).toEqual({
      slot: 'translated',
      records: [
        {
          topic: 'main',
          partition: 3,
          key: '42',
          value: Buffer.from(
            JSON.stringify({
              type: 'track',
              messageId,
              userId: '42',
              event: 'purchase',
              properties: { price: 1 },
              timestamp: at,
              originalTimestamp: at,
              sentAt: at,
              receivedAt: at,
              context: { journeys: { identifiers: { id: '42' } } },
              integrations: { All: true },
            }),
          ),
          timestamp: rawTimestamp,
          headers: { 'tb-src': 'raw:3:7:0', 'tb-mid': messageId, 'tb-type': 'track' },
        },
      ],
      unrouted: 0,
    })
  })

  test('that Pipelines has no counterpart for becomes one unsupported record with the original in it', () => {
    expect(process(form)).toEqual({
      slot: 'unsupported',
      records: [
        {
          topic: 'unsupported',
          partition: 3,
          key: Buffer.from('42'),
          value: JSON.stringify({
            reason: 'form submission',
            message: 'Pipelines has no counterpart: form submission',
            stage: 'process',
            source: { topic: 'raw', partition: 3, offset: 7, timestamp: at },
            destination: null,
            attempt: 1,
            key: '42',
            keyEncoding: 'utf8',
            value: JSON.stringify(form),
            valueEncoding: 'utf8',
            headers: [],
            failedAt: at,
          }),
          timestamp: rawTimestamp,
          headers: { 'tb-src': 'raw:3:7' },
        },
      ],
      unrouted: 0,
      faults: [{ slot: 'unsupported', reason: 'form submission' }],
    })
  })

  test.each([
    {
      name: 'that is no Track call',
      value: { method: 'POST', path: '/api/v1/nothing' },
      reason: 'invalid',
      field: 'path',
      message: 'path is no path of the Track API',
    },
    {
      name: 'that is not JSON',
      value: '{"method":',
      reason: 'unreadable',
      message: 'the value is not JSON: Unexpected end of JSON input',
    },
    {
      name: 'that is not UTF-8',
      value: Buffer.from([0x7b, 0xff]),
      reason: 'unreadable',
      message: 'the value is not valid UTF-8',
    },
    {
      name: 'in the wire format of Avro',
      value: Buffer.from([0, 0, 0, 0, 1, 2]),
      reason: 'unreadable',
      message: 'the value looks like Avro (it begins with a zero byte), not like JSON',
    },
  ])('$name becomes one dead letter', ({ value, reason, field, message }) => {
    const processed = process(value)
    expect([processed.slot, processed.unrouted, headersOf(processed)]).toEqual([
      'dead-letter',
      0,
      [['dlq', { 'tb-src': 'raw:3:7' }]],
    ])
    const [letter] = lettersOf(processed).map((one) => one.letter)
    expect([letter?.reason, letter?.field, letter?.message]).toEqual([reason, field, message])
    expect(processed.faults).toEqual([{ slot: 'dead-letter', reason }])
  })

  test('names the kind of its fault without the words of the call', () => {
    const { faults } = process({ method: 'POST', path: '/api/v1/metrics', body: { metric: 'secret', timestamp: 1 } })
    expect(faults?.map(({ reason }) => reason).filter((reason) => reason.includes('secret'))).toEqual([])
  })

  test('without a value is skipped', () => {
    expect(process(null)).toEqual({ slot: 'skipped', records: [], unrouted: 0 })
  })

  test('whose messages are too large becomes one dead letter that says so', () => {
    const processed = tooLargeRecord(rawRecord(event), topologySettings())
    expect([processed.slot, headersOf(processed)]).toEqual(['dead-letter', [['dlq', { 'tb-src': 'raw:3:7' }]]])
    const [letter] = lettersOf(processed).map((one) => one.letter)
    expect([letter?.reason, letter?.message, letter?.value]).toEqual([
      'too_large',
      'its messages are larger than a destination topic accepts (max.message.bytes)',
      JSON.stringify(event),
    ])
  })
})

describe('a batch', () => {
  const mixed = batch(
    person('1'),
    nobody,
    object({ cio_object_id: 'x' }),
    person('2'),
    { type: 'person', action: 'fly', identifiers: { id: '3' } },
    object({ cio_object_id: 'y' }),
  )

  test('counts its messages through, and has one unsupported record and one dead letter at most', () => {
    const processed = process(mixed)
    expect([processed.slot, processed.records.map(({ topic, headers }) => [topic, headers['tb-src']])]).toEqual([
      'translated',
      [
        ['main', 'raw:3:7:0'],
        ['main', 'raw:3:7:1'],
        ['unsupported', 'raw:3:7'],
        ['dlq', 'raw:3:7'],
      ],
    ])
    expect(processed.records.map(({ key }) => String(key))).toEqual(['1', '2', '42', '42'])
  })

  test('names every kind once in its unsupported record, and every fault in its dead letter', () => {
    expect(
      lettersOf(process(mixed)).map(({ topic, letter }) => [topic, letter.reason, letter.field, letter.message]),
    ).toEqual([
      [
        'unsupported',
        'object identified by cio_object_id alone',
        undefined,
        'Pipelines has no counterpart: object identified by cio_object_id alone',
      ],
      [
        'dlq',
        'invalid',
        'body.batch[1].identifiers',
        'body.batch[1].identifiers must be an object, found nothing; body.batch[4].action must be one of identify, ' +
          'delete, event, page, screen, add_relationships, delete_relationships, add_device, delete_device, merge, ' +
          'suppress, unsuppress for a person, found "fly"',
      ],
    ])
  })

  test.each([
    { operations: [nobody, object({ cio_object_id: 'x' })], slot: 'dead-letter' },
    { operations: [object({ cio_object_id: 'x' }), nobody], slot: 'unsupported' },
    { operations: [nobody, person('1')], slot: 'translated' },
  ])('without messages ends in the slot of its first operation: $slot', ({ operations, slot }) => {
    expect(process(batch(...operations)).slot).toBe(slot)
  })

  test('with a relationship that has no counterpart keeps the rest of its operation', () => {
    const related = {
      ...person('1'),
      cio_relationships: [
        { identifiers: { object_type_id: '1', object_id: 'acme' } },
        { identifiers: { cio_object_id: 'x' } },
      ],
    }
    const processed = process(batch(related))
    expect(processed.records.map(({ topic, headers }) => [topic, headers['tb-src'], headers['tb-type']])).toEqual([
      ['main', 'raw:3:7:0', 'identify'],
      ['main', 'raw:3:7:1', 'group'],
      ['unsupported', 'raw:3:7', undefined],
    ])
  })
})

describe('headers', () => {
  const traced = {
    headers: [
      ['traceparent', Buffer.from('00-ab-cd-01')],
      ['tb-replay', Buffer.from('run-1')],
      ['other', Buffer.from('stays behind')],
      ['tb-replay', null],
    ] as const,
  }

  test('traceparent and tb-replay are passed on with messages, no others are', () => {
    const [record] = processRecord(rawRecord(event, traced), topologySettings()).records
    expect(record?.headers).toEqual({
      'tb-src': 'raw:3:7:0',
      'tb-mid': messageId,
      'tb-type': 'track',
      traceparent: Buffer.from('00-ab-cd-01'),
      'tb-replay': Buffer.from('run-1'),
    })
  })

  test('a dead letter passes them on as well and keeps all of them inside', () => {
    const processed = processRecord(rawRecord('broken', traced), topologySettings())
    expect(processed.records[0]?.headers).toEqual({
      'tb-src': 'raw:3:7',
      traceparent: Buffer.from('00-ab-cd-01'),
      'tb-replay': Buffer.from('run-1'),
    })
    expect(lettersOf(processed)[0]?.letter.headers).toEqual([
      ['traceparent', '00-ab-cd-01', 'utf8'],
      ['tb-replay', 'run-1', 'utf8'],
      ['other', 'stays behind', 'utf8'],
      ['tb-replay', null, 'utf8'],
    ])
  })
})

describe('destinations', () => {
  const shop = routeTo('shop', {
    where: { sources: ['shop'], excludeEmailOnly: false },
    integrations: { All: false, Shop: true },
  })

  test('each get what they take, with their own integrations', () => {
    const processed = process({ ...event, source: 'shop' }, topologySettings([routeTo('main'), shop]))
    expect(
      processed.records.map(({ topic, headers, value }) => [
        topic,
        headers['tb-src'],
        (JSON.parse(String(value)) as Record<string, unknown>)['integrations'],
      ]),
    ).toEqual([
      ['main', 'raw:3:7:0', { All: true }],
      ['shop', 'raw:3:7:0', { All: false, Shop: true }],
    ])
  })

  test('a message that none of them takes is counted, and its record is translated all the same', () => {
    expect(process(batch(person('1'), person('2')), topologySettings([shop]))).toEqual({
      slot: 'translated',
      records: [],
      unrouted: 2,
    })
  })

  test('the partition is asked for with topic, key and raw partition', () => {
    const asked: unknown[] = []
    const settings = {
      ...topologySettings(),
      partitionOf: (...choice: readonly unknown[]) => asked.push(choice),
    }
    const { records } = process(batch(person('1'), object({ cio_object_id: 'x' }), nobody), settings)
    expect(asked).toEqual([
      ['main', '1', 3],
      ['unsupported', Buffer.from('42'), 3],
      ['dlq', Buffer.from('42'), 3],
    ])
    expect(records.map(({ partition }) => partition)).toEqual([1, 2, 3])
  })
})
