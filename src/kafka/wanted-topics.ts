// The topics a configuration wants: names, partitions, copies, settings. In: Config, and how many partitions the topics
// that exist have. Out: a wish for each topic. Pure. Ruled by kafka.md, "Topics".
import type { Config } from '../config/schema.ts'
import type { Admin, TopicInfo, TopicSpec } from './broker.ts'

export type TopicRole = 'raw' | 'destination' | 'dead-letters' | 'unsupported'

/** What is created where it is missing, and what an existing topic is compared with. */
export interface WantedTopic extends TopicSpec {
  readonly role: TopicRole
  /** Fewer partitions than this cannot work; 1 where any number does. */
  readonly leastPartitions: number
  /** Whose partitions those are, as in `the raw topic`. */
  readonly leastBecauseOf: string
  /** True where the configuration says how many partitions, and does not follow the raw topic. */
  readonly partitionsAreConfigured: boolean
}

/** Of the configuration, what topics are planned from. */
export type TopicsConfig = Pick<
  Config,
  'raw' | 'destinations' | 'deadLetters' | 'unsupported' | 'topics' | 'partitioning'
> & {
  readonly kafka: Pick<Config['kafka'], 'brokers' | 'ssl' | 'sasl'>
}

/** Names of the raw topics; of a pattern those that exist. Rejects as `Admin.topicsMatching` does. */
export async function rawTopicNames(
  admin: Pick<Admin, 'topicsMatching'>,
  { raw }: Pick<Config, 'raw'>,
): Promise<readonly string[]> {
  return raw.pattern === undefined ? raw.topics : admin.topicsMatching(raw.pattern)
}

type RoleConfig = TopicsConfig['topics']['deadLetters']
type Known = ReadonlyMap<string, Pick<TopicInfo, 'partitions'>>

/** Raw topics first, then destinations in their order. All follow the raw topic that has most partitions: `known` says how
 *  many those have that exist. `raws`: the raw topics that match where the configuration has a pattern. */
export function wantedTopics(
  config: TopicsConfig,
  known: Known = new Map(),
  raws: readonly string[] = config.raw.topics,
): readonly WantedTopic[] {
  const { topics, partitioning } = config
  const rawPartitions = topics.raw.partitions ?? topics.partitions
  const counts = raws.map((name) => known.get(name)?.partitions ?? rawPartitions)
  const most = counts.length === 0 ? rawPartitions : Math.max(...counts)
  const leastBecauseOf = raws.length < 2 ? 'the raw topic' : `the raw topic ${raws[counts.indexOf(most)] ?? ''}`
  const least = partitioning === 'source' ? most : 1
  const written = (name: string, role: WantedTopic['role'], own: RoleConfig): WantedTopic => {
    const leastPartitions = role === 'destination' ? least : 1
    const partitions = Math.max(own.partitions ?? most, leastPartitions)
    return {
      name,
      role,
      leastPartitions,
      leastBecauseOf,
      partitions,
      partitionsAreConfigured: partitions === own.partitions,
      replicationFactor: topics.replicationFactor,
      settings: writtenSettings(topics, own),
    }
  }
  return [
    ...raws.map((name, index) => rawTopic(name, counts[index] ?? rawPartitions, topics)),
    ...config.destinations
      .flatMap(({ topic, backfill }) => [topic, ...(backfill === undefined ? [] : [backfill.topic])])
      .map((topic) => written(topic, 'destination', topics.destinations)),
    written(config.deadLetters.topic, 'dead-letters', topics.deadLetters),
    written(config.unsupported.topic, 'unsupported', topics.unsupported),
  ]
}

function rawTopic(name: string, existing: number, topics: TopicsConfig['topics']): WantedTopic {
  const { partitions, retentionMs, maxMessageBytes } = topics.raw
  return {
    name,
    role: 'raw',
    leastPartitions: 1,
    leastBecauseOf: 'the raw topic',
    partitions: partitions ?? existing,
    partitionsAreConfigured: partitions !== undefined,
    replicationFactor: topics.replicationFactor,
    settings: settingsOf({
      'retention.ms': retentionMs,
      'min.insync.replicas': topics.minInsyncReplicas,
      'max.message.bytes': maxMessageBytes,
    }),
  }
}

function writtenSettings(topics: TopicsConfig['topics'], own: RoleConfig): TopicSpec['settings'] {
  return settingsOf({
    'message.timestamp.type': topics.timestampType,
    'retention.ms': own.retentionMs ?? topics.retentionMs,
    'cleanup.policy': topics.cleanupPolicy,
    'compression.type': topics.compressionType,
    'min.insync.replicas': topics.minInsyncReplicas,
    'max.message.bytes': own.maxMessageBytes ?? topics.maxMessageBytes,
  })
}

function settingsOf(values: Readonly<Record<string, string | number | undefined>>): TopicSpec['settings'] {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  )
}
