// The audit of a filled raw topic, as `trackbridge audit` runs it, with how much memory it began with.
import { audit } from '../../src/audit/audit.ts'
import { auditOptions } from '../../src/cli/audit/audit-settings.ts'
import { connectionSettings } from '../../src/cli/kafka-settings.ts'
import { systemClock } from '../../src/clock.ts'
import { parseConfig } from '../../src/config/load.ts'
import { createKafkajsBroker } from '../../src/kafka/kafkajs-broker.ts'
import { silentLog } from '../../src/ops/log.ts'
import { auditTopics } from '../audit-topics.ts'
import type { Job, Open } from './contender.ts'

const defaultMemoryMb = 96

export const open: Open = async (job) => {
  const config = auditConfig(job)
  const ending = new AbortController()
  const state = { processed: 0, faults: 0 }
  const startRssMb = process.memoryUsage().rss / 2 ** 20
  const chosen = { from: 'earliest', to: 'latest', translate: job.weak !== true, memory: defaultMemoryMb }
  const options = auditOptions(config, chosen, systemClock.now())
  const broker = createKafkajsBroker(connectionSettings(config.kafka), silentLog, systemClock)
  const meter = { add: () => undefined, extend: () => undefined }
  const run = async (): Promise<void> => {
    const deps = { broker, clock: systemClock, log: silentLog, signal: ending.signal, meter }
    const { partitions, faults } = await audit(deps, options)
    state.faults = faults.reduce((sum, { count }) => sum + count, 0)
    state.processed = partitions.reduce((sum, { tally }) => sum + tally.in, 0)
  }
  return {
    joined: () => true,
    processed: () => state.processed,
    figures: () => ({ startRssMb, faults: state.faults }),
    ended: run(),
    stop: async () => ending.abort(),
  }
}

function auditConfig({ brokers, rawTopic, prefix }: Job) {
  const { destinations, deadLetters, unsupported } = auditTopics(prefix)
  const document = {
    kafka: { brokers, prefix },
    raw: { topic: rawTopic },
    destinations: destinations.map(([name, topic]) => ({ name, topic })),
    deadLetters: { topic: deadLetters },
    unsupported: { topic: unsupported },
  }
  return parseConfig(JSON.stringify(document), { path: 'the configuration of the benchmark', env: {} })
}
