import { expect, test } from 'vitest'
import { createLedger, type Account } from './accounting.ts'
import type { CommittedRecord } from './committed-reader.ts'
import { expectedOutput } from './verify-output.ts'

const topics = { destinations: ['main'], deadLetters: 'dlq', unsupported: 'unsupported' }
const timestamp = Date.UTC(2026, 10, 21, 10)
const event = JSON.stringify({ method: 'POST', path: '/api/v1/customers/42/events', body: { name: 'viewed' } })
const blank = { key: null, source: null, messageId: null, value: null }

const raw: readonly CommittedRecord[] = [event, '{', null, event].map((value, offset) => ({
  ...blank,
  topic: 'raw',
  partition: 3,
  offset,
  timestamp,
  value,
}))

/** What the raw records call for, as it should stand there. */
const outputs: readonly CommittedRecord[] = [...expectedOutput(raw, topics)].map(
  ([place, { messageId = null }], offset) => {
    const [topic = '', source = ''] = place.split(' ')
    return { ...blank, topic, partition: 3, offset, timestamp, key: '42', source, messageId }
  },
)

function accountOf(written: readonly CommittedRecord[]): Account {
  const ledger = createLedger(topics)
  for (const record of raw) ledger.addRaw(record)
  for (const record of written) ledger.addOutput(record)
  return ledger.close()
}

const zeros = { lost: 0, doubled: 0, partitionOrder: 0, keyOrder: 0, misplaced: 0, foreign: 0 }
const clean: Account = {
  ...zeros,
  accounted: { raw: 4, deadLetters: 1, unsupported: 0, translated: 2, skipped: 1 },
  examples: [],
}
const [first, deadLetter, second] = outputs as [CommittedRecord, CommittedRecord, CommittedRecord]

test('of what should stand there nothing is amiss, and every raw record is accounted for', () => {
  expect([outputs.length, accountOf(outputs)]).toEqual([3, clean])
})

test.each([
  [
    'lost',
    [first, deadLetter],
    { lost: 1, accounted: { ...clean.accounted, translated: 1 }, examples: ['lost main raw:3:3:0'] },
  ],
  ['doubled', [...outputs, second], { doubled: 1, examples: ['doubled main raw:3:3:0'] }],
  [
    'out of order',
    [second, first, deadLetter],
    { partitionOrder: 1, keyOrder: 1, examples: ['partitionOrder main raw:3 0:0', 'keyOrder main raw:3 "42" 0:0'] },
  ],
  [
    'out of order for its partition, not for its key',
    [second, { ...first, key: '7' }, deadLetter],
    { partitionOrder: 1, examples: ['partitionOrder main raw:3 0:0'] },
  ],
  [
    'on another partition',
    [{ ...first, partition: 4 }, deadLetter, second],
    { misplaced: 1, examples: ['misplaced main raw:3:0:0'] },
  ],
  [
    'without a source',
    [...outputs, { ...first, source: null }],
    { foreign: 1, examples: ['foreign main without tb-src'] },
  ],
  [
    'made from a record that never was',
    [...outputs, { ...first, source: 'raw:3:9:0' }],
    { foreign: 1, examples: ['foreign main raw:3:9:0'] },
  ],
  [
    'with another messageId',
    [{ ...first, messageId: 'x' }, deadLetter, second],
    {
      foreign: 1,
      lost: 1,
      accounted: { ...clean.accounted, translated: 1 },
      examples: ['foreign main raw:3:0:0', 'lost main raw:3:0:0'],
    },
  ],
])('a record that is %s is counted', (_name, written, changes) => {
  expect(accountOf(written)).toEqual({ ...clean, ...changes })
})
