// What `check` asks of Kafka, of a cluster in memory where all is well and everything is allowed. Test support.
import type { Inspector, Operation, TopicStanding } from '../../src/kafka/broker.ts'
import type { MemoryLog } from './memory-log.ts'

const all: ReadonlySet<Operation> = new Set([
  'Read',
  'Write',
  'Create',
  'Delete',
  'Alter',
  'Describe',
  'DescribeConfigs',
  'AlterConfigs',
])

/** Kafka's own limits as it comes; no internal topics, no members. */
export const memorySettings = {
  'transaction.max.timeout.ms': '900000',
  'group.min.session.timeout.ms': '6000',
  'group.max.session.timeout.ms': '1800000',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'offsets.topic.replication.factor': '1',
}

export function createMemoryInspector(log: MemoryLog): Inspector {
  const standing = (name: string): readonly [string, TopicStanding][] => {
    const partitions = log.topics.get(name)?.partitions
    if (partitions === undefined) return []
    return [[name, { operations: all, partitions: partitions.map(() => ({ leader: 1, replicas: 1, inSync: 1 })) }]]
  }
  return {
    cluster: async () => ({
      brokers: [{ id: '1', address: 'a:9092', release: '4.1', settings: memorySettings }],
      features: { 'transaction.version': 2 },
    }),
    standings: async (topics) => new Map(topics.flatMap(standing)),
    group: async () => ({ state: 'Dead', assignor: '', members: [], operations: all }),
    offsetsSince: async (topic, timestampMs) =>
      new Map(
        (log.topics.get(topic)?.partitions ?? []).map((entries, partition) => {
          const first = entries.find(({ record }) => record !== null && record.timestamp >= timestampMs)
          return [partition, first?.offset ?? log.lastStable({ topic, partition })]
        }),
      ),
    reachTransactionalId: async () => undefined,
  }
}
