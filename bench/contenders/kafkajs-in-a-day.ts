// Contender (1): what a team writes in a day. Stock kafkajs, eachBatch and sendBatch, the same translation, no
// transactions: after a fault there are repeats. Every setting is kafkajs's default, but for lz4 on what it writes.
import type { EachBatchPayload, Message, Producer } from 'kafkajs'
import type { ConsumerRecord } from '../../src/kafka/broker.ts'
import { processRecord, type TopologySettings } from '../../src/processor/topology.ts'
import { LZ4, stockKafka } from '../stock-kafkajs.ts'
import type { Open } from './contender.ts'
import { benchConfig } from './engine-config.ts'

export const open: Open = async (job) => {
  const config = benchConfig(job)
  const settings: TopologySettings = {
    routes: config.destinations,
    mapping: config.mapping,
    deadLetterTopic: config.deadLetters.topic,
    unsupportedTopic: config.unsupported.topic,
    // Not used: kafkajs's own partitioner chooses by key.
    partitionOf: (_topic, _key, rawPartition) => rawPartition,
  }
  const kafka = stockKafka(job.brokers)
  const producer = kafka.producer()
  const consumer = kafka.consumer({ groupId: `${job.prefix}.process` })
  let processed = 0
  let joined = false
  consumer.on(consumer.events.GROUP_JOIN, () => {
    joined = true
  })
  await producer.connect()
  await consumer.connect()
  await consumer.subscribe({ topics: [job.rawTopic], fromBeginning: true })
  await consumer.run({
    eachBatch: async ({ batch }) => {
      await writeBatch(producer, batch, settings)
      processed += batch.messages.length
    },
  })
  return {
    joined: () => joined,
    processed: () => processed,
    async stop() {
      await consumer.disconnect()
      await producer.disconnect()
    },
  }
}

async function writeBatch(
  producer: Producer,
  { topic, partition, messages }: EachBatchPayload['batch'],
  settings: TopologySettings,
): Promise<void> {
  const byTopic = new Map<string, Message[]>()
  for (const message of messages) {
    const { records } = processRecord({ ...toRecord(message), topic, partition }, settings)
    for (const { topic: to, key, value, timestamp, headers } of records) {
      const list = byTopic.get(to) ?? []
      byTopic.set(to, list)
      list.push({ key, value, headers, timestamp: String(timestamp) })
    }
  }
  const topicMessages = [...byTopic].map(([to, list]) => ({ topic: to, messages: list }))
  await producer.sendBatch({ topicMessages, compression: LZ4 })
}

// The raw topic of the benchmark has no headers.
function toRecord({ offset, timestamp, key, value }: EachBatchPayload['batch']['messages'][number]): ConsumerRecord {
  return { offset: Number(offset), timestamp: Number(timestamp), key, value, headers: [] }
}
