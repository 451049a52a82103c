// Requests of our own over kafkajs's connections: it keeps the sockets, TLS, SASL and metadata; we say what is sent.
// Uses kafkajs 2.2.4's inner Cluster and Broker (that very version is required, kafkajs-patches.ts). One cluster object
// serves all sessions of a broker object: it connects with the first user and disconnects with the last one.
import type { Kafka } from 'kafkajs'
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Log } from '../ops/log.ts'
import type { Identity } from './access.ts'
import type { TopicPartition } from './broker.ts'
import { disconnectQuietly } from './kafkajs-disconnect.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'
import { createEncoder } from './kafkajs.ts'
import { createByteReader, type ByteReader } from './wire/byte-reader.ts'
import type { Request } from './wire/request.ts'

/** A broker of the cluster, to send to. */
export interface ClusterNode {
  readonly nodeId: string
  /** Newest version of an API that it knows, by the API's number; -1 for none. */
  newestVersion(apiKey: number): number
  /** Rejects with kafkajs's errors: connection lost, no answer in time. The request may have been carried out then. */
  send<Answer>(request: Request<Answer>): Promise<Answer>
}

export interface Cluster {
  /** Whom the brokers take us for. */
  readonly identity: Identity
  /** Counts a user in; the first one connects. Rejects with TB_KAFKA_* and then counts nobody in. */
  open(): Promise<void>
  /** Counts a user out; the last one disconnects. Never rejects. */
  close(): Promise<void>
  /** Asks for brokers and leaders anew: to be called when something has failed. */
  refresh(): Promise<void>
  coordinator(kind: 'group' | 'transaction', id: string): Promise<ClusterNode>
  /** The leader as of the last refresh. Rejects with TB_KAFKA_UNAVAILABLE when there is none. */
  leader(partition: TopicPartition): Promise<ClusterNode>
}

/** Brokers by what they are rather than by what they lead. */
export interface ClusterNodes {
  /** The one that changes topics; any live one where Kafka hands such requests on by itself. */
  controller(): Promise<ClusterNode>
  node(nodeId: string): Promise<ClusterNode>
}

interface KafkajsBroker {
  readonly nodeId: number | string
  readonly versions: Readonly<Record<number, { readonly maxVersion: number }>> | null
  readonly connectionPool: { send(protocol: object): Promise<unknown> }
}

interface KafkajsCluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  refreshMetadata(): Promise<void>
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  findGroupCoordinator(search: { groupId: string; coordinatorType: number }): Promise<KafkajsBroker>
  findBroker(search: { nodeId: number | string }): Promise<KafkajsBroker>
  findControllerBroker(): Promise<KafkajsBroker>
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number; readonly leader: number }[]
}

const metadataMaxAgeMs = 300_000
const coordinatorTypes = { group: 0, transaction: 1 } as const

export interface ClusterDeps {
  readonly log: Log
  readonly clock: Clock
  readonly identity: Identity
  /** Says more of a connection that failed, where more can be found out. */
  readonly explain: (fault: TrackbridgeError) => Promise<TrackbridgeError>
}

/** Nothing is connected yet. */
export function createCluster(kafka: Kafka, deps: ClusterDeps): Cluster & ClusterNodes {
  let users = 0
  let opened: Promise<KafkajsCluster> | undefined
  const opening = (): Promise<KafkajsCluster> => {
    if (opened === undefined) throw new TrackbridgeError('TB_BUG', 'the cluster is used before it is opened')
    return opened
  }
  return {
    identity: deps.identity,
    async open() {
      users += 1
      const connecting = (opened ??= connect(kafka))
      try {
        await connecting
      } catch (error) {
        // All who waited for this connection fail with it; the next one tries afresh.
        if (opened === connecting) opened = undefined
        users -= 1
        throw await deps.explain(toTrackbridgeError(error, 'connect to Kafka'))
      }
    },
    async close() {
      users -= 1
      if (users > 0 || opened === undefined) return
      const closing = opened
      opened = undefined
      await disconnectQuietly(await closing, deps)
    },
    async refresh() {
      await (await opening()).refreshMetadata()
    },
    controller: async () => toNode(await (await opening()).findControllerBroker()),
    node: async (nodeId) => toNode(await (await opening()).findBroker({ nodeId })),
    async coordinator(kind, id) {
      const cluster = await opening()
      return toNode(await cluster.findGroupCoordinator({ groupId: id, coordinatorType: coordinatorTypes[kind] }))
    },
    async leader(partition) {
      const cluster = await opening()
      const known = leaderOf(cluster, partition)
      if (known !== undefined) return toNode(await cluster.findBroker({ nodeId: known }))
      // A topic that we have not written to yet, or that has grown.
      await cluster.addMultipleTargetTopics([partition.topic])
      await cluster.refreshMetadata()
      const found = leaderOf(cluster, partition)
      if (found !== undefined) return toNode(await cluster.findBroker({ nodeId: found }))
      const name = `${partition.topic}/${partition.partition}`
      throw new TrackbridgeError('TB_KAFKA_UNAVAILABLE', `partition ${name} does not exist or has no leader`)
    },
  }
}

function leaderOf(cluster: KafkajsCluster, { topic, partition }: TopicPartition): number | undefined {
  const known = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)
  return known === undefined || known.leader < 0 ? undefined : known.leader
}

async function connect(kafka: Kafka): Promise<KafkajsCluster> {
  const create = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  )
  const factory = create && (kafka as unknown as Record<symbol, (options: object) => KafkajsCluster>)[create]
  if (factory === undefined) throw new TrackbridgeError('TB_BUG', 'kafkajs has no createCluster')
  const cluster = factory({ metadataMaxAge: metadataMaxAgeMs, allowAutoTopicCreation: false })
  await cluster.connect()
  // kafkajs connects with a question that brokers answer to anybody: this one shows whether we are let in.
  await cluster.refreshMetadata()
  return cluster
}

function toNode({ nodeId, versions, connectionPool }: KafkajsBroker): ClusterNode {
  return {
    nodeId: String(nodeId),
    newestVersion: (apiKey) => versions?.[apiKey]?.maxVersion ?? -1,
    async send<Answer>(request: Request<Answer>): Promise<Answer> {
      const { apiKey, apiVersion, apiName } = request
      const answer = await connectionPool.send({
        request: { apiKey, apiVersion, apiName, encode: async () => createEncoder(request.encode()) },
        response: {
          decode: async (bytes: Buffer) => createByteReader(bytes),
          parse: async (reader: ByteReader) => reader,
        },
      })
      return request.decode(answer as ByteReader)
    },
  }
}
