// A cluster in memory with raw records, and with outputs as `process` writes them or as somebody has damaged them. Test
// support of the audit's tests.
import { expect, onTestFinished } from 'vitest'
import { audit, type AuditOptions, type AuditResult } from '../../src/audit/audit.ts'
import type { OutRecord } from '../../src/kafka/broker.ts'
import { silentLog } from '../../src/ops/log.ts'
import { createPartitioner } from '../../src/processor/partitioner.ts'
import { processRecord, type TopologySettings } from '../../src/processor/topology.ts'
import { createFakeClock, runUntil } from '../support/fake-clock.ts'
import { createMemoryBroker, type MemoryBroker } from '../support/memory-broker.ts'
import { mixedCalls } from '../support/mixed-calls.ts'
import { processorOptions } from '../support/processor.ts'
import { rawTimestamp } from '../support/raw-records.ts'

export interface Setting {
  readonly broker: MemoryBroker
  readonly options: AuditOptions
  /** Fills the raw topic with a mixture of calls. */
  feed(count: number, timestampOf?: (number: number) => number): void
  /** What `process` makes of the raw records, in its order. */
  outputs(): Promise<readonly OutRecord[]>
  /** Writes outputs and commits what `process` has done, all of the raw topic if nothing else is said. */
  write(records: readonly OutRecord[], committed?: Readonly<Record<number, number>>): Promise<void>
  /** `onRead` is told of each batch that was read. */
  audit(changes?: Partial<AuditOptions>, onRead?: () => void): Promise<AuditResult>
}

export const group = 'tb.process'

/** Destinations `main`, which takes everything, and `shop`, which takes tracks. */
export function auditOptions(changes: Partial<AuditOptions> = {}): AuditOptions {
  const { raw, routes, deadLetterTopic, unsupportedTopic, mapping, partitioning } = processorOptions()
  const [main, shop] = routes
  const some = [main!, { ...shop!, where: { types: ['track'] as const, excludeEmailOnly: false } }]
  return {
    from: { kind: 'earliest' },
    to: { kind: 'latest' },
    raw,
    routes: some,
    destinations: some.map((route) => ({ name: route.name, route, sinkGroup: `tb.sink.${route.name}` })),
    deadLetterTopic,
    unsupportedTopic,
    group,
    mapping,
    partitioning,
    delivery: 'exactly-once',
    isTranslated: true,
    memoryBytes: 1_000_000,
    ...changes,
  }
}

/** All topics, empty. What is opened must be closed with the test. */
export function setUp({
  partitions = 2,
  letterPartitions = partitions,
  ...changes
}: Partial<AuditOptions> & {
  readonly partitions?: number
  readonly letterPartitions?: number
} = {}): Setting {
  const broker = createMemoryBroker()
  const options = auditOptions(changes)
  for (const topic of options.raw.topics) broker.createTopic(topic, partitions)
  for (const { topic } of options.routes) broker.createTopic(topic, partitions)
  for (const topic of [options.deadLetterTopic, options.unsupportedTopic]) broker.createTopic(topic, letterPartitions)
  onTestFinished(() => expect(broker.open()).toBe(0))
  return {
    broker,
    options,
    feed(count, timestampOf = () => rawTimestamp) {
      for (const topic of options.raw.topics)
        broker.append(
          mixedCalls({ topic, count, partitions, people: 20, timestamp: rawTimestamp }).map((call, number) => ({
            topic,
            partition: call.partition,
            key: call.key,
            value: call.value,
            timestamp: timestampOf(number),
          })),
        )
    },
    outputs: () => outputsOf(broker, options),
    async write(records, committed) {
      broker.append(records)
      const admin = await broker.admin()
      for (const topic of options.raw.topics) {
        const ends = [...(await admin.watermarks(topic))]
        const offsets = ends.map(
          ([partition, { lastStable }]) =>
            [partition, { next: committed?.[partition] ?? lastStable, note: '' }] as const,
        )
        await admin.commitOffsets(group, topic, new Map(offsets))
      }
      await admin.close()
    },
    audit: (more = {}, onRead = () => undefined) => runAudit(broker, { ...options, ...more }, onRead),
  }
}

async function outputsOf(broker: MemoryBroker, options: AuditOptions): Promise<readonly OutRecord[]> {
  const partitioner = await createPartitioner(broker, options)
  const settings: TopologySettings = { ...options, partitionOf: (...one) => partitioner.partitionOf(...one) }
  return options.raw.topics.flatMap((topic) =>
    broker.stored(topic).flatMap((record) => processRecord({ ...record, topic }, settings).records),
  )
}

/** Runs to its end while time goes on. */
async function runAudit(broker: MemoryBroker, options: AuditOptions, onRead: () => void): Promise<AuditResult> {
  const clock = createFakeClock()
  const { signal } = new AbortController()
  const result = audit(
    { broker, clock, log: silentLog, signal, meter: { add: onRead, extend: () => undefined } },
    options,
  )
  const end = { reached: false }
  const settled = result.finally(() => (end.reached = true))
  settled.catch(() => undefined)
  await runUntil(clock, () => end.reached)
  return result
}

/** Kinds and counts, e.g. `{missing: 1}`. */
export const faultCounts = ({ faults }: AuditResult): Record<string, number> =>
  Object.fromEntries(faults.map(({ kind, count }) => [kind, count]))
