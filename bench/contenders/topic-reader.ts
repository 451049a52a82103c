// For the contenders that the sink is held against: the values of a topic, read by the product's own Kafka client with
// the sink's own fetch settings, up to `records`. Nothing is committed.
import { connectionSettings } from '../../src/cli/kafka-settings.ts'
import { systemClock } from '../../src/clock.ts'
import type { Consumer, ConsumerRecord } from '../../src/kafka/broker.ts'
import { createKafkajsBroker } from '../../src/kafka/kafkajs-broker.ts'
import { createLog } from '../../src/ops/log.ts'
import type { Job } from './contender.ts'
import { sinkConfig } from './sink-config.ts'

export interface TopicReader extends Pick<Consumer, 'ended' | 'stop'> {
  joined(): boolean
}

/** `take` gets the records fetch by fetch, partitions side by side; the next fetch of a partition comes after it settles. */
export async function readTopic(
  job: Job,
  take: (records: readonly ConsumerRecord[]) => Promise<void>,
): Promise<TopicReader> {
  const log = createLog({ level: 'warn', format: 'json' })
  const broker = createKafkajsBroker(connectionSettings(sinkConfig(job).kafka), log, systemClock)
  let joined = false
  let left = job.records ?? Number.POSITIVE_INFINITY
  const consumer = await broker.consume(
    {
      group: `${job.prefix}.sink`,
      topics: [job.rawTopic],
      concurrency: 16,
      sessionTimeoutMs: 15_000,
      maxWaitMs: 250,
      maxBytesPerPartition: 1_048_576,
    },
    {
      onAssignment: () => {
        joined = true
      },
      onBatch: async ({ records, nextOffset }, context) => {
        const taken = records.slice(0, left)
        left -= taken.length
        await take(taken)
        context.resolve(nextOffset)
      },
    },
  )
  return { joined: () => joined, ended: consumer.ended, stop: () => consumer.stop() }
}
