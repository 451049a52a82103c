// The product as the command `process` runs it, for the contenders that are the product: its configuration with every
// default, one destination that takes everything, Kafka and a log that says warnings.
import { processorOptions } from '../../src/cli/run/processor-engine.ts'
import { openSchemas } from '../../src/cli/run/schema-use.ts'
import { connectionSettings } from '../../src/cli/kafka-settings.ts'
import { systemClock } from '../../src/clock.ts'
import { createKafkajsBroker } from '../../src/kafka/kafkajs-broker.ts'
import { createLog } from '../../src/ops/log.ts'
import { startProcessor, type ProcessorDeps } from '../../src/processor/processor.ts'
import type { Job, Running } from './contender.ts'
import { benchConfig } from './engine-config.ts'

/** Starts the engine. `translation`: in place of the product's own. */
export async function openEngine(job: Job, translation?: ProcessorDeps['processRecord']): Promise<Running> {
  const config = benchConfig(job)
  const log = createLog({ level: 'warn', format: 'json' })
  const broker = createKafkajsBroker(connectionSettings(config.kafka), log, systemClock)
  const schemas = openSchemas({ clock: systemClock, log }, config)
  const encoders = await schemas?.encoders?.(new AbortController().signal)
  const processor = await startProcessor(
    {
      broker,
      log,
      clock: systemClock,
      ...schemas?.reading,
      ...(translation === undefined ? {} : { processRecord: translation }),
    },
    { ...processorOptions(config), ...encoders },
  )
  return {
    joined: () => processor.status().joined,
    processed: () => processor.status().counts.raw,
    figures() {
      const { assigned, counts } = processor.status()
      return { assigned: assigned.length, messages: counts.written[config.destinations[0]?.topic ?? ''] ?? 0 }
    },
    ended: processor.ended,
    stop: () => processor.stop(),
  }
}
