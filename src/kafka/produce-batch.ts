// OutRecords -> what kafkajs's sendBatch takes, and the check that its answer covers all of them. Pure. kafkajs 2.2.4 drops
// records of a partition it has no metadata for, and of one whose leader moves, and resolves (research kafkajs.md, C4).
import type { Message, RecordMetadata, TopicMessages } from 'kafkajs'
import { TrackbridgeError } from '../errors.ts'
import type { OutRecord } from './broker.ts'
import { partitionKey } from './kafkajs-batch.ts'

/** Messages by topic, in the order of `records`, each with its partition; null values are tombstones. */
export function toTopicMessages(records: readonly OutRecord[]): TopicMessages[] {
  const byTopic = Map.groupBy(records, ({ topic }) => topic)
  return [...byTopic].map(([topic, group]) => ({ topic, messages: group.map(toMessage) }))
}

function toMessage({ partition, key, value, timestamp, headers }: OutRecord): Message {
  return { partition, key, value, timestamp: String(timestamp), headers }
}

/** Throws TB_KAFKA_UNAVAILABLE, naming the partitions, unless `answer` acknowledges every partition of `records`. */
export function requireCoverage(records: readonly OutRecord[], answer: readonly RecordMetadata[]): void {
  const acknowledged = new Set(
    answer
      .filter(({ errorCode }) => errorCode === 0)
      .map(({ topicName, partition }) => partitionKey({ topic: topicName, partition })),
  )
  const missing = [...new Set(records.map(partitionKey))].filter((key) => !acknowledged.has(key))
  if (missing.length === 0) return
  throw new TrackbridgeError(
    'TB_KAFKA_UNAVAILABLE',
    `Kafka did not acknowledge the records for ${missing.join(', ')}: the partition does not exist or its leader has moved`,
  )
}

/** A partitioner for kafkajs that takes the record's own partition and never chooses one. Throws TB_BUG without one. */
export function explicitPartitioner(): (choice: { readonly message: Message }) => number {
  return ({ message }) => {
    if (message.partition !== undefined) return message.partition
    throw new TrackbridgeError('TB_BUG', 'a record has no partition')
  }
}
