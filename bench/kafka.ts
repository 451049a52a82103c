// The Kafka of a benchmark: a broker, topics, a raw topic filled with calls. Through stock kafkajs, so that what is being
// measured does not prepare its own ground.
import { randomBytes } from 'node:crypto'
import type { Admin } from 'kafkajs'
import { systemClock } from '../src/clock.ts'
import { provideKafka } from '../src/demo/provide-kafka.ts'
import { callMessages, partitionByMessage } from './calls.ts'
import { outputTopics } from './contenders/contender.ts'
import { LZ4, stockKafka } from './stock-kafkajs.ts'

export interface BenchKafka {
  readonly kind: string
  readonly brokers: readonly string[]
  /** A prefix of its own with the output topics that begin with it, for the time of `work`. */
  withOutputs<T>(partitions: number, work: (prefix: string) => Promise<T>): Promise<T>
  createTopic(name: string, partitions: number): Promise<void>
  deleteTopics(names: readonly string[]): Promise<void>
}

/** `say` gets one line a step. The broker (KAFKA_BROKERS, Docker or embedded) is there for the time of `work`. */
export async function withKafka<T>(work: (kafka: BenchKafka) => Promise<T>): Promise<T> {
  const provided = await provideKafka({ env: process.env, onProgress: say })
  const admin = stockKafka(provided.brokers).admin()
  try {
    await admin.connect()
    await askAgain(() => admin.fetchOffsets({ groupId: 'bench' }))
    return await work(createBenchKafka(provided, admin))
  } finally {
    await admin.disconnect()
    await provided.stop()
  }
}

// A fresh broker makes its topic of offsets for the first group that asks, and knows a new topic after a while only.
async function askAgain(ask: () => Promise<unknown>): Promise<void> {
  const untilMs = systemClock.now() + 30_000
  for (;;) {
    const failure = await ask().then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    if (failure === undefined) return
    if (systemClock.now() > untilMs) throw failure.error
    await systemClock.sleep(100)
  }
}

function createBenchKafka({ kind, brokers }: Pick<BenchKafka, 'kind' | 'brokers'>, admin: Admin): BenchKafka {
  const create = async (names: readonly string[], numPartitions: number): Promise<void> => {
    const topics = names.map((topic) => ({ topic, numPartitions, replicationFactor: 1 }))
    await admin.createTopics({ topics, waitForLeaders: false })
    await askAgain(() => admin.fetchTopicMetadata({ topics: [...names] }))
  }
  // What remains is said and does no harm: names are random, and mostly the whole broker goes at the end.
  const remove = (names: readonly string[]): Promise<void> =>
    admin.deleteTopics({ topics: [...names] }).catch((error: unknown) => say(`topics remain: ${String(error)}`))
  return {
    kind,
    brokers,
    createTopic: (name, partitions) => create([name], partitions),
    deleteTopics: remove,
    async withOutputs(partitions, work) {
      const prefix = randomName('bench')
      const topics = Object.values(outputTopics(prefix))
      await create(topics, partitions)
      try {
        return await work(prefix)
      } finally {
        await remove(topics)
      }
    },
  }
}

/** `raw-3f9c1ab2` */
export const randomName = (prefix: string): string => `${prefix}-${randomBytes(4).toString('hex')}`

/** Progress goes to stderr: stdout is for results. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

export interface RawTopic {
  readonly name: string
  readonly records: number
  readonly partitions: number
  /** Mean size of a value. */
  readonly bytesACall: number
}

export interface GatedTopic extends RawTopic {
  /** Commits: before this, a read_committed reader sees an empty topic. */
  readonly open: () => Promise<void>
}

type Size = Record<'partitions' | 'records', number>

/** How a value is written that is JSON text. */
type Encode = (line: string) => string | Buffer

/** A topic of its own with `records` calls, evenly over its partitions, in lz4 batches of some 100 kB. */
export async function fillRawTopic(
  kafka: BenchKafka,
  { partitions, records }: Size,
  encode: Encode = (line) => line,
): Promise<RawTopic> {
  const name = await createRawTopic(kafka, { partitions, records })
  const producer = stockKafka(kafka.brokers).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: partitionByMessage,
  })
  await producer.connect()
  const bytesACall = await fill({ partitions, records }, (messages) =>
    producer.send({
      topic: name,
      compression: LZ4,
      messages: messages.map((message) => ({ ...message, value: encode(message.value) })),
    }),
  )
  await producer.disconnect()
  return { name, records, partitions, bytesACall }
}

/** The same, but all of it belongs to one transaction, which the caller ends. */
export async function fillBehindGate(kafka: BenchKafka, { partitions, records }: Size): Promise<GatedTopic> {
  const name = await createRawTopic(kafka, { partitions, records })
  const producer = stockKafka(kafka.brokers).producer({
    transactionalId: name,
    transactionTimeout: 900_000,
    maxInFlightRequests: 1,
    createPartitioner: partitionByMessage,
  })
  await producer.connect()
  const transaction = await producer.transaction()
  const bytesACall = await fill({ partitions, records }, (messages) =>
    transaction.send({ topic: name, compression: LZ4, messages }),
  )
  return {
    name,
    records,
    partitions,
    bytesACall,
    async open() {
      await transaction.commit()
      await producer.disconnect()
    },
  }
}

const linesABlock = 2_000

async function createRawTopic(kafka: BenchKafka, { partitions, records }: Size): Promise<string> {
  const name = randomName('raw')
  say(`filling ${name} with ${records} calls`)
  await kafka.createTopic(name, partitions)
  return name
}

/** Hands out the messages block by block; resolves with the mean size of a value. */
async function fill(
  { partitions, records }: Size,
  write: (messages: ReturnType<typeof callMessages>) => Promise<unknown>,
): Promise<number> {
  let bytes = 0
  for (let from = 0; from < records; from += linesABlock) {
    const messages = callMessages({ from, count: Math.min(linesABlock, records - from), partitions })
    for (const { value } of messages) bytes += Buffer.byteLength(value)
    await write(messages)
  }
  return Math.round(bytes / records)
}
