// Dead letters on a real Kafka, and the command line over them. Test support.
import { expect, onTestFinished } from 'vitest'
import { createContext } from '../../src/cli/wiring.ts'
import { processorOptions } from '../../src/cli/run/processor-engine.ts'
import { systemClock } from '../../src/clock.ts'
import { parseConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import type { OutRecord } from '../../src/kafka/broker.ts'
import { createTopicReader } from '../../src/processor/raw-topics.ts'
import { processRecord, type TopologySettings } from '../../src/processor/topology.ts'
import { configFile, runCommand } from '../cli/run/run-command.ts'
import { readCommitted, type ReadRecord } from './kafka.ts'
import { openBroker } from './kafkajs-adapter.ts'
import { createPipeline, type Pipeline } from './pipeline.ts'

export interface Letters {
  readonly pipeline: Pipeline
  readonly config: Config
  /** `main` and `shop`, in this order. */
  readonly destinations: readonly [string, string]
  readonly deadLetters: string
}

/** Topics of their own, with destinations `main` and `shop`. */
export async function setUpLetters(partitions = 2): Promise<Letters> {
  const pipeline = await createPipeline(partitions, ['main', 'shop'])
  const config = parseConfig(JSON.stringify(pipeline.config), { path: '/trackbridge.yaml', env: {} })
  const [main = '', shop = ''] = pipeline.topics.destinations
  return { pipeline, config, destinations: [main, shop], deadLetters: pipeline.topics.deadLetters }
}

/** `dead-letters ...` as it runs for real, e.g. `deadLetters(letters, 'redrive', '--json')`. */
export function deadLetters({ pipeline }: Letters, ...argv: readonly string[]) {
  const real = createContext({} as never, new AbortController().signal)
  const { createBroker, clock } = real
  return runCommand(['dead-letters', ...argv, '--config', configFile(pipeline.config)], { createBroker, clock })
}

export type Raw = Parameters<typeof processRecord>[0]

/** A raw record of the pipeline. */
export function rawOf({ pipeline }: Letters, value: unknown, changes: Partial<Raw> = {}): Raw {
  const content = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  const rest = { partition: 0, offset: 0, timestamp: systemClock.now(), key: Buffer.from('p1'), headers: [] }
  return { topic: pipeline.rawTopic, ...rest, value: content, ...changes }
}

/** An event of person `p<number % 5>`, on the partitions in turn. */
export const eventOf = (letters: Letters, number: number, partitions = 2): Raw =>
  rawOf(
    letters,
    { type: 'person', action: 'event', identifiers: { id: `p${number % 5}` }, name: `event ${number}` },
    { partition: number % partitions, offset: number, key: Buffer.from(`p${number % 5}`) },
  )

/** What `process` makes of raw records; `wrongFormat`: with a raw.format that does not fit, so that all are unreadable. */
export function processed(
  { config }: Letters,
  raws: readonly Raw[],
  { wrongFormat = false } = {},
): readonly OutRecord[] {
  const options = processorOptions(config)
  const format = wrongFormat ? ({ ...options.raw, format: 'avro' } as const) : options.raw
  const settings: TopologySettings = {
    ...options,
    partitionOf: (_topic, _key, partition) => partition,
    readCall: createTopicReader(format),
  }
  return raws.flatMap((raw) => processRecord(raw, settings).records)
}

/** Writes records outside of transactions. */
export async function write(records: readonly OutRecord[]): Promise<void> {
  const producer = await openBroker().producer()
  onTestFinished(() => producer.close())
  await producer.send(records)
}

/** Provenance, messageId and value of what stands on a topic: what must be there once. */
export const contents = async (topic: string): Promise<readonly string[]> =>
  (await readCommitted(topic))
    .map(({ headers, value }) => `${headers['tb-src']} ${headers['tb-mid']} ${value}`)
    .toSorted()

/** The same of records to be. */
export const contentsOf = (records: readonly OutRecord[], topic: string): readonly string[] =>
  records
    .filter((record) => record.topic === topic)
    .map(({ headers, value }) => `${String(headers['tb-src'])} ${String(headers['tb-mid'])} ${String(value)}`)
    .toSorted()

/** Marks on the dead-letter topic, as `redriven TOPIC:PARTITION:OFFSET`. */
export const marksOn = async (topic: string): Promise<readonly string[]> =>
  (await readCommitted(topic)).flatMap(({ value, headers }) =>
    value === null ? [`${headers['tb-mark']} ${headers['tb-src'] ?? headers['tb-person']}`] : [],
  )

/** Dead letters as data, in order. */
export const lettersOn = async (topic: string): Promise<readonly (ReadRecord & { readonly letter: unknown })[]> =>
  (await readCommitted(topic)).flatMap((record) =>
    record.value === null ? [] : [{ ...record, letter: JSON.parse(record.value) as unknown }],
  )

/** The command ended with this code; gives its stdout. */
export async function ending(code: number, command: ReturnType<typeof deadLetters>): Promise<string> {
  const { exitCode, stdout, stderr } = await command
  expect([exitCode, stderr]).toEqual([code, expect.any(String)])
  if (exitCode !== code) throw new Error(stderr)
  return stdout
}
