// What integration tests need of a real Kafka beside our own code: topics that go with the test, records in, records out.
// Everything goes through kafkajs with our patches: not through the sessions and the consumer under test. What is read
// passes our record codec, which wire tests hold against stock kafkajs and the Java client.
import { randomBytes } from 'node:crypto'
import type { Admin, Kafka as KafkaClient, ProducerRecord } from 'kafkajs'
import { inject, onTestFinished } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { FetchedBatch } from '../../src/kafka/fetched-batch.ts'
import { Kafka, logLevel } from '../../src/kafka/kafkajs.ts'
import { headersOf } from '../../src/records/headers.ts'
import { until } from './until.ts'

/** Record as read: partition and offset included, key, value and headers as UTF-8 text. */
export interface ReadRecord {
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  /** The value as it is, where it was asked for. */
  readonly bytes?: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}

export interface ReadOptions {
  /** Wait for at least so many records before reading up to the last stable offset. */
  readonly until?: number
  readonly timeoutMs?: number
  /** With the bytes of each value. */
  readonly bytes?: boolean
  readonly brokers?: readonly string[]
}

/** Partitions, or partitions and settings: `{ partitions: 3, settings: { 'max.message.bytes': '1000' } }`. */
type TopicShape = number | { readonly partitions: number; readonly settings?: Readonly<Record<string, string>> }

/** Addresses of the Kafka that the global set-up has provided. */
export function kafkaBrokers(): readonly string[] {
  return inject('kafkaBrokers')
}

/** `raw-3f9c1ab2`: unique, for topics, groups and transactional ids. */
export function randomName(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`
}

/** A patched kafkajs client that logs nothing. */
export function kafkaClient(brokers: readonly string[] = kafkaBrokers()): KafkaClient {
  return new Kafka({ brokers: [...brokers], clientId: 'trackbridge-test', logLevel: logLevel.NOTHING })
}

/** Runs `work` with a connected admin and disconnects it. */
export async function withAdmin<T>(work: (admin: Admin) => Promise<T>, brokers = kafkaBrokers()): Promise<T> {
  const admin = kafkaClient(brokers).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Creates topics, `{ [randomName('raw')]: 3 }`, and deletes them when the running test is over. */
export async function createTopics(
  topics: Readonly<Record<string, TopicShape>>,
  brokers = kafkaBrokers(),
): Promise<void> {
  const specs = Object.entries(topics).map(([topic, shape]) => {
    const { partitions, settings = {} } = typeof shape === 'number' ? { partitions: shape } : shape
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
    return { topic, numPartitions: partitions, replicationFactor: 1, configEntries }
  })
  const names = Object.keys(topics)
  await withAdmin(async (admin) => {
    // waitForLeaders gives up at once on a broker that has not heard of the topics yet.
    await admin.createTopics({ topics: specs, waitForLeaders: false })
    await until(() => areLed(admin, names), { describe: () => `leaders of ${names.join(', ')}` })
  }, brokers)
  onTestFinished(() => withAdmin((admin) => admin.deleteTopics({ topics: Object.keys(topics) }), brokers))
}

async function areLed(admin: Admin, topics: string[]): Promise<boolean> {
  const found = await admin.fetchTopicMetadata({ topics }).catch(() => undefined)
  const named = found?.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0)) ?? false
  if (!named) return false
  // The metadata names a leader before that one takes requests: only it can answer for offsets.
  const offsets = await Promise.allSettled(topics.map((topic) => admin.fetchTopicOffsets(topic)))
  return offsets.every(({ status }) => status === 'fulfilled')
}

/** Writes records outside of any transaction; resolves when all are acknowledged by every replica in sync. */
export async function produceRaw(
  topic: string,
  messages: ProducerRecord['messages'],
  brokers = kafkaBrokers(),
): Promise<void> {
  const producer = kafkaClient(brokers).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  try {
    await producer.send({ topic, messages, acks: -1 })
  } finally {
    await producer.disconnect()
  }
}

/** All committed records of a topic, from its beginning to the last stable offset as of now (or as of when `until`
 *  records were there), by partition and offset. Rejects when that takes longer than `timeoutMs` (30 s). */
export async function readCommitted(topic: string, options: ReadOptions = {}): Promise<readonly ReadRecord[]> {
  const { timeoutMs = 30_000, brokers = kafkaBrokers() } = options
  const wanted = options.until ?? 0
  const reader = await openReader(topic, brokers, options.bytes)
  try {
    const describe = (): string => `${wanted} records on ${topic}; there are ${reader.records().length}`
    await until(() => reader.healthy() && reader.records().length >= wanted, { timeoutMs, describe })
    const ends = await withAdmin((admin) => admin.fetchTopicOffsets(topic), brokers)
    const behind = (): unknown[] =>
      ends.filter(({ partition, low, high }) => low !== high && reader.position(partition) < Number(high))
    await until(() => reader.healthy() && behind().length === 0, {
      timeoutMs,
      describe: () => `${topic} read to its last stable offsets; still behind: ${JSON.stringify(behind())}`,
    })
  } finally {
    await reader.close()
  }
  return reader.records().toSorted((a, b) => a.partition - b.partition || a.offset - b.offset)
}

interface Reader {
  records(): readonly ReadRecord[]
  /** Next offset to read, control and aborted records counted. */
  position(partition: number): number
  /** True; throws what the consumer crashed with. */
  healthy(): true
  close(): Promise<void>
}

async function openReader(topic: string, brokers: readonly string[], withBytes = false): Promise<Reader> {
  // By place: a consumer that rejoins its group reads from the beginning again.
  const records = new Map<string, ReadRecord>()
  const positions = new Map<number, number>()
  let crash: Error | undefined
  const groupId = randomName('test-reader')
  const consumer = kafkaClient(brokers).consumer({ groupId, maxWaitTimeInMs: 100, allowAutoTopicCreation: false })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) crash = payload.error
  })
  // Batches that hold nothing but aborted and control records never reach eachBatch.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    positions.set(payload.partition, Number(payload.lastOffset) + 1)
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      for (const { offset, timestamp, key, value, headers } of (batch as unknown as FetchedBatch).records()) {
        const texts = headersOf({ headers }).map(([name, text]) => [name, String(text)])
        records.set(`${batch.partition}:${offset}`, {
          partition: batch.partition,
          offset,
          timestamp,
          key: key?.toString() ?? null,
          value: value?.toString() ?? null,
          ...(withBytes ? { bytes: value && Buffer.from(value) } : {}),
          headers: Object.fromEntries(texts),
        })
      }
      return Promise.resolve()
    },
  })
  return {
    records: () => [...records.values()],
    position: (partition) => positions.get(partition) ?? 0,
    healthy: () => {
      if (crash) throw crash
      return true
    },
    // kafkajs's disconnect may hang; what was read is read.
    close: () => Promise.race([consumer.disconnect(), systemClock.sleep(10_000)]),
  }
}
