// The adapter under test, opened against the Kafka of the integration run, and what its tests share.
import { onTestFinished } from 'vitest'
import { systemClock, type Clock } from '../../src/clock.ts'
import type {
  BatchContext,
  Broker,
  Consumer,
  ConsumeOptions,
  ConsumerBatch,
  OutRecord,
  Session,
  TopicPartition,
  Unit,
} from '../../src/kafka/broker.ts'
import type { ConnectionSettings } from '../../src/kafka/connection.ts'
import { createKafkajsBroker } from '../../src/kafka/kafkajs-broker.ts'
import { silentLog, type Log } from '../../src/ops/log.ts'
import { createTopics, kafkaBrokers, produceRaw, randomName } from './kafka.ts'

export interface BrokerParts {
  readonly settings?: Partial<ConnectionSettings>
  readonly log?: Log
  readonly clock?: Clock
}

/** A broker over the Kafka of the run. */
export function openBroker({ settings = {}, log = silentLog, clock = systemClock }: BrokerParts = {}): Broker {
  const base: ConnectionSettings = {
    brokers: kafkaBrokers(),
    clientId: 'adapter-test',
    ssl: false,
    compression: 'lz4',
    connectionTimeoutMs: 5_000,
    requestTimeoutMs: 15_000,
  }
  return createKafkajsBroker({ ...base, ...settings }, log, clock)
}

/** One record for partition 0 of `topic` unless said otherwise. Of now: an old timestamp makes Kafka put the control
 *  record after it into the next segment, and a fetch ends where a segment ends. */
export function outRecord(topic: string, value: string, partition = 0): OutRecord {
  return { topic, partition, key: null, value, timestamp: systemClock.now(), headers: {} }
}

/** A unit of no member's: the exactly-once session does not look at it. */
export function unitOf(records: readonly OutRecord[], next: number): Unit {
  return { records, next, member: { assignment: 1, memberId: '', generation: -1 } }
}

/** An initialised exactly-once session that is closed with the test. */
export async function openSession(
  broker: Broker,
  options: { readonly group: string; readonly source: TopicPartition; readonly transactionTimeoutMs?: number },
): Promise<Session> {
  const { group, source, transactionTimeoutMs = 30_000 } = options
  const transactionalId = `${group}.${source.topic}.${source.partition}`
  const session = broker.session({
    delivery: 'exactly-once',
    commit: 'partition',
    group,
    source,
    transactionalId,
    transactionTimeoutMs,
  })
  onTestFinished(() => session.close())
  await session.init()
  return session
}

export type BatchHandler = (batch: ConsumerBatch, context: BatchContext) => Promise<void> | void

export interface Collected {
  readonly consumer: Consumer
  readonly group: string
  readonly batches: readonly ConsumerBatch[]
  /** Values of all records in the order of their arrival. */
  readonly values: () => readonly string[]
  /** The newest assignment as `topic/partition`, sorted; undefined before the first. */
  readonly assigned: () => readonly string[] | undefined
}

/** Resolves everything it is handed. */
export const resolveAll: BatchHandler = (batch, context) => context.resolve(batch.nextOffset)

/** A consumer that keeps its batches and is stopped with the test. */
export async function collect(
  broker: Broker,
  options: { readonly topics: readonly string[] } & Partial<ConsumeOptions>,
  onBatch: BatchHandler = resolveAll,
): Promise<Collected> {
  const batches: ConsumerBatch[] = []
  let assigned: readonly string[] | undefined
  const group = options.group ?? randomName('group')
  const consumer = await broker.consume(
    {
      concurrency: 4,
      sessionTimeoutMs: 6_000,
      maxWaitMs: 100,
      maxBytesPerPartition: 1_048_576,
      ...options,
      group,
    },
    {
      onBatch: async (batch, context) => {
        batches.push(batch)
        await onBatch(batch, context)
      },
      onAssignment: (partitions) => {
        assigned = partitions.map(({ topic, partition }) => `${topic}/${partition}`).sort()
      },
    },
  )
  onTestFinished(() => consumer.stop())
  return {
    consumer,
    group,
    batches,
    values: () => batches.flatMap(({ records }) => records.map(({ value }) => String(value))),
    assigned: () => assigned,
  }
}

/** A topic that goes with the test. */
export async function newTopic(partitions = 1): Promise<string> {
  const topic = randomName('topic')
  await createTopics({ [topic]: partitions })
  return topic
}

/** Writes values to one partition. */
export const produce = (topic: string, values: readonly string[], partition = 0): Promise<void> =>
  produceRaw(
    topic,
    values.map((value) => ({ partition, value })),
  )

/** What a batch covers, without its records' contents. */
export const summary = ({ fetchedOffset, nextOffset, continuous, records }: ConsumerBatch): object => ({
  fetchedOffset,
  nextOffset,
  continuous,
  offsets: records.map(({ offset }) => offset),
})
