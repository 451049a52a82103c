import { describe, expect, test } from 'vitest'
import { createDryRun, estimateForward } from '../../src/replay/dry-run.ts'
import { rehearseForward } from '../../src/replay/dry-run-forward.ts'
import { parseFilter } from '../../src/replay/filter.ts'
import { rawRecord, routeTo, topologySettings } from '../support/raw-records.ts'
import { event, identify, rehearsalOf } from './diff-window.ts'

const form = { method: 'POST', path: '/api/v1/forms/9/submit', body: {} }
const broken = { method: 'POST', path: '/api/v1/customers/42/events', body: {} }
const routes = [routeTo('main'), routeTo('crm', { where: { excludeEmailOnly: false, types: ['page'] } })]

function dryRun(values: readonly unknown[], samples = 1) {
  const run = createDryRun(['main', 'crm'], { samples })
  const rehearse = rehearsalOf(topologySettings(routes))
  for (const [offset, value] of values.entries()) {
    const raw = rawRecord(value, { offset })
    run.add(raw, rehearse(raw))
  }
  return run.counts()
}

test('every record counts in one outcome, every message by destination and type, every fault by reason', () => {
  const { samples, ...counts } = dryRun([event('1'), event('2'), identify('1'), form, broken, 'no JSON', broken, null])
  const bytes = counts.destinations[0]?.bytes ?? 0
  expect(counts).toEqual({
    records: 8,
    outcomes: { translated: 3, unsupported: 1, 'dead-letter': 3, skipped: 1 },
    unrouted: 0,
    filtered: 0,
    destinations: [
      { name: 'main', messages: 3, bytes, largestBytes: expect.any(Number), types: { track: 2, identify: 1 } },
      { name: 'crm', messages: 0, bytes: 0, largestBytes: 0, types: {} },
    ],
    faults: [
      { slot: 'dead-letter', reason: 'invalid', records: 2 },
      { slot: 'unsupported', reason: 'form submission', records: 1 },
      { slot: 'dead-letter', reason: 'unreadable', records: 1 },
    ],
  })
  expect(bytes).toBeGreaterThan(600)
  expect(samples.map(({ kind, place }) => [kind, place])).toEqual([
    ['message', 'raw:3:0'],
    ['message', 'raw:3:2'],
    ['unsupported', 'raw:3:3'],
    ['dead-letter', 'raw:3:4'],
    ['dead-letter', 'raw:3:5'],
  ])
})

test('so many samples of each kind are kept as are asked for', () => {
  const values = [event('1'), event('2'), broken, broken, broken]
  expect(dryRun(values, 0).samples).toEqual([])
  expect(dryRun(values, 2).samples.map(({ place }) => place)).toEqual(['raw:3:0', 'raw:3:1', 'raw:3:2', 'raw:3:3'])
})

const limits = { maxBatchMessages: 500, maxBatchBytes: 500_000, requestsPerSecond: 10 }

test.each([
  ['messages fill requests', { messages: 5_001, bytes: 1_000 }, { requests: 11, seconds: 2 }],
  ['bytes fill requests', { messages: 10, bytes: 5_000_000 }, { requests: 10, seconds: 1 }],
  ['there is nothing', { messages: 0, bytes: 0 }, { requests: 0, seconds: 0 }],
])('forwarding takes as many requests as its limits ask for where %s', (_case, sum, estimate) => {
  expect(estimateForward(sum, limits)).toEqual(estimate)
})

describe('a record of a destination topic', () => {
  const options = {
    destinationOf: (topic: string) => `of ${topic}`,
    payloadOf: (value: Buffer) => (value[0] === 0 ? undefined : value),
  }
  const message = { type: 'track', messageId: 'm', userId: '42', event: 'purchase' }

  test('counts as the message that it is', () => {
    const raw = rawRecord(message)
    expect(rehearseForward(raw, options)).toEqual({
      slot: 'translated',
      unrouted: 0,
      filtered: 0,
      faults: [],
      messages: [
        { destination: 'of raw', messageId: 'm', type: 'track', person: '42', value: raw.value, isAsked: true },
      ],
    })
  })

  test.each([
    ['no value', null],
    ['Avro of a schema that nobody knows', Buffer.from([0, 0, 0, 0, 1])],
    ['text that is no JSON', 'no JSON'],
    ['a list', '[1]'],
  ])('would be a dead letter of the sink where it holds %s', (_case, value) => {
    const { slot, messages, faults } = rehearseForward(rawRecord(value), options)
    expect([slot, messages, faults.map(({ reason }) => reason)]).toEqual(['dead-letter', [], ['unreadable']])
  })

  test.each([
    ['type=track', 1],
    ['type!=track', 0],
    ['event=purch*', 1],
    ['person=43', 0],
  ])('is counted under the filter %s %i times', (condition, count) => {
    const { keep } = parseFilter([condition], 'forward')
    const { messages, filtered } = rehearseForward(rawRecord(message), { ...options, keep })
    expect([messages.length, filtered]).toEqual([count, 1 - count])
  })
})
