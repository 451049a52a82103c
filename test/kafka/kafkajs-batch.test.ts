import type { EachBatchPayload } from 'kafkajs'
import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { createFetchedBatch, decodeRecordSet, type FetchedBatch } from '../../src/kafka/fetched-batch.ts'
import { fetchedBatchOf, partitionKey, toConsumerBatch, toOffset } from '../../src/kafka/kafkajs-batch.ts'
import { decoded } from '../support/decoded-record.ts'
import { marker, placedAt, plainBatch } from './wire/batch-surgery.ts'

const member = { assignment: 2, memberId: 'm', generation: 2 }

const record = { key: 'k', value: null, timestamp: 1_700_000_000_123, headers: { one: '1', two: 'a' } }

function fetched(fields: { readonly fetchedOffset?: string; readonly highWatermark?: string }): FetchedBatch {
  const messages = decodeRecordSet(placedAt(plainBatch([record, record, record]), 5))
  const { fetchedOffset = '6', highWatermark = '20' } = fields
  return createFetchedBatch('raw', fetchedOffset, { partition: 3, highWatermark, messages })
}

test('what was fetched becomes a batch of the port, from the offset asked for on', () => {
  const read = {
    timestamp: 1_700_000_000_123,
    key: Buffer.from('k'),
    value: null,
    headers: [
      ['one', Buffer.from('1')],
      ['two', Buffer.from('a')],
    ],
  }
  const batch = toConsumerBatch(fetched({}), member, true)
  expect({ ...batch, records: batch.records.map(decoded) }).toEqual({
    topic: 'raw',
    partition: 3,
    member,
    fetchedOffset: 6,
    nextOffset: 8,
    highWatermark: 20,
    continuous: true,
    records: [
      { offset: 6, ...read },
      { offset: 7, ...read },
    ],
  })
})

test('the next offset passes a marker', () => {
  const recordSet = Buffer.concat([plainBatch([record]), placedAt(marker('commit', 7n), 1)])
  const data = { partition: 3, highWatermark: '2', messages: decodeRecordSet(recordSet) }
  const batch = toConsumerBatch(createFetchedBatch('raw', '0', data), member, false)
  expect([batch.nextOffset, batch.records.length]).toEqual([2, 1])
})

test('damaged records are an error of the batch', () => {
  const bytes = plainBatch([record])
  bytes[bytes.length - 1]! ^= 1
  const data = { partition: 3, highWatermark: '2', messages: decodeRecordSet(bytes) }
  expect(() => toConsumerBatch(createFetchedBatch('raw', '0', data), member, false)).toThrow(
    new TrackbridgeError('TB_KAFKA_FATAL', 'the record batch of offsets 0 to 0 is damaged: its checksum does not fit'),
  )
})

test('a high watermark that a number cannot hold is refused', () => {
  expect(() => toConsumerBatch(fetched({ highWatermark: '9007199254740993' }), member, true)).toThrow(
    new TrackbridgeError('TB_BUG', 'offset 9007199254740993 is not a whole number below 2^53'),
  )
})

test('the batch that kafkajs hands on is ours', () => {
  const batch = fetched({})
  expect(fetchedBatchOf({ batch } as unknown as EachBatchPayload)).toBe(batch)
})

test('an offset that a number cannot hold is refused', () => {
  expect(toOffset('9007199254740991')).toBe(9_007_199_254_740_991)
  expect(() => toOffset('9007199254740992')).toThrow(
    new TrackbridgeError('TB_BUG', 'offset 9007199254740992 is not a whole number below 2^53'),
  )
})

test('partitions of different topics have different keys', () => {
  expect([partitionKey({ topic: 'a', partition: 11 }), partitionKey({ topic: 'a1', partition: 1 })]).toEqual([
    'a/11',
    'a1/1',
  ])
})
