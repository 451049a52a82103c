// A consumer group of somebody else's: a member of it whose way of sharing partitions is not ours. Test support.
import type { PartitionAssigner } from 'kafkajs'
import { onTestFinished } from 'vitest'
import { kafkaClient } from './kafka.ts'
import { until } from './until.ts'

// All partitions for the first member: it is the name that counts.
const range: PartitionAssigner = ({ cluster }) => ({
  name: 'range',
  version: 1,
  assign: async ({ members, topics }) => {
    const [first] = members
    const assignment = Object.fromEntries(
      topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)]),
    )
    return first === undefined ? [] : [{ memberId: first.memberId, memberAssignment: encodeAssignment(assignment) }]
  },
  protocol: ({ topics }) => ({ name: 'range', metadata: encodeSubscription(topics) }),
})

function encodeSubscription(topics: readonly string[]): Buffer {
  return Buffer.concat([int16(0), int32(topics.length), ...topics.map(text), int32(-1)])
}

function encodeAssignment(assignment: Readonly<Record<string, readonly number[]>>): Buffer {
  const topics = Object.entries(assignment)
  const parts = topics.flatMap(([topic, partitions]) => [
    text(topic),
    int32(partitions.length),
    ...partitions.map(int32),
  ])
  return Buffer.concat([int16(0), int32(topics.length), ...parts, int32(-1)])
}

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const text = (value: string): Buffer => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])

/** Joins the group and stays until the test is over; it reads and commits nothing. */
export async function joinAsOther(groupId: string, topic: string, brokers: readonly string[]): Promise<void> {
  const consumer = kafkaClient(brokers).consumer({ groupId, partitionAssigners: [range], sessionTimeout: 6_000 })
  let joined = false
  consumer.on(consumer.events.GROUP_JOIN, () => {
    joined = true
  })
  await consumer.connect()
  onTestFinished(() => consumer.disconnect())
  await consumer.subscribe({ topics: [topic] })
  await consumer.run({ autoCommit: false, eachMessage: async () => undefined })
  await until(() => joined)
}
