// Reads a topic, `reads` of the job, as a read_committed consumer and tells how long after its timestamp each record
// was seen. The first `warmUpMs` by timestamp are left out.
import { connectionSettings } from '../../src/cli/kafka-settings.ts'
import { systemClock } from '../../src/clock.ts'
import { createKafkajsBroker } from '../../src/kafka/kafkajs-broker.ts'
import { createLog } from '../../src/ops/log.ts'
import { latencyFigures } from '../report.ts'
import type { Open } from './contender.ts'
import { benchConfig } from './engine-config.ts'

export const open: Open = async (job) => {
  const { warmUpMs = 0, reads = job.rawTopic } = job
  const log = createLog({ level: 'warn', format: 'json' })
  const broker = createKafkajsBroker(connectionSettings(benchConfig(job).kafka), log, systemClock)
  const latenciesMs: number[] = []
  let firstMs: number | undefined
  let seen = 0
  let joined = false
  let done = false
  const consumer = await broker.consume(
    {
      group: `${job.prefix}.reader`,
      topics: [reads],
      concurrency: 8,
      sessionTimeoutMs: 15_000,
      maxWaitMs: 100,
      maxBytesPerPartition: 1_048_576,
    },
    {
      onAssignment: () => {
        joined = true
      },
      onBatch: async (batch, context) => {
        const nowMs = systemClock.now()
        for (const { timestamp } of batch.records) {
          firstMs ??= timestamp
          seen++
          if (timestamp >= firstMs + warmUpMs) latenciesMs.push(nowMs - timestamp)
        }
        context.resolve(batch.nextOffset)
      },
    },
  )
  return {
    joined: () => joined,
    processed: () => seen,
    figures: () => (done ? latencyFigures(latenciesMs) : {}),
    ended: consumer.ended,
    async drain() {
      done = true
    },
    stop: () => consumer.stop(),
  }
}
