import type { Kafka } from 'kafkajs'
import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { createCluster, type Cluster } from '../../src/kafka/cluster.ts'
import { createByteReader } from '../../src/kafka/wire/byte-reader.ts'
import type { Request } from '../../src/kafka/wire/request.ts'
import { silentLog } from '../../src/ops/log.ts'
import { createSleepClock, testIdentity } from './scripted-cluster.ts'

const clusterDeps = () => ({
  log: silentLog,
  clock: createSleepClock(),
  identity: testIdentity,
  explain: async (fault: TrackbridgeError) => fault,
})

type Partitions = readonly { readonly partitionId: number; readonly leader: number }[]

interface Stub {
  /** Errors of `connect`, one a call. */
  readonly connectFails?: readonly (Error | undefined)[]
  readonly disconnectFails?: Error
  readonly topics?: Record<string, Partitions>
  /** Topics as they are after a refresh. */
  readonly refreshed?: Record<string, Partitions>
  readonly answer?: Buffer
}

interface Opened {
  readonly cluster: Cluster
  readonly calls: readonly (readonly unknown[])[]
}

interface SentByStub {
  readonly request: { readonly encode: () => Promise<{ readonly buf: Buffer; readonly offset: number }> }
  readonly response: { decode(bytes: Buffer): Promise<unknown>; parse(data: unknown): Promise<unknown> }
}

function createStub({ connectFails = [], disconnectFails, topics = {}, refreshed, answer }: Stub = {}): Opened {
  const calls: unknown[][] = []
  let known = topics
  let connects = 0
  const call = async (...what: readonly unknown[]): Promise<void> => {
    calls.push([...what])
  }
  const broker = (nodeId: number) => ({
    nodeId,
    versions: nodeId === 9 ? null : { 28: { maxVersion: 3 } },
    connectionPool: {
      async send({ request, response }: SentByStub) {
        const { buf, offset } = await request.encode()
        await call('send', nodeId, { ...request, encode: undefined }, buf.subarray(0, offset).toString('hex'))
        return response.parse(await response.decode(answer ?? Buffer.alloc(0)))
      },
    },
  })
  const inner = {
    async connect() {
      await call('connect')
      const failure = connectFails[connects]
      connects += 1
      if (failure !== undefined) throw failure
    },
    async disconnect() {
      await call('disconnect')
      if (disconnectFails !== undefined) throw disconnectFails
    },
    async refreshMetadata() {
      await call('refresh')
      known = calls.some(([name]) => name === 'add') ? (refreshed ?? known) : known
    },
    addMultipleTargetTopics: (names: readonly string[]) => call('add', ...names),
    async findGroupCoordinator(search: object) {
      await call('coordinator', search)
      return broker(1)
    },
    findBroker: ({ nodeId }: { nodeId: number }) => Promise.resolve(broker(nodeId)),
    findTopicPartitionMetadata: (topic: string) => known[topic] ?? [],
  }
  const kafka = {
    [Symbol('private:Kafka:createCluster')](options: object) {
      calls.push(['create', options])
      return inner
    },
  } as unknown as Kafka
  return { cluster: createCluster(kafka, clusterDeps()), calls }
}

const names = (calls: Opened['calls']): readonly unknown[] => calls.map(([name]) => name)
const out = (partition: number) => ({ topic: 'out', partition })

test('the first user connects and the last one disconnects', async () => {
  const { cluster, calls } = createStub()
  await Promise.all([cluster.open(), cluster.open()])
  await cluster.close()
  expect(calls).toEqual([
    ['create', { metadataMaxAge: 300_000, allowAutoTopicCreation: false }],
    ['connect'],
    ['refresh'],
  ])
  await cluster.close()
  expect(names(calls)).toEqual(['create', 'connect', 'refresh', 'disconnect'])
  await cluster.open()
  expect(names(calls)).toEqual(['create', 'connect', 'refresh', 'disconnect', 'create', 'connect', 'refresh'])
})

test('a connection that fails counts nobody in, and the next user tries afresh', async () => {
  const { cluster, calls } = createStub({ connectFails: [new Error('down')] })
  const ends = await Promise.allSettled([cluster.open(), cluster.open()])
  expect(ends.map((end) => (end.status === 'rejected' ? String(end.reason) : end.status))).toEqual(
    Array.from({ length: 2 }, () => 'TrackbridgeError: cannot connect to Kafka: down (Error)'),
  )
  await cluster.open()
  await cluster.close()
  expect(names(calls)).toEqual(['create', 'connect', 'create', 'connect', 'refresh', 'disconnect'])
})

test('a disconnection that fails is nobody else’s trouble', async () => {
  const { cluster } = createStub({ disconnectFails: new Error('no') })
  await cluster.open()
  expect(await cluster.close()).toBeUndefined()
})

test('a cluster that is not open is a bug of the caller', async () => {
  const { cluster } = createStub()
  const bug = new TrackbridgeError('TB_BUG', 'the cluster is used before it is opened')
  await expect(cluster.refresh()).rejects.toEqual(bug)
  await cluster.open()
  await cluster.close()
  await expect(cluster.leader(out(0))).rejects.toEqual(bug)
})

test('a kafkajs without the inner cluster is a bug, not a crash', async () => {
  const cluster = createCluster({} as Kafka, clusterDeps())
  await expect(cluster.open()).rejects.toEqual(new TrackbridgeError('TB_BUG', 'kafkajs has no createCluster'))
})

test.each([
  { kind: 'group', coordinatorType: 0 },
  { kind: 'transaction', coordinatorType: 1 },
] as const)('the coordinator of a $kind is asked for as one', async ({ kind, coordinatorType }) => {
  const { cluster, calls } = createStub()
  await cluster.open()
  expect((await cluster.coordinator(kind, 'id')).nodeId).toBe('1')
  expect(calls.at(-1)).toEqual(['coordinator', { groupId: 'id', coordinatorType }])
})

test('a known leader is found without asking', async () => {
  const { cluster, calls } = createStub({
    topics: {
      out: [
        { partitionId: 1, leader: 4 },
        { partitionId: 0, leader: 3 },
      ],
    },
  })
  await cluster.open()
  expect([(await cluster.leader(out(0))).nodeId, (await cluster.leader(out(1))).nodeId]).toEqual(['3', '4'])
  expect(names(calls)).toEqual(['create', 'connect', 'refresh'])
})

test.each([
  { name: 'a topic that was not written to yet', topics: {} },
  { name: 'a topic that has grown', topics: { out: [{ partitionId: 0, leader: 3 }] } },
  { name: 'a partition that had no leader', topics: { out: [{ partitionId: 1, leader: -1 }] } },
])('the leader for $name is asked for', async ({ topics }) => {
  const { cluster, calls } = createStub({ topics, refreshed: { out: [{ partitionId: 1, leader: 5 }] } })
  await cluster.open()
  expect((await cluster.leader(out(1))).nodeId).toBe('5')
  expect(calls.slice(3)).toEqual([['add', 'out'], ['refresh']])
})

test.each([
  { name: 'does not exist', refreshed: { out: [{ partitionId: 0, leader: 5 }] } },
  { name: 'has no leader', refreshed: { out: [{ partitionId: 1, leader: -1 }] } },
])('a partition that $name is unavailable and is named', async ({ refreshed }) => {
  const { cluster } = createStub({ refreshed })
  await cluster.open()
  await expect(cluster.leader(out(1))).rejects.toEqual(
    new TrackbridgeError('TB_KAFKA_UNAVAILABLE', 'partition out/1 does not exist or has no leader'),
  )
})

test('a request goes out as its bytes are, and its answer is read by the request', async () => {
  const { cluster, calls } = createStub({ answer: Buffer.from('0000002a', 'hex') })
  await cluster.open()
  const request: Request<number> = {
    apiKey: 26,
    apiVersion: 1,
    apiName: 'EndTxn',
    encode: () => Buffer.from('cafe', 'hex'),
    decode: (answer) => answer.int32(),
  }
  const node = await cluster.coordinator('group', 'g')
  expect(await node.send(request)).toBe(42)
  expect(calls.at(-1)).toEqual(['send', 1, { apiKey: 26, apiVersion: 1, apiName: 'EndTxn', encode: undefined }, 'cafe'])
  await expect(node.send({ ...request, decode: () => createByteReader(Buffer.alloc(0)).int8() })).rejects.toThrow(
    RangeError,
  )
})

test('a node knows the newest version of an API, and -1 for one it has not', async () => {
  const { cluster } = createStub({ topics: { out: [{ partitionId: 0, leader: 9 }] } })
  await cluster.open()
  const node = await cluster.coordinator('group', 'g')
  const unconnected = await cluster.leader(out(0))
  expect([node.newestVersion(28), node.newestVersion(99), unconnected.newestVersion(28)]).toEqual([3, -1, -1])
})
