// Topics, configuration and committed offsets of one run of trackbridge on the Kafka of the integration tests, and what
// stands on its output topics in the end. Test support.
import { onTestFinished } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { createTopics, kafkaBrokers, kafkaClient, randomName, readCommitted } from './kafka.ts'
import { mixedCalls } from './mixed-calls.ts'
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

const recordsAtOnce = 2_000

/** Writes a mixture of calls to the raw topic, and gives what stands there then: kafkajs's plain producer may write a
 *  record twice. Of now: Kafka deletes old records by their time. */
export async function preload(
  { rawTopic: topic }: Pipeline,
  size: { readonly count: number; readonly partitions: number; readonly people: number },
): Promise<readonly RawInput[]> {
  const calls = mixedCalls({ topic, timestamp: systemClock.now(), ...size })
  const producer = kafkaClient().producer({ allowAutoTopicCreation: false, maxInFlightRequests: 1 })
  await producer.connect()
  try {
    for (let start = 0; start < calls.length; start += recordsAtOnce) {
      const messages = calls
        .slice(start, start + recordsAtOnce)
        .map(({ timestamp, ...call }) => ({ ...call, timestamp: String(timestamp) }))
      await producer.send({ topic, messages, acks: -1 })
    }
  } finally {
    await producer.disconnect()
  }
  const written = await readCommitted(topic, { until: calls.length })
  return written.map(({ partition, offset, timestamp, value }) => ({ topic, partition, offset, timestamp, value }))
}

export interface OffsetWatch {
  /** Sum of the committed offsets of the group: raw records done with. */
  done(): Promise<number>
  byPartition(): Promise<Readonly<Record<number, number>>>
}

/** Asks for the committed offsets of the process leg until the test is over. */
export async function watchOffsets({ group, rawTopic }: Pipeline): Promise<OffsetWatch> {
  const admin = kafkaClient().admin()
  await admin.connect()
  onTestFinished(() => admin.disconnect())
  const byPartition = async (): Promise<Record<number, number>> => {
    const answers = await until(() => admin.fetchOffsets({ groupId: group, topics: [rawTopic] }).catch(notYet))
    const offsets = answers[0]?.partitions ?? []
    return Object.fromEntries(offsets.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]))
  }
  return {
    byPartition,
    done: async () => Object.values(await byPartition()).reduce((sum, next) => sum + next, 0),
  }
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
