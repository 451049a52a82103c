// Dead letters on a broker in memory, and a redrive over them. Test support.
import { expect, onTestFinished } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { letterRanges } from '../../src/dead-letters/reading.ts'
import { planRedrive, runRedrive, type RedriveDeps, type RedriveOptions } from '../../src/dead-letters/redrive.ts'
import { parseSelection } from '../../src/dead-letters/selection.ts'
import { createCallReader } from '../../src/records/call-source.ts'
import { deadLetterRecord, type DeadLetterInput } from '../../src/records/dead-letter.ts'
import { readLetterText } from '../../src/records/dead-letter-reading.ts'
import { headersOf } from '../../src/records/headers.ts'
import { processRecord, tooLargeRecord } from '../../src/processor/topology.ts'
import { createMemoryBroker, type MemoryBroker } from './memory-broker.ts'
import { rawRecord, rawTimestamp, routeTo, topologySettings, type RawRecord } from './raw-records.ts'

/** Topics `dlq`, `unsupported`, `main` and `shop`, two partitions each; all that was opened is closed in the end. */
export function memoryLetters(): MemoryBroker {
  const broker = createMemoryBroker()
  for (const topic of ['dlq', 'unsupported', 'main', 'shop']) broker.createTopic(topic, 2)
  onTestFinished(() => expect(broker.open()).toBe(0))
  return broker
}

export const identify = { type: 'person', action: 'identify', identifiers: { id: '42' }, attributes: { plan: 'pro' } }
const readCall = createCallReader('envelope')
export const topology = { ...topologySettings([routeTo('main'), routeTo('shop')]), partitionOf: partition, readCall }

function partition(_topic: string, _key: unknown, rawPartition: number): number {
  return rawPartition % 2
}

/** A letter of stage process unless said otherwise: of `raw/0` and the offset. */
export function letterOf(
  value: unknown,
  changes: Partial<DeadLetterInput> & { readonly raw?: Partial<RawRecord> } = {},
) {
  const { raw, ...rest } = changes
  const source = rawRecord(value, { partition: 0, ...raw })
  const input: DeadLetterInput = {
    source,
    reason: 'unreadable',
    message: 'no',
    stage: 'process',
    destination: null,
    attempt: 1,
    at: rawTimestamp,
    ...rest,
  }
  return { ...deadLetterRecord(input), topic: 'dlq', partition: source.partition % 2, timestamp: rawTimestamp }
}

export const personDeps = { readCall }

export function redriveDeps(broker: MemoryBroker, changes: Partial<RedriveDeps> = {}): RedriveDeps {
  return {
    broker,
    clock: { now: () => systemClock.now(), sleep: () => new Promise((resolve) => void setImmediate(resolve)) },
    signal: new AbortController().signal,
    decodeLetter: readLetterText,
    readCall,
    cover: async () => undefined,
    rerun: {
      topology,
      process: (raw, settings, { tooLarge }) =>
        tooLarge ? tooLargeRecord(raw, settings) : processRecord(raw, settings),
      destinations: new Map(['main', 'shop'].map((name) => [name, { topic: name, partitions: 2 }])),
    },
    ...changes,
  }
}

export async function redriveOptions(
  deps: RedriveDeps,
  changes: Partial<RedriveOptions> = {},
): Promise<RedriveOptions> {
  const ranges = await letterRanges(deps, 'dlq')
  const always = {
    selection: parseSelection([]),
    ranges,
    limit: Infinity,
    owner: 'tb.redrive',
    transactionTimeoutMs: 1,
  }
  return { ...always, ...changes }
}

/** Plans and runs. */
export async function redrive(deps: RedriveDeps, changes: Partial<RedriveOptions> = {}) {
  const options = await redriveOptions(deps, changes)
  return { plan: await planRedrive(deps, options), done: await runRedrive(deps, options) }
}

/** Provenance of what stands on a topic, sorted. */
export const provenance = (broker: MemoryBroker, topic: string): readonly string[] =>
  broker
    .stored(topic)
    .map((record) => textHeader(record, 'tb-src'))
    .toSorted()

export const textHeader = (record: ReturnType<MemoryBroker['stored']>[number], wanted: string): string =>
  String(headersOf(record).find(([name]) => name === wanted)?.[1] ?? '')
