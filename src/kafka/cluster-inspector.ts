// The port's Inspector, over requests of our own where kafkajs cannot ask. In: a cluster and kafkajs's admin. Out: how
// brokers, topics and groups stand. Nothing is created or changed by asking; what is denied is told apart from what is
// not there.
import type { Admin as KafkajsAdmin, ResourceConfigQuery } from 'kafkajs'
import { TrackbridgeError } from '../errors.ts'
import { onCluster, onGroup, onTopic, type Access } from './access.ts'
import type { BrokerInfo, ClusterInfo, GroupInfo, Inspector, TopicStanding } from './broker.ts'
import type { Cluster, ClusterNodes } from './cluster.ts'
import { releaseOf } from './kafka-releases.ts'
import { toOffset } from './kafkajs-batch.ts'
import { ConfigResourceTypes, errorOfCode } from './kafkajs.ts'
import { brokerAbilities, describeGroup, metadata } from './wire/inspect-requests.ts'

export type InspectedCluster = Pick<Cluster, 'coordinator'> & ClusterNodes

/** Runs one call under a time limit; its faults become TB_KAFKA_*. `access`: the rights that it needs. */
export interface Calls {
  admin<T>(tried: string, run: (admin: KafkajsAdmin) => Promise<T>, access?: readonly Access[]): Promise<T>
  cluster<T>(tried: string, run: (cluster: InspectedCluster) => Promise<T>, access?: readonly Access[]): Promise<T>
}

const unknownTopic = 3
const topicDenied = 29

export function createInspector(calls: Calls): Inspector {
  return {
    cluster: (settings) => inspectCluster(calls, settings),
    standings: (topics) => inspectTopics(calls, topics),
    group: (group) => inspectGroup(calls, group),
    offsetsSince: (topic, timestampMs) => offsetsSince(calls, topic, timestampMs),
    reachTransactionalId: (id) =>
      calls.cluster(
        `find the coordinator of the transactional id ${id}`,
        async (cluster) => {
          await cluster.coordinator('transaction', id)
        },
        [{ resource: 'TransactionalId', name: id, pattern: 'literal', operation: 'Describe' }],
      ),
  }
}

async function inspectCluster(calls: Calls, settings: readonly string[]): Promise<ClusterInfo> {
  const { known, abilities } = await calls.cluster('describe the cluster', describeBrokers)
  const brokers = known.map(async ({ id, address }, index): Promise<BrokerInfo> => {
    const release = releaseOf(abilities[index]?.supported['metadata.version'])
    return { id, address, release, settings: await brokerSettings(calls, id, settings) }
  })
  return { brokers: await Promise.all(brokers), features: abilities[0]?.enabled ?? {} }
}

async function describeBrokers(cluster: InspectedCluster) {
  const { brokers: known } = await (await cluster.controller()).send(metadata([]))
  const asked = known.map(async ({ id }) => (await cluster.node(id)).send(brokerAbilities()))
  return { known, abilities: await Promise.all(asked) }
}

function brokerSettings(calls: Calls, id: string, names: readonly string[]): Promise<Settings> {
  const resource = { type: ConfigResourceTypes.BROKER, name: id, configNames: [...names] }
  return readSettings(
    (tried, run) => calls.admin(tried, run, [onCluster('DescribeConfigs')]),
    resource,
    `the broker ${id}`,
  )
}

type Settings = Readonly<Record<string, string>>

/** Settings by name; empty where they may not be read: the ACL for it (DescribeConfigs) is apart from that for describing.
 *  `of`: for error messages, e.g. `the topic raw`. */
export async function readSettings(call: Calls['admin'], resource: ResourceConfigQuery, of: string): Promise<Settings> {
  try {
    const answer = await call(`read the settings of ${of}`, (admin) =>
      admin.describeConfigs({ includeSynonyms: false, resources: [resource] }),
    )
    const entries = answer.resources[0]?.configEntries ?? []
    return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]))
  } catch (error) {
    if (error instanceof TrackbridgeError && error.code === 'TB_KAFKA_UNAUTHORIZED') return {}
    throw error
  }
}

async function inspectTopics(
  calls: Calls,
  names: readonly string[],
): Promise<ReadonlyMap<string, TopicStanding | 'denied'>> {
  const { topics } = await calls.cluster('describe the topics', async (cluster) =>
    (await cluster.controller()).send(metadata([...new Set(names)])),
  )
  return new Map(
    topics.flatMap(({ name, code, operations, partitions }): readonly [string, TopicStanding | 'denied'][] => {
      if (code === unknownTopic) return []
      return [[name, code === topicDenied ? 'denied' : { operations, partitions }]]
    }),
  )
}

const inspectGroup = (calls: Calls, group: string): Promise<GroupInfo> =>
  calls.cluster(
    `describe the group ${group}`,
    async (cluster) => {
      const { code, ...info } = await (await cluster.coordinator('group', group)).send(describeGroup(group))
      if (code !== 0) throw errorOfCode(code)
      return info
    },
    [onGroup('Describe', group)],
  )

async function offsetsSince(calls: Calls, topic: string, timestampMs: number): Promise<ReadonlyMap<number, number>> {
  const offsets = await calls.admin(
    `read the offsets of ${topic} by time`,
    (admin) => admin.fetchTopicOffsetsByTimestamp(topic, timestampMs),
    [onTopic('Describe', topic)],
  )
  return new Map(offsets.map(({ partition, offset }) => [partition, toOffset(offset)]))
}
