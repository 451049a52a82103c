import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import type { FetchedBatch, PartitionData } from '../../src/kafka/fetched-batch.ts'
import { applyPatches, refuseOtherVersions } from '../../src/kafka/kafkajs-patches.ts'
import { marker, placedAt, plainBatch } from './wire/batch-surgery.ts'

const load = createRequire(import.meta.url)
applyPatches()

test('another version of kafkajs is refused with the version found and the one allowed', () => {
  expect(() => refuseOtherVersions('2.2.5')).toThrow(
    new TrackbridgeError(
      'TB_KAFKA_FATAL',
      'kafkajs 2.2.5 is installed, but only 2.2.4 is allowed: trackbridge corrects faults in that very version that ' +
        'lose or leak records. Install kafkajs@2.2.4.',
    ),
  )
})

test('version 2.2.4 of kafkajs is accepted', () => {
  expect(refuseOtherVersions('2.2.4')).toBeUndefined()
})

test('kafkajs loaded before its patches is refused', async () => {
  const patches = new URL('../../src/kafka/kafkajs-patches.ts', import.meta.url).href
  const script =
    `await import('kafkajs'); const { applyPatches } = await import('${patches}');` +
    `try { applyPatches() } catch (error) { process.stdout.write(error.code) }`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: new URL('../..', import.meta.url),
  })
  expect(stdout).toBe('TB_BUG')
})

const patchedModules = ['protocol/requests/fetch/v4/decodeMessages', 'consumer/batch', 'consumer/consumerGroup']

const modules = (): readonly unknown[] => patchedModules.map((path) => load(`kafkajs/src/${path}`) as unknown)

test('patches applied twice stay as they are', () => {
  const before = modules()
  applyPatches()
  expect(modules()).toEqual(before)
})

interface FetchAnswer {
  readonly responses: readonly { readonly partitions: readonly (PartitionData & { readonly errorCode: number })[] }[]
}
type NewBatch = new (topic: string, fetchedOffset: string, data: PartitionData) => FetchedBatch

const int64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
const int32 = (value: number): Buffer => int64(value).subarray(4)
const int16 = (value: number): Buffer => int64(value).subarray(6)

interface AnswerVersion {
  /** Between throttle time and topics, and between last stable offset and aborted transactions, and after those. */
  readonly head: readonly Buffer[]
  readonly logStart: readonly Buffer[]
  readonly replica: readonly Buffer[]
}
const answerVersions: Readonly<Record<number, AnswerVersion>> = {
  4: { head: [], logStart: [], replica: [] },
  5: { head: [], logStart: [int64(0)], replica: [] },
  7: { head: [int16(0), int32(0)], logStart: [int64(0)], replica: [] },
  11: { head: [int16(0), int32(0)], logStart: [int64(0)], replica: [int32(-1)] },
}

/** A fetch answer of one topic `t`: partition 0 with `recordSet`, of which producer 7 aborted from offset 5 on, partition 1
 *  without records. */
function fetchAnswer({ head, logStart, replica }: AnswerVersion, recordSet: Buffer): Buffer {
  const aborted = [int32(1), int64(7), int64(5)]
  const partition = (id: number, transactions: readonly Buffer[], records: readonly Buffer[]): Buffer[] => {
    const offsets = [int64(20), int64(19), ...logStart]
    return [int32(id), int16(0), ...offsets, ...transactions, ...replica, ...records]
  }
  const parts = [
    [int32(0), ...head, int32(1), int16(1), Buffer.from('t'), int32(2)],
    partition(0, aborted, [int32(recordSet.length), recordSet]),
    partition(1, [int32(-1)], [int32(-1)]),
  ]
  return Buffer.concat(parts.flat())
}

test.each(Object.keys(answerVersions))('kafkajs decodes a fetch answer of version %s by our codec', async (version) => {
  const { decode } = load(`kafkajs/src/protocol/requests/fetch/v${version}/response`) as {
    decode: (bytes: Buffer) => Promise<FetchAnswer>
  }
  const Batch = load('kafkajs/src/consumer/batch') as NewBatch
  const transactional = { producerId: 7n, transactional: true }
  const log = [plainBatch([{ value: 'a' }]), plainBatch([{ value: 'gone' }], transactional), marker('abort', 7n)]
  const recordSet = Buffer.concat(log.map((batch, index) => placedAt(batch, 4 + index)))
  const { responses } = await decode(fetchAnswer(answerVersions[Number(version)]!, recordSet))
  const batches = responses[0]!.partitions.map((data) => new Batch('t', '4', data))
  expect(batches.map((batch) => [batch.partition, batch.lastOffset(), batch.isEmpty(), batch.records()])).toEqual([
    [0, '6', false, [{ offset: 4, timestamp: 1_000, key: null, value: Buffer.from('a'), headers: [] }]],
    [1, '19', true, []],
  ])
})

test('a fetch answer in an old message format does not strike kafkajs', async () => {
  const { decode } = load('kafkajs/src/protocol/requests/fetch/v11/response') as {
    decode: (bytes: Buffer) => Promise<FetchAnswer>
  }
  const old = plainBatch([{ value: 'a' }])
  old[16] = 1
  const { responses } = await decode(fetchAnswer(answerVersions[11]!, old))
  const Batch = load('kafkajs/src/consumer/batch') as NewBatch
  const [batch] = responses[0]!.partitions.map((data) => new Batch('t', '4', data))
  expect(() => batch!.records()).toThrow('a topic holds records in message format 1')
})

interface Connection {
  connectionStatus: string
  chunks: Buffer[]
  bytesBuffered: number
  bytesNeeded: number
  connect(): Promise<unknown>
}

test('a connection that opens again opens once, and forgets the half answer of the one before', async () => {
  const Connection = load('kafkajs/src/network/connection') as new (options: object) => Connection
  const logger = { namespace: () => logger, debug: () => {}, error: () => {}, info: () => {}, warn: () => {} }
  let sockets = 0
  const socketFactory = ({ onConnect }: { onConnect: () => void }): object => {
    sockets += 1
    setImmediate(onConnect)
    const socket: object = new Proxy({}, { get: () => () => socket })
    return socket
  }
  const connection = new Connection({
    host: 'h',
    port: 1,
    logger,
    socketFactory,
    connectionTimeout: 1_000,
    requestTimeout: 1_000,
  })
  Object.assign(connection, { chunks: [Buffer.from([0, 0, 0, 9, 1])], bytesBuffered: 5, bytesNeeded: 13 })
  await Promise.all([connection.connect(), connection.connect(), connection.connect()])
  expect({ ...connection }).toMatchObject({ chunks: [], bytesBuffered: 0, bytesNeeded: 4 })
  expect(sockets).toBe(1)
  connection.connectionStatus = 'disconnected'
  await connection.connect()
  expect(sockets).toBe(2)
})

interface Group {
  generationId: number
  readonly groupId: string
  readonly instrumentationEmitter: { emit(name: string, payload: object): void }
}

test('the news of a join tells the generation, other news are as they were', () => {
  const ConsumerGroup = load('kafkajs/src/consumer/consumerGroup') as new (options: object) => Group
  const { events } = load('kafkajs/src/consumer/instrumentationEvents') as { events: Record<string, string> }
  const news: unknown[] = []
  const group = new ConsumerGroup({
    groupId: 'g',
    logger: { namespace: () => ({}) },
    instrumentationEmitter: { emit: (name: string, payload: object) => news.push([name, payload]) },
  })
  group.generationId = 4
  group.instrumentationEmitter.emit(events['GROUP_JOIN']!, { memberId: 'm' })
  group.generationId = 5
  group.instrumentationEmitter.emit(events['GROUP_JOIN']!, { memberId: 'm' })
  group.instrumentationEmitter.emit(events['CONNECT']!, { nodeId: 1 })
  expect(group.groupId).toBe('g')
  expect(news).toEqual([
    ['consumer.group_join', { memberId: 'm', generationId: 4 }],
    ['consumer.group_join', { memberId: 'm', generationId: 5 }],
    ['consumer.connect', { nodeId: 1 }],
  ])
})

interface RequestQueue {
  pending: unknown[]
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  scheduleCheckPendingRequests(): void
  destroy(): void
}

test.each([
  { name: 'an idle connection sets no timer', pending: [], throttledForMs: -1, timer: false },
  { name: 'a throttled connection sets a timer', pending: [], throttledForMs: 60_000, timer: true },
  { name: 'a connection with pending requests sets a timer', pending: [{}], throttledForMs: -1, timer: true },
])('$name', ({ pending, throttledForMs, timer }) => {
  const RequestQueue = load('kafkajs/src/network/requestQueue') as new (options: object) => RequestQueue
  const queue = new RequestQueue({ logger: {}, maxInFlightRequests: 1 })
  queue.pending = pending
  queue.throttledUntil = Date.now() + throttledForMs
  queue.scheduleCheckPendingRequests()
  const timerId = queue.throttleCheckTimeoutId
  queue.destroy()
  expect(timerId !== null).toBe(timer)
})
