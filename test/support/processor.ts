// A processor over the in-memory broker, on a clock that the test moves. Test support.
import { expect, onTestFinished } from 'vitest'
import {
  startProcessor,
  type Processor,
  type ProcessorDeps,
  type ProcessorOptions,
} from '../../src/processor/processor.ts'
import { headersOf } from '../../src/records/headers.ts'
import { defaultMappingSettings } from '../../src/translate/mapping-table.ts'
import { createFakeClock, runUntil, type FakeClock } from './fake-clock.ts'
import { createMemoryBroker, type MemoryBroker } from './memory-broker.ts'
import type { MixedCall } from './mixed-calls.ts'
import { routeTo } from './raw-records.ts'
import { createRecordingLog, type LogLine } from './recording-log.ts'
import type { Output, OutputTopics } from './verify-output.ts'

export const group = 'tb.process'
export const topics: OutputTopics = { destinations: ['main', 'shop'], deadLetters: 'dlq', unsupported: 'unsupported' }

export const processorOptions = (changes: Partial<ProcessorOptions> = {}): ProcessorOptions => ({
  group,
  raw: { topics: ['raw'] },
  deadLetterTopic: topics.deadLetters,
  unsupportedTopic: topics.unsupported,
  routes: topics.destinations.map((name) => routeTo(name)),
  mapping: defaultMappingSettings,
  partitioning: 'source',
  delivery: 'exactly-once',
  commit: 'partition',
  chunkRecords: 10,
  concurrency: 16,
  maxWaitMs: 100,
  maxBytesPerPartition: 5_000,
  sessionTimeoutMs: 15_000,
  transactionTimeoutMs: 30_000,
  ...changes,
})

export interface Setting {
  readonly clock: FakeClock
  readonly broker: MemoryBroker
  readonly lines: readonly LogLine[]
  start(changes?: Partial<ProcessorOptions>, deps?: Pick<ProcessorDeps, 'processRecord'>): Promise<Processor>
  /** Everything committed on the output topics. */
  outputs(): ReadonlyMap<string, readonly Output[]>
  committed(): Record<number, number>
}

/** A broker with all topics; what is started is stopped with the test, which fails when anything stays open. */
export function setUp({ partitions = 2 } = {}): Setting {
  const clock = createFakeClock()
  const broker = createMemoryBroker()
  const { log, lines } = createRecordingLog()
  const all = ['raw', ...topics.destinations, topics.deadLetters, topics.unsupported]
  for (const topic of all) broker.createTopic(topic, partitions)
  onTestFinished(() => expect([broker.open(), clock.sleeping()]).toEqual([0, 0]))
  return {
    clock,
    broker,
    lines,
    async start(changes, deps) {
      const processor = await startProcessor({ broker, clock, log, ...deps }, processorOptions(changes))
      onTestFinished(() => stopWithin(clock, processor))
      return processor
    },
    outputs: () => new Map(all.slice(1).map((topic) => [topic, broker.stored(topic).map(toOutput)])),
    committed: () => Object.fromEntries(broker.committed(group, 'raw')),
  }
}

/** Stops while time goes on. */
export async function stopWithin(clock: FakeClock, processor: Processor): Promise<void> {
  let stopped = false
  const stopping = processor.stop().finally(() => (stopped = true))
  await runUntil(clock, () => stopped)
  await stopping
}

/** Writes raw records; those without a value included. */
export function feed({ broker }: Setting, calls: readonly MixedCall[]): void {
  broker.append(
    calls.map(({ topic, partition, timestamp, key, value }) => ({ topic, partition, timestamp, key, value })),
  )
}

function toOutput({ partition, offset, key, headers }: ReturnType<MemoryBroker['stored']>[number]): Output {
  const texts = Object.fromEntries(headersOf({ headers }).map(([name, text]) => [name, String(text)]))
  return { partition, offset, key: key === null ? null : String(key), headers: texts }
}
