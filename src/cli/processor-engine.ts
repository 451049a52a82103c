// Config -> the running process leg, as engines.ts wants it.
import type { Clock } from '../clock.ts'
import type { Config } from '../config/schema.ts'
import type { Broker } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import { startProcessor, type Processor, type ProcessorOptions, type ProcessorStatus } from '../processor/processor.ts'
import type { Engine } from './engines.ts'
import { processGroup } from './group-names.ts'

export interface EngineDeps {
  readonly broker: Broker
  readonly clock: Clock
  readonly log: Log
}

/** Options of the processor, e.g. for the demo as well. */
export function processorOptions(config: Config): ProcessorOptions {
  const { kafka } = config
  return {
    group: processGroup(kafka.prefix),
    rawTopic: config.raw.topic,
    deadLetterTopic: config.deadLetters.topic,
    maxDeadLetterShare: config.deadLetters.maxShare,
    unsupportedTopic: config.unsupported.topic,
    routes: config.destinations,
    mapping: config.mapping,
    partitioning: config.partitioning,
    delivery: config.delivery,
    ...config.process,
    sessionTimeoutMs: kafka.sessionTimeoutMs,
    transactionTimeoutMs: kafka.transactionTimeoutMs,
  }
}

/** The leg, with its figures for whoever shows them. */
export interface ProcessorEngine extends Engine {
  status(): ProcessorStatus
}

export async function openProcessorEngine({ log, ...deps }: EngineDeps, config: Config): Promise<ProcessorEngine> {
  const processor = await startProcessor({ ...deps, log: log.child({ engine: 'process' }) }, processorOptions(config))
  const rate = createRate(deps.clock)
  return {
    name: 'process',
    status: () => processor.status(),
    ended: processor.ended,
    stop: () => processor.stop(),
    health: () => new Map([['process', whyNotReady(processor)]]),
    progress: () => {
      const { counts, assigned, stuck } = processor.status()
      return { ...counts, rawPerSecond: rate(counts.raw), partitions: assigned.length, stuck: stuck.size }
    },
  }
}

function whyNotReady(processor: Processor): string | undefined {
  const { joined, stuck } = processor.status()
  if (!joined) return 'waiting for an assignment from the consumer group'
  const [first] = stuck
  return first === undefined ? undefined : `partition ${first[0]} has stopped: ${first[1]}`
}

/** Events per second since the last call. */
export function createRate(clock: Clock): (total: number) => number {
  let last = { at: clock.now(), total: 0 }
  return (total) => {
    const now = { at: clock.now(), total }
    const perSecond = ((now.total - last.total) * 1000) / Math.max(1, now.at - last.at)
    last = now
    return Math.round(perSecond)
  }
}
