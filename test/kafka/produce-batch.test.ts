import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import type { OutRecord } from '../../src/kafka/broker.ts'
import { explicitPartitioner, requireCoverage, toTopicMessages } from '../../src/kafka/produce-batch.ts'

const record = (topic: string, partition: number, value: string): OutRecord => ({
  topic,
  partition,
  key: 'k',
  value,
  timestamp: 1_700_000_000_000,
  headers: { 'tb-src': 'raw:0:1' },
})
const message = (partition: number, value: string) => ({
  partition,
  key: 'k',
  value,
  timestamp: '1700000000000',
  headers: { 'tb-src': 'raw:0:1' },
})

test('records are grouped by topic in their order, each with its partition', () => {
  expect(toTopicMessages([record('a', 1, '1'), record('b', 0, '2'), record('a', 0, '3')])).toEqual([
    { topic: 'a', messages: [message(1, '1'), message(0, '3')] },
    { topic: 'b', messages: [message(0, '2')] },
  ])
})

const records = [record('a', 0, '1'), record('a', 1, '2'), record('b', 0, '3'), record('b', 0, '4')]
const acknowledged = (topicName: string, partition: number, errorCode = 0) => ({ topicName, partition, errorCode })

test('an answer that names every partition covers the records', () => {
  const answer = [acknowledged('b', 0), acknowledged('a', 1), acknowledged('a', 0)]
  expect(requireCoverage(records, answer)).toBeUndefined()
})

test.each([
  { name: 'no answer at all', answer: [], missing: 'a/0, a/1, b/0' },
  { name: 'a partition that is left out', answer: [acknowledged('a', 0), acknowledged('b', 0)], missing: 'a/1' },
  {
    name: 'a partition with an error',
    answer: [acknowledged('a', 0), acknowledged('a', 1), acknowledged('b', 0, 7)],
    missing: 'b/0',
  },
])('$name is no acknowledgement', ({ answer, missing }) => {
  expect(() => requireCoverage(records, answer)).toThrow(
    new TrackbridgeError(
      'TB_KAFKA_UNAVAILABLE',
      `Kafka did not acknowledge the records for ${missing}: the partition does not exist or its leader has moved`,
    ),
  )
})

test('the partitioner takes the partition of the record and never chooses one', () => {
  const partitioner = explicitPartitioner()
  expect(partitioner({ message: { partition: 4, value: null } })).toBe(4)
  expect(() => partitioner({ message: { value: null } })).toThrow(
    new TrackbridgeError('TB_BUG', 'a record has no partition'),
  )
})
