// Topics, configuration and committed offsets of one run of trackbridge on the Kafka of the integration tests, and what
// stands on its output topics in the end. Test support.
import { onTestFinished } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { FetchedBatch } from '../../src/kafka/fetched-batch.ts'
import { createTopics, kafkaBrokers, kafkaClient, randomName, readCommitted, withAdmin } from './kafka.ts'
import { mixedCalls, type MixedCall, type MixedCallsOptions } from './mixed-calls.ts'
import { until } from './until.ts'
import { verifyOutput, type Findings, type Output, type OutputTopics, type RawInput } from './verify-output.ts'

export interface Pipeline {
  readonly rawTopic: string
  readonly topics: OutputTopics
  readonly prefix: string
  readonly group: string
  /** Configuration without any sink; merge what a test needs into it. */
  readonly config: Readonly<Record<string, unknown>> & { readonly destinations: readonly object[] }
}

/** Creates the topics; they go with the test. */
export async function createPipeline(
  partitions: number,
  destinations: readonly string[] = ['main'],
): Promise<Pipeline> {
  const prefix = randomName('tb')
  const rawTopic = `${prefix}.raw`
  const topics: OutputTopics = {
    destinations: destinations.map((name) => `${prefix}.${name}`),
    deadLetters: `${prefix}.dlq`,
    unsupported: `${prefix}.unsupported`,
  }
  const names = [rawTopic, ...topics.destinations, topics.deadLetters, topics.unsupported]
  await createTopics(Object.fromEntries(names.map((name) => [name, partitions])))
  return {
    rawTopic,
    topics,
    prefix,
    group: `${prefix}.process`,
    config: {
      kafka: { brokers: kafkaBrokers(), prefix, sessionTimeoutMs: 6_000 },
      raw: { topic: rawTopic },
      destinations: destinations.map((name) => ({ name, topic: `${prefix}.${name}` })),
      deadLetters: { topic: topics.deadLetters },
      unsupported: { topic: topics.unsupported },
      log: { level: 'info', format: 'json' },
    },
  }
}

type MixtureSize = Pick<MixedCallsOptions, 'count' | 'partitions' | 'people'>

/** Calls for the raw topic, of now: Kafka deletes old records by their time. */
export function callsFor({ rawTopic: topic }: Pipeline, size: MixtureSize): readonly MixedCall[] {
  return mixedCalls({ topic, timestamp: systemClock.now(), ...size })
}

/** Writes calls in their order, `atOnce` in one request; resolves when all are acknowledged. */
export async function produceCalls(calls: readonly MixedCall[], atOnce = 2_000): Promise<void> {
  const producer = kafkaClient().producer({ allowAutoTopicCreation: false, maxInFlightRequests: 1 })
  await producer.connect()
  try {
    for (let start = 0; start < calls.length; start += atOnce) {
      const messages = calls
        .slice(start, start + atOnce)
        .map(({ timestamp, ...call }) => ({ ...call, timestamp: String(timestamp) }))
      await producer.send({ topic: calls[start]?.topic ?? '', messages, acks: -1 })
    }
  } finally {
    await producer.disconnect()
  }
}

/** What stands on the raw topic, `count` records at least. Not simply what was produced: kafkajs's plain producer may
 *  write a record twice. */
export async function readRaw({ rawTopic: topic }: Pipeline, count: number): Promise<readonly RawInput[]> {
  const written = await readCommitted(topic, { until: count, timeoutMs: 60_000 })
  return written.map(({ partition, offset, timestamp, value }) => ({ topic, partition, offset, timestamp, value }))
}

/** Fills the raw topic and gives what stands there. */
export async function preload(pipeline: Pipeline, size: MixtureSize): Promise<readonly RawInput[]> {
  await produceCalls(callsFor(pipeline, size))
  return readRaw(pipeline, size.count)
}

export interface OffsetWatch {
  /** Sum of the committed offsets: of the process leg, raw records done with. */
  done(): Promise<number>
  byPartition(): Promise<Readonly<Record<number, number>>>
}

interface WatchedGroup {
  readonly group: string
  readonly topic: string
  readonly brokers?: readonly string[]
}

/** Asks for the committed offsets of a group, of the process leg unless another is named, until the test is over. */
export async function watchOffsets(
  pipeline: Pick<Pipeline, 'group' | 'rawTopic'>,
  { group, topic, brokers }: WatchedGroup = { ...pipeline, topic: pipeline.rawTopic },
): Promise<OffsetWatch> {
  const admin = kafkaClient(brokers).admin()
  await admin.connect()
  onTestFinished(() => admin.disconnect())
  const byPartition = async (): Promise<Record<number, number>> => {
    const answers = await until(() => admin.fetchOffsets({ groupId: group, topics: [topic] }).catch(notYet))
    const offsets = answers[0]?.partitions ?? []
    return Object.fromEntries(offsets.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]))
  }
  return {
    byPartition,
    done: async () => Object.values(await byPartition()).reduce((sum, next) => sum + next, 0),
  }
}

export interface UncommittedWatch {
  /** Resolves when further records appear; they may belong to a transaction that is still open. */
  next(): Promise<void>
  /** Records seen so far, those of aborted transactions included. */
  seen(): number
}

/** Reads a topic without waiting for transactions to end, until the test is over. */
export async function watchUncommitted(topic: string, brokers?: readonly string[]): Promise<UncommittedWatch> {
  const consumer = kafkaClient(brokers).consumer({
    groupId: randomName('uncommitted'),
    readUncommitted: true,
    maxWaitTimeInMs: 50,
    allowAutoTopicCreation: false,
  })
  const seen = new Set<string>()
  let arrival = Promise.withResolvers<void>()
  await consumer.connect()
  onTestFinished(() => consumer.disconnect())
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      const records = (batch as unknown as FetchedBatch).records()
      for (const { offset } of records) seen.add(`${batch.partition}:${offset}`)
      if (records.length > 0) arrival.resolve()
      return Promise.resolve()
    },
  })
  return {
    next() {
      arrival = Promise.withResolvers<void>()
      return arrival.promise
    },
    seen: () => seen.size,
  }
}

/** Members of the process leg's group, and its state. */
export async function groupOf({ group }: Pipeline): Promise<{ readonly state: string; readonly members: number }> {
  const { groups } = await withAdmin((admin) => admin.describeGroups([group]))
  return { state: groups[0]?.state ?? '', members: groups[0]?.members.length ?? -1 }
}

/** Reads every output topic as a read_committed consumer does, and holds it against the raw records. */
export async function verifyPipeline({ topics }: Pipeline, raw: readonly RawInput[]): Promise<Findings> {
  const outputs = new Map<string, readonly Output[]>()
  for (const topic of [...topics.destinations, topics.deadLetters, topics.unsupported])
    outputs.set(topic, await readCommitted(topic, { timeoutMs: 60_000 }))
  return verifyOutput(raw, outputs, topics)
}

// A fresh broker has no coordinators at first; kafkajs's admin does not ask again.
const passing: ReadonlySet<unknown> = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
])

function notYet(error: unknown): null {
  if (error instanceof Error && 'type' in error && passing.has(error.type)) return null
  throw error
}
