// The port's Admin over kafkajs: what exists, what is created, where offsets stand. Nothing is altered, nothing is created
// by asking. Every call has a time limit, for some of kafkajs's never return when access is denied (research
// local-infra.md, 3).
import type { Admin as KafkajsAdmin, Kafka } from 'kafkajs'
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Log } from '../ops/log.ts'
import type { Admin, TopicInfo, TopicSpec, Watermarks } from './broker.ts'
import { within } from './deadline.ts'
import { toOffset } from './kafkajs-batch.ts'
import { disconnectQuietly } from './kafkajs-disconnect.ts'
import { kafkaErrorType, toTrackbridgeError } from './kafkajs-errors.ts'
import { ConfigResourceTypes } from './kafkajs.ts'

export interface AdminDeps {
  readonly kafka: Kafka
  readonly log: Log
  readonly clock: Clock
}

/** Runs one kafkajs call under the time limit; its faults become TB_KAFKA_*. */
type Call = <T>(tried: string, call: (admin: KafkajsAdmin) => Promise<T>) => Promise<T>

const callTimeoutMs = 30_000
const visibleRetryMs = 50

/** Connects. Every method rejects with TB_KAFKA_*. */
export async function createKafkajsAdmin({ kafka, log, clock }: AdminDeps): Promise<Admin> {
  const admin = kafka.admin()
  const call: Call = async (tried, run) => {
    try {
      return await within(run(admin), { timeoutMs: callTimeoutMs, tried, clock })
    } catch (error) {
      throw toTrackbridgeError(error, tried)
    }
  }
  const close = (): Promise<void> => disconnectQuietly(admin, { clock, log })
  try {
    await call('connect to Kafka', (client) => client.connect())
  } catch (error) {
    await close()
    throw error
  }
  return {
    topics: (names) => existingTopics(call, names),
    createTopics: (specs) => createTopics(call, clock, specs),
    watermarks: (topic) => watermarks(call, topic),
    groupOffsets: (group, topic) => groupOffsets(call, group, topic),
    brokerCount: async () => (await call('describe the cluster', (client) => client.describeCluster())).brokers.length,
    close,
  }
}

async function existingTopics(call: Call, names: readonly string[]): Promise<ReadonlyMap<string, TopicInfo>> {
  const found = new Map<string, TopicInfo>()
  // One by one: kafkajs fails the whole question over one topic that does not exist.
  for (const name of new Set(names)) {
    const partitions = await partitionsOf(call, name)
    const replicas = partitions?.[0]?.replicas.length
    if (partitions === undefined || replicas === undefined) continue
    const settings = await settingsOf(call, name)
    found.set(name, { name, partitions: partitions.length, replicationFactor: replicas, settings })
  }
  return found
}

async function partitionsOf(
  call: Call,
  name: string,
): Promise<{ readonly replicas: number[]; readonly leader: number }[] | undefined> {
  return call(`describe the topic ${name}`, async (admin) => {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [name] })
      return topics.find((topic) => topic.name === name)?.partitions
    } catch (error) {
      if (kafkaErrorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined
      throw error
    }
  })
}

async function settingsOf(call: Call, name: string): Promise<Readonly<Record<string, string>>> {
  const resources = [{ type: ConfigResourceTypes.TOPIC, name }]
  try {
    const answer = await call(`read the settings of the topic ${name}`, (admin) =>
      admin.describeConfigs({ includeSynonyms: false, resources }),
    )
    const entries = answer.resources[0]?.configEntries ?? []
    return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]))
  } catch (error) {
    // The ACL for it (DescribeConfigs) is apart from the one for describing.
    if (error instanceof TrackbridgeError && error.code === 'TB_KAFKA_UNAUTHORIZED') return {}
    throw error
  }
}

async function createTopics(call: Call, clock: Clock, specs: readonly TopicSpec[]): Promise<void> {
  if (specs.length === 0) return
  const names = specs.map(({ name }) => name).join(', ')
  const topics = specs.map(({ name, partitions, replicationFactor, settings }) => ({
    topic: name,
    numPartitions: partitions,
    replicationFactor,
    configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
  }))
  const created = await call(`create the topics ${names}`, (admin) =>
    admin.createTopics({ topics, waitForLeaders: false }),
  )
  // kafkajs resolves with false, and with nothing else, when all of them exist.
  if (!created) throw new TrackbridgeError('TB_KAFKA_FATAL', `cannot create the topics ${names}: they exist already`)
  await untilVisible(call, clock, specs)
}

// Not kafkajs's own waiting: that one takes "no such topic" for the end of it, which a broker says whose metadata is a
// moment behind the controller's.
async function untilVisible(call: Call, clock: Clock, specs: readonly TopicSpec[]): Promise<void> {
  const untilMs = clock.now() + callTimeoutMs
  for (const { name } of specs) {
    while (!(await hasLeaders(call, name))) {
      if (clock.now() > untilMs)
        throw new TrackbridgeError('TB_KAFKA_UNAVAILABLE', `topic ${name} was created, but still has no leaders`)
      await clock.sleep(visibleRetryMs)
    }
  }
}

async function hasLeaders(call: Call, name: string): Promise<boolean> {
  try {
    const partitions = await partitionsOf(call, name)
    return partitions !== undefined && partitions.every(({ leader }) => leader >= 0)
  } catch (error) {
    if (kafkaErrorType(error) === 'LEADER_NOT_AVAILABLE') return false
    throw error
  }
}

async function watermarks(call: Call, topic: string): Promise<ReadonlyMap<number, Watermarks>> {
  const offsets = await call(`read the ends of the topic ${topic}`, (admin) => admin.fetchTopicOffsets(topic))
  // `high` is the last stable offset: kafkajs asks with the isolation level read_committed.
  return new Map(
    offsets.map(({ partition, low, high }) => [partition, { earliest: toOffset(low), lastStable: toOffset(high) }]),
  )
}

async function groupOffsets(call: Call, group: string, topic: string): Promise<ReadonlyMap<number, number>> {
  // Never with resolveOffsets: that commits.
  const answer = await call(`read the offsets of group ${group} for ${topic}`, (admin) =>
    admin.fetchOffsets({ groupId: group, topics: [topic] }),
  )
  const partitions = answer.find((one) => one.topic === topic)?.partitions ?? []
  return new Map(
    partitions
      .map(({ partition, offset }) => [partition, toOffset(offset)] as const)
      .filter(([, offset]) => offset >= 0),
  )
}
