// Contender: the product's sink as the command `sink` runs it, one destination, a log that says warnings.
import { connectionSettings } from '../../src/cli/kafka-settings.ts'
import { openSinkEngine } from '../../src/cli/run/sink-engine.ts'
import { systemClock } from '../../src/clock.ts'
import { createKafkajsBroker } from '../../src/kafka/kafkajs-broker.ts'
import { createLog } from '../../src/ops/log.ts'
import type { Open } from './contender.ts'
import { sinkConfig } from './sink-config.ts'

export const open: Open = async (job) => {
  const config = sinkConfig(job)
  const log = createLog({ level: 'warn', format: 'json' })
  const broker = createKafkajsBroker(connectionSettings(config.kafka), log, systemClock)
  const engine = await openSinkEngine({ broker, log, clock: systemClock }, config)
  const sumOf = (of: 'delivered' | 'rejected'): number =>
    engine.status().reduce((sum, { counters }) => sum + counters[of], 0)
  return {
    joined: () => engine.status().some(({ partitions }) => partitions > 0),
    processed: () => sumOf('delivered') + sumOf('rejected'),
    figures: () => ({ rejected: sumOf('rejected') }),
    ended: engine.ended,
    // Commits what is not yet committed: part of the work, so it comes before the last snapshot.
    drain: () => engine.stop(),
    stop: () => engine.stop(),
  }
}
