import type { Batch } from 'kafkajs'
import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { partitionKey, toConsumerBatch, toOffset } from '../../src/kafka/kafkajs-batch.ts'

const member = { assignment: 2, memberId: 'm' }

test('a batch of kafkajs becomes one of the port, header by header', () => {
  const batch = {
    topic: 'raw',
    partition: 3,
    fetchedOffset: '5',
    highWatermark: '20',
    lastOffset: () => '11',
    messages: [
      {
        offset: '7',
        timestamp: '1700000000123',
        key: Buffer.from('k'),
        value: null,
        headers: { one: Buffer.from('1'), two: [Buffer.from('a'), null], none: null },
      },
      { offset: '9', timestamp: '1700000000124', key: null, value: Buffer.from('v') },
    ],
  } as unknown as Batch
  expect(toConsumerBatch(batch, member, true)).toEqual({
    topic: 'raw',
    partition: 3,
    member,
    fetchedOffset: 5,
    nextOffset: 12,
    highWatermark: 20,
    continuous: true,
    records: [
      {
        offset: 7,
        timestamp: 1_700_000_000_123,
        key: Buffer.from('k'),
        value: null,
        headers: [
          ['one', Buffer.from('1')],
          ['two', Buffer.from('a')],
          ['two', null],
          ['none', null],
        ],
      },
      { offset: 9, timestamp: 1_700_000_000_124, key: null, value: Buffer.from('v'), headers: [] },
    ],
  })
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
