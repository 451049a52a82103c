// A Cluster whose nodes answer from a script, and that keeps every request as its bytes say. Test support.
import type { Clock } from '../../src/clock.ts'
import type { Identity } from '../../src/kafka/access.ts'
import type { OutRecord, TopicPartition } from '../../src/kafka/broker.ts'
import type { Cluster, ClusterNode } from '../../src/kafka/cluster.ts'
import type { WriterDeps } from '../../src/kafka/record-writer.ts'
import { createBatchLimits } from '../../src/kafka/record-writer.ts'
import { createBatchEncoder } from '../../src/kafka/wire/record-batch-encoder.ts'
import type { Request } from '../../src/kafka/wire/request.ts'
import { decodeRequest, type SentBatch } from './wire/request-decoder.ts'

/** What happens to one request: Kafka's error code, a rejection, a promise that is waited for before all goes well, or
 *  `{ answer }` as it is. undefined: all goes well. */
export type Reply = number | Error | Promise<unknown> | { readonly answer: unknown } | undefined

export interface Script {
  /** Level of the cluster's transaction.version. */
  readonly level?: number
  /** Replies of an API, one a request; then all goes well. */
  readonly replies?: Readonly<Record<string, readonly Reply[]>>
  /** Node that leads a partition; `leader` for all if absent. */
  readonly leaderOf?: (partition: TopicPartition) => string
  readonly newestVersion?: number
  readonly openFails?: Error
  readonly refreshFails?: Error
}

/** A request as its node got it: `{node: 'leader', api: 'Produce', ...}`. */
export type Got = Readonly<Record<string, unknown>> & { readonly node: string; readonly api: string }

export interface ScriptedCluster {
  readonly cluster: Cluster
  readonly requests: readonly Got[]
  /** The same requests as hex. */
  readonly bytes: readonly string[]
  /** Calls of the cluster beside the requests. */
  readonly calls: readonly string[]
  /** Names of the requests in order, EndTxn with its end. */
  readonly names: () => readonly string[]
  /** The batches of all Produce requests, request by request; `requests` leaves them out. */
  readonly batches: readonly (readonly SentBatch[])[]
}

/** Whom the brokers take the tests for. */
export const testIdentity: Identity = { principal: () => 'User:tester', tool: '--bootstrap-server kafka:9092' }

export function createScriptedCluster(script: Script = {}): ScriptedCluster {
  const requests: Got[] = []
  const bytes: string[] = []
  const batches: SentBatch[][] = []
  const calls: string[] = []
  const counts = new Map<string, number>()
  const send = async <Answer>(node: string, request: Request<Answer>): Promise<Answer> => {
    const { batches: sent = [], ...fields } = decodeRequest(request)
    const got = { node, ...fields } as unknown as Got
    requests.push(got)
    if (got.api === 'Produce') batches.push(sent as SentBatch[])
    bytes.push(request.encode().toString('hex'))
    const count = counts.get(got.api) ?? 0
    counts.set(got.api, count + 1)
    const reply = script.replies?.[got.api]?.[count]
    await (reply instanceof Promise ? reply : undefined)
    if (reply instanceof Error) throw reply
    if (typeof reply === 'object' && 'answer' in reply) return reply.answer as Answer
    return answerOf({ ...got, batches: sent }, typeof reply === 'number' ? reply : 0, script) as Answer
  }
  const node = (nodeId: string): ClusterNode => ({
    nodeId,
    newestVersion: () => script.newestVersion ?? 5,
    send: (request) => send(nodeId, request),
  })
  const call = async (name: string, failure?: Error): Promise<void> => {
    calls.push(name)
    if (failure !== undefined) throw failure
  }
  return {
    cluster: {
      identity: testIdentity,
      open: () => call('open', script.openFails),
      close: () => call('close'),
      refresh: () => call('refresh', script.refreshFails),
      async coordinator(kind, id) {
        await call(`coordinator of ${kind} ${id}`)
        return node(kind)
      },
      leader: async (partition) => node(script.leaderOf?.(partition) ?? 'leader'),
    },
    requests,
    bytes,
    calls,
    names: () => requests.map(({ api, ...fields }) => (api === 'EndTxn' ? `EndTxn ${String(fields['end'])}` : api)),
    batches,
  }
}

function answerOf(got: Got, code: number, { level = 0 }: Script): unknown {
  switch (got.api) {
    case 'ApiVersions':
      return level
    case 'InitProducerId':
      return { code, producerId: 7n, producerEpoch: 0 }
    case 'EndTxn': {
      const next = { producerId: got['producerId'], producerEpoch: Number(got['epoch']) + 1 }
      return got['version'] === 5 && code === 0 ? { code, next } : { code }
    }
    case 'Produce':
      return (got['batches'] as SentBatch[]).map(({ topic, partition }) => ({ topic, partition, code }))
    case 'OffsetFetch':
      return { code, offset: 5n }
    default:
      return code
  }
}

/** Time passes by sleeping only; a sleep with a signal is a time limit and never ends by itself. */
export function createSleepClock(): Clock & { readonly sleeps: readonly number[] } {
  const sleeps: number[] = []
  let nowMs = 0
  return {
    sleeps,
    now: () => nowMs,
    sleep(ms, signal) {
      if (signal) return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
      sleeps.push(ms)
      nowMs += ms
      return Promise.resolve()
    },
  }
}

/** What a writer needs, over a scripted cluster; nothing is compressed. */
export function writerDeps({ cluster }: ScriptedCluster, clock: Clock = createSleepClock()): WriterDeps {
  return { cluster, encode: createBatchEncoder('none'), limits: createBatchLimits(), clock }
}

/** One record of `out/0` unless said otherwise. */
export function outRecord(value: string, { topic = 'out', partition = 0 }: Partial<TopicPartition> = {}): OutRecord {
  return { topic, partition, key: null, value, timestamp: 1, headers: {} }
}

/** `count` of them, on one partition. */
export function outRecords(count: number, partition: Partial<TopicPartition> = {}): readonly OutRecord[] {
  return Array.from({ length: count }, (_, index) => outRecord(String(index), partition))
}

/** `out/0 7:0 @2 x3`: producer id and epoch, first sequence, number of records. */
export function batchLine({ topic, partition, producerId, epoch, sequence, count }: SentBatch): string {
  return `${topic}/${partition} ${producerId}:${epoch} @${sequence} x${count}`
}
