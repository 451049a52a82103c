import { expect, test } from 'vitest'
import { processRecord } from '../../src/processor/topology.ts'
import { createCallReader } from '../../src/records/call-source.ts'
import type { DeadLetter } from '../../src/records/dead-letter.ts'
import { rawRecord, topologySettings } from '../support/raw-records.ts'

const settings = { ...topologySettings(), readCall: createCallReader('http-log') }

test('a record that lacks a part of its call is a dead letter that names the part and where it was looked for', () => {
  const processed = processRecord(rawRecord({ plan: 'pro' }, { headers: [['method', Buffer.from('PUT')]] }), settings)
  expect(processed.slot).toBe('dead-letter')
  const letters = processed.records.map(({ topic, value }) => ({
    topic,
    letter: JSON.parse(String(value)) as DeadLetter,
  }))
  expect(letters).toEqual([
    {
      topic: 'dlq',
      letter: expect.objectContaining({
        reason: 'invalid',
        field: 'path',
        message: 'path is missing: looked for it in header "path"',
        value: '{"plan":"pro"}',
      }) as unknown,
    },
  ])
})

test('a record without a value is a call without a body where its headers say so, else it is skipped', () => {
  const headers = [
    ['method', Buffer.from('DELETE')],
    ['path', Buffer.from('/api/v1/customers/42')],
  ] as const
  const deleted = processRecord(rawRecord(null, { headers }), settings)
  expect([deleted.slot, deleted.records.map(({ key }) => key)]).toEqual(['translated', ['42']])
  expect(processRecord(rawRecord(null), settings).slot).toBe('skipped')
})
