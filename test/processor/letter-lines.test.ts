import { expect, test } from 'vitest'
import { tellLetters } from '../../src/processor/letter-lines.ts'
import { processRecord } from '../../src/processor/topology.ts'
import { rawRecord, topologySettings } from '../support/raw-records.ts'
import { createRecordingLog } from '../support/recording-log.ts'

const toldOf = (raw: ReturnType<typeof rawRecord>) => {
  const { log, lines } = createRecordingLog()
  tellLetters(log, raw, processRecord(raw, topologySettings()))
  return lines
}

test('a raw record that becomes a dead letter is told of at debug level: place, person and reason, nothing of its value', () => {
  const place = { topic: 'raw', partition: 3, offset: 7, person: Buffer.from('42') }
  expect(toldOf(rawRecord('{"secret'))).toStrictEqual([
    { level: 'debug', fields: { ...place, reason: 'unreadable' }, message: 'a raw record is a dead letter' },
  ])
})

test('of a record that becomes messages, or has no value, nothing is told', () => {
  const call = { method: 'PUT', path: '/api/v1/customers/42', body: { plan: 'pro' } }
  expect([...toldOf(rawRecord(call)), ...toldOf(rawRecord(null))]).toStrictEqual([])
})
