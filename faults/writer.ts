// Writes records to a topic until all of them are acknowledged. A request that fails is sent again, so records may stand
// there twice; what counts is what stands on the topic. In: records with their partitions.
import type { Kafka, Message, Producer } from 'kafkajs'
import { systemClock } from '../src/clock.ts'

/** A record for a given partition. */
export type Placed = Message & { readonly partition: number }

export interface Writer {
  /** Resolves when all are acknowledged, in their order within each partition; calls take turns. Rejects when the brokers
   *  take none for a minute. */
  write(messages: readonly Placed[]): Promise<void>
  close(): Promise<void>
}

const atOnce = 1_000
const patienceMs = 60_000
const retryMs = 200
const closeLimitMs = 5_000

/** Nothing is connected before the first write. */
export function createWriter(kafka: Kafka, topic: string): Writer {
  let producer: Producer | undefined
  let before = Promise.resolve()
  const send = async (messages: readonly Placed[], untilMs: number): Promise<void> => {
    let left = messages
    try {
      producer ??= await connected(kafka)
      const answer = await producer.send({ topic, messages: [...messages], acks: -1 })
      // Stock kafkajs leaves out partitions that have no leader just now, without a word.
      const written = new Set(answer.map(({ partition }) => partition))
      left = messages.filter(({ partition }) => !written.has(partition))
      if (left.length > 0) throw new Error(`${left.length} records were not written: their partitions have no leader`)
    } catch (error) {
      await producer?.disconnect().catch(() => undefined)
      producer = undefined
      if (systemClock.now() > untilMs) throw error
      await systemClock.sleep(retryMs)
      await send(left, untilMs)
    }
  }
  const writeAll = async (messages: readonly Placed[]): Promise<void> => {
    for (let start = 0; start < messages.length; start += atOnce)
      await send(messages.slice(start, start + atOnce), systemClock.now() + patienceMs)
  }
  return {
    write: (messages) => (before = before.then(() => writeAll(messages))),
    close: async () => {
      // kafkajs's disconnect may hang.
      await Promise.race([producer?.disconnect(), systemClock.sleep(closeLimitMs)]).catch(() => undefined)
    },
  }
}

async function connected(kafka: Kafka): Promise<Producer> {
  // Or a request that fails for one partition is sent again for all of them.
  const producer = kafka.producer({ allowAutoTopicCreation: false, idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  return producer
}
