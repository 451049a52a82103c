import { expect, test } from 'vitest'
import { readProcessor, readSink } from '../../../src/cli/run/engine-metrics.ts'
import { createMeterStore } from '../../../src/ops/meter-store.ts'
import { noCounts } from '../../../src/processor/counts.ts'
import type { ProcessorStatus } from '../../../src/processor/processor.ts'
import type { DestinationStatus } from '../../../src/sink/destination.ts'

const status = {
  counts: {
    ...noCounts,
    raw: 12,
    translated: 6,
    unsupported: 3,
    deadLetters: 2,
    skipped: 1,
    unrouted: 4,
    written: { main: 7, dlq: 2, unsupported: 3 },
    types: { main: { track: 5, page: 2 }, 'topic of nobody': { track: 9 } },
    reasons: { 'dead-letter': { invalid: 1, unreadable: 1 }, unsupported: { form: 3 } },
  },
  topics: { 'raw.a': { raw: 10 }, 'raw.b': { raw: 2 } },
  stuck: new Map([['raw.a/1', 'no access']]),
} as unknown as ProcessorStatus

const config = { destinations: [{ name: 'crm', topic: 'main' }], group: 'tb.process' } as unknown as Parameters<
  typeof readProcessor
>[2]

test('what the stream processor counts is read as it stands', () => {
  const meter = createMeterStore()
  meter.onSnapshot((reading) => readProcessor(reading, status, config))
  expect(meter.snapshot()).toEqual({
    trackbridge_records_read_total: [
      { labels: { topic: 'raw.a' }, value: 10 },
      { labels: { topic: 'raw.b' }, value: 2 },
    ],
    trackbridge_outcomes_total: [
      { labels: { outcome: 'translated' }, value: 6 },
      { labels: { outcome: 'unsupported' }, value: 3 },
      { labels: { outcome: 'dead_letter' }, value: 2 },
      { labels: { outcome: 'skipped' }, value: 1 },
    ],
    trackbridge_records_written_total: [
      { labels: { topic: 'main' }, value: 7 },
      { labels: { topic: 'dlq' }, value: 2 },
      { labels: { topic: 'unsupported' }, value: 3 },
    ],
    trackbridge_messages_written_total: [
      { labels: { destination: 'crm', type: 'track' }, value: 5 },
      { labels: { destination: 'crm', type: 'page' }, value: 2 },
    ],
    trackbridge_unsupported_total: [{ labels: { reason: 'form' }, value: 3 }],
    trackbridge_dead_letters_total: [
      { labels: { stage: 'process', reason: 'invalid' }, value: 1 },
      { labels: { stage: 'process', reason: 'unreadable' }, value: 1 },
    ],
    trackbridge_messages_unrouted_total: [{ labels: {}, value: 4 }],
    trackbridge_stopped_partitions: [{ labels: { group: 'tb.process' }, value: 1 }],
  })
})

test('what the sink counts is read by destination', () => {
  const counters = { delivered: 1, rejected: 2, requests: 3, retries: 4, inFlight: 5, bufferedBytes: 6 }
  const meter = createMeterStore()
  meter.onSnapshot((reading) => readSink(reading, [{ destination: 'crm', counters } as unknown as DestinationStatus]))
  const labels = { destination: 'crm' }
  expect(meter.snapshot()).toEqual({
    trackbridge_http_retries_total: [{ labels, value: 4 }],
    trackbridge_http_in_flight: [{ labels, value: 5 }],
    trackbridge_buffer_bytes: [{ labels, value: 6 }],
  })
})
