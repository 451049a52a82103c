import { describe, expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { createPoisonGuard, type ProcessRecord } from '../../src/processor/poison.ts'
import { processRecord } from '../../src/processor/topology.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { rawRecord, topologySettings } from '../support/raw-records.ts'
import { createRecordingLog } from '../support/recording-log.ts'

const settings = topologySettings()

function guard(process: ProcessRecord) {
  const clock = createFakeClock()
  const { log, lines } = createRecordingLog()
  return { clock, lines, process: createPoisonGuard(process, { clock, log }) }
}

const throwing = (error: unknown) => (): never => {
  throw error
}

const letterOf = (guarded: ProcessRecord, value: unknown = { secret: 'payload' }) => {
  const { records, ...rest } = guarded(rawRecord(value), settings)
  const [record] = records
  return { ...rest, count: records.length, record, letter: JSON.parse(String(record?.value)) as object }
}

describe('a record whose translation throws', () => {
  test('becomes one dead letter with code and text of the error, and its own bytes', () => {
    const { process } = guard(throwing(new RangeError('Invalid string length')))
    const { record, letter, ...rest } = letterOf(process)
    const faults = [{ slot: 'dead-letter', reason: 'translation_failed' }]
    expect(rest).toEqual({ slot: 'dead-letter', unrouted: 0, poisoned: true, faults, count: 1 })
    expect({ ...record, value: '' }).toEqual({
      topic: 'dlq',
      partition: 3,
      key: Buffer.from('42'),
      value: '',
      timestamp: Date.UTC(2026, 10, 21, 10),
      headers: { 'tb-src': 'raw:3:7' },
    })
    expect(letter).toEqual({
      reason: 'translation_failed',
      message: 'TB_BUG: Invalid string length',
      stage: 'process',
      source: { topic: 'raw', partition: 3, offset: 7, timestamp: '2026-11-21T10:00:00.000Z' },
      destination: null,
      attempt: 1,
      key: '42',
      keyEncoding: 'utf8',
      value: '{"secret":"payload"}',
      valueEncoding: 'utf8',
      headers: [],
      failedAt: '2026-11-21T10:00:00.000Z',
    })
  })

  test.each([
    [
      'an error of ours',
      new TrackbridgeError('TB_KAFKA_FATAL', 'no such partition'),
      'TB_KAFKA_FATAL: no such partition',
    ],
    ['an error of no kind', 'just text', 'TB_BUG: just text'],
    ['nothing at all', undefined, 'TB_BUG: undefined'],
  ])('has the code of %s', (_name, error, message) => {
    expect(letterOf(guard(throwing(error)).process).letter).toMatchObject({ message })
  })

  test('gives the same bytes each time', () => {
    const { clock, process } = guard(throwing(new Error('no')))
    const first = process(rawRecord('x'), settings)
    clock.advance(1_000_000)
    expect(process(rawRecord('x'), settings)).toEqual(first)
  })
})

test('a record whose translation does not throw is passed on untouched, without a word', () => {
  const { lines, process } = guard(processRecord)
  const raw = rawRecord({ method: 'PUT', path: '/api/v1/customers/42', body: { plan: 'pro' } })
  expect([process(raw, settings), lines]).toEqual([processRecord(raw, settings), []])
})

describe('the log', () => {
  test('tells a fault once, with its place and never with its text, and again after a minute with the number', () => {
    const { clock, lines, process } = guard(throwing(new TypeError('cannot read "payload"')))
    for (let offset = 0; offset < 500; offset++) process(rawRecord('payload', { offset }), settings)
    expect(lines.map(({ level, fields, message }) => ({ level, fields: { ...fields, at: '' }, message }))).toEqual([
      {
        level: 'error',
        fields: {
          code: 'TB_BUG',
          type: 'TypeError',
          at: '',
          topic: 'raw',
          partition: 3,
          offset: 0,
          person: Buffer.from('42'),
          records: 1,
        },
        message: 'translation threw: the record is a dead letter; please report it',
      },
    ])
    expect(lines[0]?.fields['at']).toContain('poison.test.ts')
    expect(JSON.stringify(lines)).not.toContain('payload')
    clock.advance(60_000)
    process(rawRecord('payload', { offset: 500 }), settings)
    process(rawRecord('payload', { offset: 501 }), settings)
    expect(lines.slice(1).map(({ fields }) => [fields['offset'], fields['records']])).toEqual([[500, 500]])
  })

  test('tells distinct faults apart', () => {
    const { lines, process } = guard((raw) => {
      throw raw.offset % 2 === 0 ? new TypeError('even') : new RangeError('odd')
    })
    for (let offset = 0; offset < 10; offset++) process(rawRecord('x', { offset }), settings)
    expect(lines.map(({ fields }) => fields['type'])).toEqual(['TypeError', 'RangeError'])
  })

  test('tells the hundred and first kind of fault and all later ones as one', () => {
    const { lines, process } = guard(({ offset }) => {
      throw Object.assign(new Error('no'), { name: `Kind${offset}` })
    })
    for (let offset = 0; offset < 1_000; offset++) process(rawRecord('x', { offset }), settings)
    expect(lines.length).toBe(101)
  })
})
