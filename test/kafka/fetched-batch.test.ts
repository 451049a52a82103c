import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import {
  createFetchedBatch,
  decodeRecordSet,
  type FetchedBatch,
  type PartitionData,
} from '../../src/kafka/fetched-batch.ts'
import { decoded } from '../support/decoded-record.ts'
import { emptied, marker, placedAt, plainBatch } from './wire/batch-surgery.ts'

const transactional = { producerId: 7n, transactional: true }
const plain = (offset: number, ...values: readonly string[]): Buffer =>
  placedAt(plainBatch(values.map((value) => ({ value }))), offset)
const inTransaction = (offset: number, ...values: readonly string[]): Buffer =>
  placedAt(
    plainBatch(
      values.map((value) => ({ value })),
      transactional,
    ),
    offset,
  )
const abort = (offset: number): Buffer => placedAt(marker('abort', 7n), offset)
const commit = (offset: number): Buffer => placedAt(marker('commit', 7n), offset)

interface Fetch {
  readonly log: readonly Buffer[]
  readonly from: number
  readonly aborted?: PartitionData['abortedTransactions']
}

function fetched({ log, from, aborted = [] }: Fetch): FetchedBatch {
  const messages = decodeRecordSet(Buffer.concat(log))
  const data = { partition: 3, highWatermark: '20', abortedTransactions: aborted, messages }
  return createFetchedBatch('raw', String(from), data)
}

const abortedFrom = (firstOffset: number): Fetch['aborted'] => [{ producerId: '7', firstOffset: String(firstOffset) }]

/** What kafkajs steers by. */
const steering = (batch: FetchedBatch): object => ({
  messages: batch.messages,
  empty: batch.isEmpty(),
  emptyIncludingFiltered: batch.isEmptyIncludingFiltered(),
  emptyDueToFiltering: batch.isEmptyDueToFiltering(),
  emptyControlRecord: batch.isEmptyControlRecord(),
  offsets: [batch.firstOffset(), batch.lastOffset()],
  lags: [batch.offsetLagLow(), batch.offsetLag()],
})

const full = { empty: false, emptyIncludingFiltered: false, emptyDueToFiltering: false, emptyControlRecord: false }
const nothing = {
  ...full,
  messages: [],
  empty: true,
  emptyIncludingFiltered: true,
  offsets: [null, '19'],
  lags: ['0', '0'],
}
const filtered = { ...full, messages: [], empty: true, emptyDueToFiltering: true }

test.each([
  {
    name: 'an answer without batches',
    log: [],
    from: 5,
    steers: nothing,
    values: [],
  },
  {
    name: 'records from the offset asked for',
    log: [plain(5, 'a', 'b'), plain(7, 'c')],
    from: 5,
    steers: { ...full, messages: [{ offset: '7' }], offsets: ['5', '7'], lags: ['14', '12'] },
    values: ['a', 'b', 'c'],
  },
  {
    name: 'records of a batch that begins before the offset asked for',
    log: [plain(3, 'a', 'b', 'c'), plain(6, 'd')],
    from: 5,
    steers: { ...full, messages: [{ offset: '6' }], offsets: ['5', '6'], lags: ['14', '13'] },
    values: ['c', 'd'],
  },
  {
    name: 'committed records and their marker',
    log: [inTransaction(5, 'a'), commit(6)],
    from: 5,
    steers: { ...full, messages: [{ offset: '6' }], offsets: ['5', '6'], lags: ['14', '13'] },
    values: ['a'],
  },
  {
    name: 'committed records before aborted ones, of which the last is the end of the fetch',
    log: [plain(5, 'a'), inTransaction(6, 'gone'), abort(7), inTransaction(8, 'gone as well')],
    from: 5,
    aborted: [...(abortedFrom(8) ?? []), ...(abortedFrom(6) ?? [])],
    steers: { ...full, messages: [{ offset: '8' }], offsets: ['5', '8'], lags: ['14', '11'] },
    values: ['a'],
  },
  {
    name: 'nothing but markers',
    log: [commit(5), abort(6)],
    from: 5,
    steers: { ...filtered, emptyControlRecord: true, offsets: ['5', '6'], lags: ['14', '13'] },
    values: [],
  },
  {
    name: 'nothing but aborted records',
    log: [inTransaction(4, 'a', 'b'), inTransaction(6, 'c')],
    from: 5,
    aborted: abortedFrom(2),
    steers: { ...filtered, offsets: ['5', '6'], lags: ['14', '13'] },
    values: [],
  },
  {
    name: 'aborted records and their marker',
    log: [inTransaction(5, 'a'), abort(6)],
    from: 5,
    aborted: abortedFrom(5),
    steers: { ...filtered, emptyControlRecord: true, offsets: ['5', '6'], lags: ['14', '13'] },
    values: [],
  },
  {
    name: 'a batch that compaction has emptied',
    log: [emptied(plain(5, 'a', 'b', 'c'))],
    from: 6,
    steers: { ...full, messages: [{ offset: '7' }], offsets: ['6', '7'], lags: ['13', '12'] },
    values: [],
  },
  {
    name: 'an emptied batch behind records',
    log: [plain(5, 'a'), emptied(plain(6, 'b', 'c'))],
    from: 5,
    steers: { ...full, messages: [{ offset: '7' }], offsets: ['5', '7'], lags: ['14', '12'] },
    values: ['a'],
  },
  {
    name: 'nothing but batches that end before the offset asked for',
    log: [plain(2, 'a', 'b'), plain(4, 'c')],
    from: 5,
    steers: nothing,
    values: [],
  },
  {
    name: 'aborted records behind a batch that ends before the offset asked for',
    log: [plain(4, 'a'), inTransaction(5, 'b')],
    from: 5,
    aborted: abortedFrom(5),
    steers: { ...filtered, offsets: ['5', '5'], lags: ['14', '14'] },
    values: [],
  },
  {
    name: 'no more than the beginning of a batch',
    log: [plain(5, 'a').subarray(0, 65)],
    from: 5,
    steers: nothing,
    values: [],
  },
  {
    name: 'all records where the reader asks for uncommitted ones, for then Kafka lists nothing as aborted',
    log: [inTransaction(5, 'a'), abort(6)],
    from: 5,
    aborted: null,
    steers: { ...full, messages: [{ offset: '6' }], offsets: ['5', '6'], lags: ['14', '13'] },
    values: ['a'],
  },
])('kafkajs is told by $name where to go on', ({ steers, values, ...fetch }) => {
  const batch = fetched(fetch)
  expect(steering(batch)).toEqual(steers)
  expect(batch.records().map(({ value }) => String(value))).toEqual(values)
  expect([batch.topic, batch.partition, batch.fetchedOffset, batch.highWatermark]).toEqual([
    'raw',
    3,
    String(fetch.from),
    '20',
  ])
  expect(batch.isEmptyDueToLogCompactedMessages()).toBe(false)
})

test('records come whole, from the offset asked for on', () => {
  const record = { key: 'k', value: 'v', timestamp: 1_700_000_000_000, headers: { h: 'x' } }
  const batch = fetched({ log: [placedAt(plainBatch([record, record]), 4)], from: 5 })
  expect(batch.records().map(decoded)).toEqual([
    {
      offset: 5,
      timestamp: 1_700_000_000_000,
      key: Buffer.from('k'),
      value: Buffer.from('v'),
      headers: [['h', Buffer.from('x')]],
    },
  ])
})

function damaged(batch: Buffer): Buffer {
  const copy = Buffer.from(batch)
  copy[copy.length - 1]! ^= 1
  return copy
}

test.each([
  { name: 'records', log: [plain(5, 'a'), damaged(plain(6, 'b', 'c'))], offsets: '6 to 7' },
  { name: 'a marker', log: [inTransaction(5, 'a'), damaged(abort(6))], aborted: abortedFrom(5), offsets: '6 to 6' },
  { name: 'a marker alone', log: [damaged(commit(6))], offsets: '6 to 6' },
])('damage in $name does not strike kafkajs, but whoever wants the records', ({ log, aborted, offsets }) => {
  const batch = fetched({ log, from: 5, aborted })
  expect(steering(batch)).toMatchObject({ empty: false, emptyDueToFiltering: false })
  expect(batch.messages.length).toBe(1)
  expect(() => batch.records()).toThrow(
    new TrackbridgeError(
      'TB_KAFKA_FATAL',
      `the record batch of offsets ${offsets} is damaged: its checksum does not fit`,
    ),
  )
})

test('an old message format does not strike kafkajs, but whoever wants the records', () => {
  const old = plain(5, 'a')
  old[16] = 1
  const batch = fetched({ log: [old], from: 5 })
  expect(steering(batch)).toMatchObject({ empty: false, emptyDueToFiltering: false })
  expect(batch.messages.length).toBe(1)
  expect(() => batch.records()).toThrow('a topic holds records in message format 1; allowed is 2')
})

test('damage in an aborted batch does not matter', () => {
  const log = [damaged(inTransaction(5, 'a')), abort(6), plain(7, 'b')]
  expect(
    fetched({ log, from: 5, aborted: abortedFrom(5) })
      .records()
      .map(({ offset }) => offset),
  ).toEqual([7])
})
