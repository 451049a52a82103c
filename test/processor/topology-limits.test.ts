import { expect, test } from 'vitest'
import { processRecord } from '../../src/processor/topology.ts'
import { rawRecord, topologySettings } from '../support/raw-records.ts'

const companyOf = (people: number) => ({
  type: 'object',
  action: 'identify',
  identifiers: { object_id: 'acme' },
  attributes: { text: 'x'.repeat(400_000) },
  cio_relationships: Array.from({ length: people }, (_, id) => ({ identifiers: { id: String(id) } })),
})

test('a raw record whose messages would be gigabytes is one dead letter: each relationship repeats the attributes', () => {
  const { slot, records } = processRecord(rawRecord(companyOf(2_000)), topologySettings())
  expect(slot).toBe('dead-letter')
  expect(records.map(({ topic, value }) => [topic, String(value).slice(0, 92)])).toEqual([
    ['dlq', '{"reason":"too_large","message":"its messages would take more than 64 MB","stage":"process",'],
  ])
})

test('a raw record of many messages within the bound is translated', () => {
  const { slot, records } = processRecord(rawRecord(companyOf(100)), topologySettings())
  expect([slot, records.length]).toEqual(['translated', 100])
})
