// Writes raw records: the mixture of test/support/mixed-calls.ts, spread over all partitions. A request that fails is sent
// again, so records may stand there twice; what counts is what stands on the topic.
import type { Kafka, Producer } from 'kafkajs'
import { systemClock } from '../src/clock.ts'
import { mixedCalls, type MixedCall } from '../test/support/mixed-calls.ts'
import type { Topics } from './scenario.ts'

export interface Feed {
  /** Resolves when so many records are acknowledged. Rejects when the brokers take none for a minute. */
  write(records: number): Promise<void>
  close(): Promise<void>
}

const people = 1_000
const atOnce = 1_000
const patienceMs = 60_000
const retryMs = 200

/** Nothing is connected before the first write. */
export function createFeed(kafka: Kafka, { raw: topic, partitions }: Topics): Feed {
  let producer: Producer | undefined
  let before = Promise.resolve()
  const send = async (calls: readonly MixedCall[], untilMs: number): Promise<void> => {
    let left = calls
    try {
      producer ??= await connected(kafka)
      const answer = await producer.send({ topic, messages: calls.map(toMessage), acks: -1 })
      // Stock kafkajs leaves out partitions that have no leader just now, without a word.
      const written = new Set(answer.map(({ partition }) => partition))
      left = calls.filter(({ partition }) => !written.has(partition))
      if (left.length > 0) throw new Error(`${left.length} records were not written: their partitions have no leader`)
    } catch (error) {
      await producer?.disconnect().catch(() => undefined)
      producer = undefined
      if (systemClock.now() > untilMs) throw error
      await systemClock.sleep(retryMs)
      await send(left, untilMs)
    }
  }
  const writeAll = async (records: number): Promise<void> => {
    const calls = mixedCalls({ topic, count: records, partitions, people, timestamp: systemClock.now() })
    for (let start = 0; start < calls.length; start += atOnce)
      await send(calls.slice(start, start + atOnce), systemClock.now() + patienceMs)
  }
  return {
    write: (records) => (before = before.then(() => writeAll(records))),
    close: async () => producer?.disconnect(),
  }
}

async function connected(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  return producer
}

function toMessage({ timestamp, partition, key, value }: MixedCall) {
  return { partition, key, value, timestamp: String(timestamp) }
}
