// The topics a configuration wants, compared with those that exist. In: Config, what Kafka says of the topics. Out: a plan
// with a state for each, and the command that would create it. Pure but for readTopicPlan and applyTopics. Existing
// topics are never altered. Ruled by kafka.md, "Topics".
import type { Config } from '../config/schema.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Admin, TopicInfo, TopicSpec } from './broker.ts'

type TopicRole = 'raw' | 'destination' | 'dead-letters' | 'unsupported'

export interface WantedTopic extends TopicSpec {
  readonly role: TopicRole
  /** Fewer partitions than this cannot work; 1 where any number does. */
  readonly leastPartitions: number
}

/** `warning`: it works, but records may be lost that nobody expects to lose. `wrong`: it cannot work. */
type TopicState = 'ok' | 'missing' | 'warning' | 'wrong'

export interface TopicPlan {
  readonly name: string
  readonly role: TopicRole
  readonly state: TopicState
  /** What is amiss and how to mend it, a sentence each; empty when all is well. */
  readonly details: readonly string[]
  /** The command that would create it, e.g. `kafka-topics.sh --bootstrap-server a:9092 --create --topic t ...`. */
  readonly command: string
  readonly wanted: WantedTopic
}

/** Of the configuration, what topics are planned from. */
export type TopicsConfig = Pick<
  Config,
  'raw' | 'destinations' | 'deadLetters' | 'unsupported' | 'topics' | 'partitioning'
> & {
  readonly kafka: Pick<Config['kafka'], 'brokers' | 'ssl' | 'sasl'>
}

/** Raw topic first, then destinations in their order. `rawPartitions`: of the raw topic if it exists; all others follow it. */
export function wantedTopics(config: TopicsConfig, rawPartitions: number | undefined): readonly WantedTopic[] {
  const { retentionMs, replicationFactor } = config.topics
  const partitions = rawPartitions ?? config.topics.partitions
  const own = {
    partitions,
    replicationFactor,
    settings: {
      'message.timestamp.type': 'LogAppendTime',
      ...(retentionMs === undefined ? {} : { 'retention.ms': String(retentionMs) }),
    },
  }
  const forDestinations = config.partitioning === 'source' ? partitions : 1
  return [
    { name: config.raw.topic, role: 'raw', leastPartitions: 1, partitions, replicationFactor, settings: {} },
    ...config.destinations.map(
      ({ topic }) => ({ name: topic, role: 'destination', leastPartitions: forDestinations, ...own }) as const,
    ),
    { name: config.deadLetters.topic, role: 'dead-letters', leastPartitions: 1, ...own },
    { name: config.unsupported.topic, role: 'unsupported', leastPartitions: 1, ...own },
  ]
}

/** How the commands reach the cluster, e.g. `--bootstrap-server a:9092,b:9092 --command-config client.properties`. */
export function toolOptions({ brokers, ssl, sasl }: TopicsConfig['kafka']): string {
  const secured = ssl !== false || sasl !== undefined
  return `--bootstrap-server ${brokers.join(',')}${secured ? ' --command-config client.properties' : ''}`
}

/** Compares; `tool` is what `toolOptions` gives. Same order as `wanted`. */
export function planTopics(
  wanted: readonly WantedTopic[],
  existing: ReadonlyMap<string, TopicInfo>,
  tool: string,
): readonly TopicPlan[] {
  return wanted.map((topic) => {
    const command = createCommand(topic, tool)
    const plan = { name: topic.name, role: topic.role, command, wanted: topic }
    const info = existing.get(topic.name)
    if (info === undefined) return { ...plan, state: 'missing', details: ['does not exist'] }
    const wrong = partitionFaults(topic, info, tool)
    const details = [...wrong, ...settingWarnings(topic, info, tool)]
    return { ...plan, state: wrong.length > 0 ? 'wrong' : details.length > 0 ? 'warning' : 'ok', details }
  })
}

function createCommand({ name, partitions, replicationFactor, settings }: TopicSpec, tool: string): string {
  const copies = replicationFactor === -1 ? '' : ` --replication-factor ${replicationFactor}`
  const configs = Object.entries(settings).map(([key, value]) => ` --config ${key}=${value}`)
  return `kafka-topics.sh ${tool} --create --topic ${name} --partitions ${partitions}${copies}${configs.join('')}`
}

function partitionFaults({ name, leastPartitions }: WantedTopic, info: TopicInfo, tool: string): readonly string[] {
  if (info.partitions >= leastPartitions) return []
  const mend = `kafka-topics.sh ${tool} --alter --topic ${name} --partitions ${leastPartitions}`
  return [
    `has ${counted(info.partitions, 'partition')}, but the raw topic has ${leastPartitions} and partitioning is source; mend it with: ${mend}`,
  ]
}

function settingWarnings({ name, role }: WantedTopic, { settings }: TopicInfo, tool: string): readonly string[] {
  if (Object.keys(settings).length === 0)
    return ['its settings may not be read (that takes the right to DescribeConfigs): retention is unchecked']
  const mend = (setting: string) =>
    `mend it with: kafka-configs.sh ${tool} --alter --entity-type topics --entity-name ${name} --add-config ${setting}`
  const policies = (settings['cleanup.policy'] ?? 'delete').split(',')
  const warnings: string[] = []
  if (policies.includes('compact'))
    warnings.push(`is compacted: Kafka keeps only the last record of each key; ${mend('cleanup.policy=delete')}`)
  const keepsOldTime = (settings['message.timestamp.type'] ?? 'CreateTime') === 'CreateTime'
  const retention = settings['retention.ms']
  if (role !== 'raw' && keepsOldTime && policies.includes('delete') && retention !== '-1')
    warnings.push(
      `has CreateTime and ${retentionText(retention)}: replayed records older than that are deleted within minutes; ${mend('message.timestamp.type=LogAppendTime')}`,
    )
  return warnings
}

const retentionText = (retention: string | undefined) =>
  retention === undefined ? 'a retention that is not known' : `a retention of ${durationText(Number(retention))}`

const units = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
] as const

function durationText(durationMs: number): string {
  const unit = units.find(([unitMs]) => durationMs >= unitMs && durationMs % unitMs === 0)
  return unit === undefined ? `${durationMs} ms` : counted(durationMs / unit[0], unit[1])
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

/** The plan of a configuration against the cluster. Rejects as `Admin.topics` does. */
export async function readTopicPlan(admin: Pick<Admin, 'topics'>, config: TopicsConfig): Promise<readonly TopicPlan[]> {
  const names = wantedTopics(config, undefined).map(({ name }) => name)
  const existing = await admin.topics(names)
  return planTopics(
    wantedTopics(config, existing.get(config.raw.topic)?.partitions),
    existing,
    toolOptions(config.kafka),
  )
}

/** Creates the missing topics of a plan, no others; resolves with their names. Rejects as `Admin.createTopics` does. */
export async function applyTopics(
  admin: Pick<Admin, 'createTopics'>,
  plan: readonly TopicPlan[],
): Promise<readonly string[]> {
  const missing = plan.filter(({ state }) => state === 'missing')
  const specs = missing.map(({ wanted: { name, partitions, replicationFactor, settings } }) => ({
    name,
    partitions,
    replicationFactor,
    settings,
  }))
  if (specs.length > 0) await admin.createTopics(specs)
  return specs.map(({ name }) => name)
}

/** For engines, at their start: throws TB_TOPIC_MISSING with every topic that is missing or wrong and what to do. */
export function requireTopics(plan: readonly TopicPlan[]): void {
  const faulty = plan.filter(({ state }) => state === 'missing' || state === 'wrong')
  if (faulty.length === 0) return
  const lines = faulty.map(({ name, state, details, command }) =>
    state === 'missing' ? `  ${name} does not exist; create it with: ${command}` : `  ${name} ${details.join('; ')}`,
  )
  const missing = faulty.some(({ state }) => state === 'missing')
  const all = missing ? ['  or create the missing ones with: trackbridge topics apply'] : []
  const heading = `${counted(faulty.length, 'topic')} cannot be used`
  throw new TrackbridgeError('TB_TOPIC_MISSING', [heading, ...lines, ...all].join('\n'))
}
