// Topics as a long-lived installation has them, for the audit: raw calls, and what `processRecord` makes of each of them for
// two destinations, written in bulk by stock kafkajs.
import type { OutRecord } from '../src/kafka/broker.ts'
import { processRecord, type TopologySettings } from '../src/processor/topology.ts'
import { defaultMappingSettings } from '../src/translate/mapping-table.ts'
import { callMessages, partitionByMessage } from './calls.ts'
import { outputTopics } from './contenders/contender.ts'
import { randomName, say, type BenchKafka } from './kafka.ts'
import { LZ4, stockKafka } from './stock-kafkajs.ts'

/** Names of the topics that begin with a prefix. */
export function auditTopics(prefix: string) {
  const { main, deadLetters, unsupported } = outputTopics(prefix)
  const destinations = [
    ['main', main],
    ['second', `${prefix}.second`],
  ] as const
  return { destinations, deadLetters, unsupported }
}

type Size = Record<'partitions' | 'records', number>

const recordsABlock = 5_000

/** Fills a raw topic of its own and the output topics of the prefix, and commits all of it for the group of `process`. */
export async function fillAuditTopics(kafka: BenchKafka, prefix: string, { partitions, records }: Size) {
  const { destinations, deadLetters, unsupported } = auditTopics(prefix)
  const rawTopic = randomName('raw')
  await kafka.createTopic(rawTopic, partitions)
  await kafka.createTopic(`${prefix}.second`, partitions)
  const settings: TopologySettings = {
    routes: destinations.map(([name, topic]) => ({
      name,
      topic,
      where: { excludeEmailOnly: false },
      integrations: { All: true },
    })),
    mapping: defaultMappingSettings,
    deadLetterTopic: deadLetters,
    unsupportedTopic: unsupported,
    partitionOf: (_topic, _key, rawPartition) => rawPartition,
  }
  const client = stockKafka(kafka.brokers)
  const producer = client.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: partitionByMessage })
  await producer.connect()
  let outputs = 0
  for (let from = 0; from < records; from += recordsABlock) {
    const calls = callMessages({ from, count: Math.min(recordsABlock, records - from), partitions })
    const made = calls.flatMap(({ key, value, partition, timestamp }, index) => {
      const offset = Math.floor((from + index) / partitions)
      const bytes = { key: Buffer.from(key), value: Buffer.from(value), headers: [] }
      const raw = { topic: rawTopic, partition, offset, timestamp: Number(timestamp), ...bytes }
      return processRecord(raw, settings).records
    })
    const topicMessages = [{ topic: rawTopic, messages: calls }, ...byTopic(made)]
    await producer.sendBatch({ compression: LZ4, topicMessages })
    outputs += made.length
    if (from % 100_000 === 0) say(`${from} of ${records} calls are written with their outputs`)
  }
  await producer.disconnect()
  await commit(kafka, { rawTopic, group: `${prefix}.process`, partitions, records })
  return { rawTopic, outputs }
}

function byTopic(records: readonly OutRecord[]) {
  const groups = Object.groupBy(records, ({ topic }) => topic)
  return Object.entries(groups).map(([topic, some = []]) => ({
    topic,
    messages: some.map(({ key, value, partition, timestamp, headers }) => ({
      key,
      value,
      partition,
      timestamp: String(timestamp),
      headers,
    })),
  }))
}

interface Commit extends Size {
  readonly rawTopic: string
  readonly group: string
}

async function commit(kafka: BenchKafka, { rawTopic, group, partitions, records }: Commit): Promise<void> {
  const admin = stockKafka(kafka.brokers).admin()
  await admin.connect()
  const offsets = Array.from({ length: partitions }, (_, partition) => ({
    partition,
    offset: String(Math.ceil((records - partition) / partitions)),
  }))
  await admin.setOffsets({ groupId: group, topic: rawTopic, partitions: offsets })
  await admin.disconnect()
}
