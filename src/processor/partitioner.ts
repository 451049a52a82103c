// Which partition an output record goes to (kafka.md, "Topics"). `source`: the number its raw record came from, so that
// order per person holds whatever the key. `key`: by murmur2, as Java's default partitioner, for raw topics that are not
// keyed by person. Dead letters and unsupported calls may have fewer partitions than the raw topic: they wrap round.
import { TrackbridgeError } from '../errors.ts'
import type { Admin, Broker, TopicPartition } from '../kafka/broker.ts'

export type Partitioning = 'source' | 'key'

export interface PartitionerOptions {
  readonly partitioning: Partitioning
  readonly routes: readonly { readonly topic: string }[]
  readonly deadLetterTopic: string
  readonly unsupportedTopic: string
}

export interface Partitioner {
  partitionOf(topic: string, key: Buffer | string | null, rawPartition: number): number
  /** Makes sure that every destination has a partition for this raw one; asks Kafka when the raw topic has grown.
   *  Rejects with TB_KAFKA_FATAL when one has not. */
  cover(raw: TopicPartition): Promise<void>
}

/** Asks for the topics' partition counts. Rejects with TB_TOPIC_MISSING. */
export async function createPartitioner(
  broker: Pick<Broker, 'admin' | 'partitionForKey'>,
  options: PartitionerOptions,
): Promise<Partitioner> {
  const { partitioning, deadLetterTopic, unsupportedTopic } = options
  const destinations = options.routes.map(({ topic }) => topic)
  let counts = await readCounts(broker, [...destinations, deadLetterTopic, unsupportedTopic])
  const countOf = (topic: string): number => counts.get(topic) ?? 1
  const tooSmall = (rawPartition: number): string | undefined =>
    partitioning === 'key' ? undefined : destinations.find((topic) => countOf(topic) <= rawPartition)

  return {
    partitionOf(topic, key, rawPartition) {
      if (topic === deadLetterTopic || topic === unsupportedTopic) return rawPartition % countOf(topic)
      if (partitioning === 'source') return rawPartition
      return key === null ? rawPartition % countOf(topic) : broker.partitionForKey(key, countOf(topic))
    },
    async cover({ topic: rawTopic, partition: rawPartition }) {
      if (tooSmall(rawPartition) === undefined) return
      counts = await readCounts(broker, [...counts.keys()])
      const topic = tooSmall(rawPartition)
      if (topic === undefined) return
      throw new TrackbridgeError(
        'TB_KAFKA_FATAL',
        `topic ${topic} has ${countOf(topic)} partitions, raw partition ${rawTopic}/${rawPartition} needs ${rawPartition + 1}: add partitions to it`,
        { context: { topic, partition: rawPartition } },
      )
    },
  }
}

async function readCounts(
  broker: Pick<Broker, 'admin'>,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const admin: Admin = await broker.admin()
  try {
    const found = await admin.topics(names)
    const missing = names.filter((name) => !found.has(name))
    if (missing.length > 0)
      throw new TrackbridgeError('TB_TOPIC_MISSING', `these topics do not exist: ${missing.join(', ')}`)
    return new Map([...found].map(([name, { partitions }]) => [name, partitions]))
  } finally {
    await admin.close()
  }
}
