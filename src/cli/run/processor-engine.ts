// Config -> the running process leg, as engines.ts wants it.
import type { Clock } from '../../clock.ts'
import type { Config } from '../../config/schema.ts'
import type { Broker } from '../../kafka/broker.ts'
import type { Log } from '../../ops/log.ts'
import type { MeterStore } from '../../ops/meter-store.ts'
import type { Tracing } from '../../ops/tracing.ts'
import type { Counts } from '../../processor/counts.ts'
import {
  startProcessor,
  type Processor,
  type ProcessorOptions,
  type ProcessorStatus,
} from '../../processor/processor.ts'
import type { Engine } from './engines.ts'
import { processGroup } from '../group-names.ts'
import { startLate } from './late-processor.ts'
import { readProcessor } from './engine-metrics.ts'
import { openSchemas, registryHealth } from './schema-use.ts'

export interface EngineDeps {
  readonly broker: Broker
  readonly clock: Clock
  readonly log: Log
  /** Absent: nothing is counted but what engines tell by themselves. */
  readonly meter?: MeterStore
  readonly tracing?: Tracing
}

/** Options of the processor, e.g. for the demo as well. */
export function processorOptions(config: Config): ProcessorOptions {
  const { kafka } = config
  return {
    group: processGroup(kafka.prefix),
    raw: config.raw,
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

/** `changes`: of the options that the configuration gives. */
export async function openProcessorEngine(
  { log, ...deps }: EngineDeps,
  config: Config,
  changes: Partial<ProcessorOptions> = {},
): Promise<ProcessorEngine> {
  const engineLog = log.child({ engine: 'process' })
  const { clock, meter } = deps
  const schemas = openSchemas({ clock, log: engineLog, ...(meter && { meter }) }, config)
  const options = { ...processorOptions(config), ...changes }
  const start = (encoders: Partial<ProcessorOptions> = {}): Promise<Processor> =>
    startProcessor({ ...deps, log: engineLog, ...schemas?.reading }, { ...options, ...encoders })
  const encoders = schemas?.encoders
  const processor = encoders === undefined ? await start() : startLate(async (signal) => start(await encoders(signal)))
  const rate = createRate(deps.clock)
  meter?.onSnapshot((reading) => readProcessor(reading, processor.status(), { ...config, group: options.group }))
  return {
    name: 'process',
    report: () => {
      const { counts, stuck } = processor.status()
      return { process: { counts, stuck: Object.fromEntries(stuck), workers: null } }
    },
    status: () => processor.status(),
    ended: processor.ended,
    stop: () => processor.stop(),
    health: () => new Map([['process', whyNotReady(processor)], ...registryHealth('process', schemas)]),
    progress: () => {
      const { counts, assigned, stuck, topics } = processor.status()
      const sums = {
        ...shortCounts(counts),
        rawPerSecond: rate(counts.raw),
        partitions: assigned.length,
        stuck: stuck.size,
      }
      return { ...sums, ...severalTopics(topics) }
    },
  }
}

/** Without what is only for metrics. */
export const shortCounts = ({ types: _types, reasons: _reasons, ...counts }: Counts) => counts

/** A field of the progress line where there are several raw topics; one has the line's own figures. */
export const severalTopics = (topics: ProcessorStatus['topics']) => (Object.keys(topics).length > 1 ? { topics } : {})

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
