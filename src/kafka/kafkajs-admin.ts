// The port's Admin over kafkajs: what exists, what is created or altered, where offsets stand. Nothing is created by
// asking. Every call has a time limit, for some of kafkajs's never return when access is denied (research
// local-infra.md, 3).
import type { Admin as KafkajsAdmin, Kafka } from 'kafkajs'
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Log } from '../ops/log.ts'
import { onTopic, type Access, type Identity } from './access.ts'
import type { Admin, TopicAlteration, TopicInfo, TopicSpec, Watermarks } from './broker.ts'
import { createInspector, readSettings, type Calls, type InspectedCluster } from './cluster-inspector.ts'
import { createCluster } from './cluster.ts'
import { within } from './deadline.ts'
import { withNeeds } from './denial.ts'
import { createGroupOffsets } from './group-offsets.ts'
import { toOffset } from './kafkajs-batch.ts'
import { disconnectQuietly } from './kafkajs-disconnect.ts'
import { kafkaErrorType, toTrackbridgeError } from './kafkajs-errors.ts'
import { ConfigResourceTypes, errorOfCode } from './kafkajs.ts'
import { setTopicSettings } from './wire/inspect-requests.ts'
import { matchingTopics } from './topic-pattern.ts'

export interface AdminDeps {
  readonly kafka: Kafka
  readonly log: Log
  readonly clock: Clock
  readonly identity: Identity
  /** Says more of a connection that failed, where more can be found out. */
  readonly explain: (fault: TrackbridgeError) => Promise<TrackbridgeError>
}

/** Runs one kafkajs call under the time limit; its faults become TB_KAFKA_*. `access`: the rights that it needs. */
type Call = <T>(tried: string, call: (admin: KafkajsAdmin) => Promise<T>, access?: readonly Access[]) => Promise<T>

const callTimeoutMs = 30_000
const visibleRetryMs = 50

/** Connects. Every method rejects with TB_KAFKA_*. */
export async function createKafkajsAdmin({ kafka, log, clock, identity, explain }: AdminDeps): Promise<Admin> {
  const admin = kafka.admin()
  const call: Call = async (tried, run, access = []) => {
    try {
      return await within(run(admin), { timeoutMs: callTimeoutMs, tried, clock })
    } catch (error) {
      throw toTrackbridgeError(withNeeds(error, { identity, access }), tried)
    }
  }
  const cluster = createClusterCalls({ kafka, log, clock, identity, explain })
  const close = async (): Promise<void> => {
    await Promise.all([disconnectQuietly(admin, { clock, log }), cluster.close()])
  }
  try {
    await call('connect to Kafka', async (client) => {
      await client.connect()
      // kafkajs connects with a question that brokers answer to anybody: this one shows whether we are let in.
      await client.describeCluster()
    })
  } catch (error) {
    await close()
    throw error instanceof TrackbridgeError ? await explain(error) : error
  }
  return {
    ...createInspector({ admin: call, cluster: cluster.call }),
    topics: (names) => existingTopics(call, names),
    topicsMatching: (pattern) => topicsMatching(call, pattern),
    createTopics: (specs) => createTopics(call, clock, specs),
    alterTopic: (name, alteration) => alterTopic({ admin: call, cluster: cluster.call }, name, alteration),
    watermarks: (topic) => watermarks(call, topic),
    ...createGroupOffsets({ admin: call, cluster: cluster.call, clock, identity }),
    close,
  }
}

/** Requests of our own, over a connection that is made when the first one is sent. */
function createClusterCalls({ kafka, ...deps }: AdminDeps) {
  const { clock, identity } = deps
  const cluster = createCluster(kafka, deps)
  let opened: Promise<void> | undefined
  const run = async <T>(work: (cluster: InspectedCluster) => Promise<T>): Promise<T> => {
    await (opened ??= cluster.open())
    return work(cluster)
  }
  const call: Calls['cluster'] = async (tried, work, access = []) => {
    try {
      return await within(run(work), { timeoutMs: callTimeoutMs, tried, clock })
    } catch (error) {
      throw toTrackbridgeError(withNeeds(error, { identity, access }), tried)
    }
  }
  const close = async (): Promise<void> => {
    const isOpen = await opened?.then(
      () => true,
      () => false,
    )
    if (isOpen === true) await cluster.close()
  }
  return { call, close }
}

async function topicsMatching(call: Call, pattern: string): Promise<readonly string[]> {
  const names = await call('list the topics', (admin) => admin.listTopics())
  return matchingTopics(names, pattern)
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
  return call(
    `describe the topic ${name}`,
    async (admin) => {
      try {
        const { topics } = await admin.fetchTopicMetadata({ topics: [name] })
        return topics.find((topic) => topic.name === name)?.partitions
      } catch (error) {
        if (kafkaErrorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined
        throw error
      }
    },
    [onTopic('Describe', name)],
  )
}

const settingsOf = (call: Call, name: string): Promise<Readonly<Record<string, string>>> =>
  readSettings(call, { type: ConfigResourceTypes.TOPIC, name }, `the topic ${name}`)

async function createTopics(call: Call, clock: Clock, specs: readonly TopicSpec[]): Promise<void> {
  if (specs.length === 0) return
  const names = specs.map(({ name }) => name).join(', ')
  const topics = specs.map(({ name, partitions, replicationFactor, settings }) => ({
    topic: name,
    numPartitions: partitions,
    replicationFactor,
    configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
  }))
  const created = await call(
    `create the topics ${names}`,
    (admin) => admin.createTopics({ topics, waitForLeaders: false }),
    specs.map(({ name }) => onTopic('Create', name)),
  )
  // kafkajs resolves with false, and with nothing else, when all of them exist.
  if (!created) throw new TrackbridgeError('TB_KAFKA_FATAL', `cannot create the topics ${names}: they exist already`)
  await untilVisible(call, clock, specs)
}

async function alterTopic(calls: Calls, name: string, { settings, partitions }: TopicAlteration): Promise<void> {
  if (Object.keys(settings).length > 0)
    await calls.cluster(
      `change the settings of the topic ${name}`,
      async (cluster) => {
        const { code, message } = await (await cluster.controller()).send(setTopicSettings(name, settings))
        if (code !== 0) throw Object.assign(errorOfCode(code), message === null ? {} : { message })
      },
      [onTopic('AlterConfigs', name)],
    )
  if (partitions === undefined) return
  await calls.admin(
    `add partitions to the topic ${name}`,
    (admin) => admin.createPartitions({ topicPartitions: [{ topic: name, count: partitions }] }),
    [onTopic('Alter', name)],
  )
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
  const offsets = await call(`read the ends of the topic ${topic}`, (admin) => admin.fetchTopicOffsets(topic), [
    onTopic('Describe', topic),
  ])
  // `high` is the last stable offset: kafkajs asks with the isolation level read_committed.
  return new Map(
    offsets.map(({ partition, low, high }) => [partition, { earliest: toOffset(low), lastStable: toOffset(high) }]),
  )
}
