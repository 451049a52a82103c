// Config and options -> what the members of `dead-letters` work with: the topic, how its letters and their originals are
// read, and for redrive how they run through the present code. Whoever opens closes.
import { Option, type Command } from 'commander'
import { backfillName } from '../../config/destination-schema.ts'
import type { Config } from '../../config/schema.ts'
import { redriveOwner } from '../../dead-letters/partition-owner.ts'
import { letterRanges, type LetterRange, type ReadingDeps } from '../../dead-letters/reading.ts'
import type { RedriveDeps } from '../../dead-letters/redrive.ts'
import type { RerunSettings } from '../../dead-letters/rerun.ts'
import { parseSelection, type Selection } from '../../dead-letters/selection.ts'
import { parsePoint } from '../../history/window.ts'
import type { Broker } from '../../kafka/broker.ts'
import type { Log } from '../../ops/log.ts'
import { createPartitioner, type Partitioner } from '../../processor/partitioner.ts'
import { createPoisonGuard } from '../../processor/poison.ts'
import { createTopicReader } from '../../processor/raw-topics.ts'
import { processRecord, tooLargeRecord } from '../../processor/topology.ts'
import { namingRights } from '../acls.ts'
import { readSettings, unlessAborted, type CliContext } from '../context.ts'
import { createLetterSchemas } from './dead-letters-schemas.ts'
import { connectionSettings } from '../kafka-settings.ts'
import { processorOptions } from '../run/processor-engine.ts'
import { configuredRegistry } from '../registry-settings.ts'
import { openSchemas, type SchemaUse } from '../run/schema-use.ts'

/** Options that choose letters. */
export interface ChoiceFlags {
  readonly where?: readonly string[]
  readonly since?: string
  readonly unsupported?: true
}

/** The rights of the members that only read, in required-acls.ts. */
export const readingRights = 'dead-letters list, show, export'

/** For options that may be repeated. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

/** Adds --unsupported, --since and --where. */
export function withChoice(command: Command): Command {
  return command
    .option('--unsupported', 'the records of the unsupported topic, which have the same shape')
    .option('--since <time>', 'only those written since: 2026-03-01, 2026-03-01T12:00:00Z, -7d')
    .addOption(new Option('--where <condition>', 'KEY=VALUE or KEY!=VALUE; may be repeated').argParser(collect))
}

export interface LetterUse {
  readonly config: Config
  readonly topic: string
  readonly broker: Broker
  readonly log: Log
  readonly schemas: SchemaUse | undefined
  readonly deps: ReadingDeps & { readonly broker: Broker }
  /** `<prefix>.redrive` and the time limit of transactions. */
  readonly ownership: { readonly owner: string; readonly transactionTimeoutMs: number }
}

/** Connects nothing yet. Throws as `readSettings` does. */
async function openLetters(context: CliContext, command: Command, flags: ChoiceFlags): Promise<LetterUse> {
  const { config, log } = readSettings(command, context, { quiet: true })
  const { clock, signal } = context
  const broker = await context.createBroker(connectionSettings(config.kafka), log, clock)
  const registry = configuredRegistry(config)
  const schemas = openSchemas({ clock, log, ...(registry && { registry }) }, config)
  const letters = createLetterSchemas(registry, clock)
  const readCall = createTopicReader(config.raw, schemas?.reading.decodeAvro)
  return {
    config,
    topic: flags.unsupported ? config.unsupported.topic : config.deadLetters.topic,
    broker,
    log,
    schemas,
    deps: {
      broker,
      clock,
      signal,
      readCall,
      decodeAvro: schemas?.reading.decodeAvro,
      decodeLetter: (...value) => letters.decode(...value),
      ensureLetters: (...records) => letters.ensure(...records),
      ensureOriginals: schemas?.reading.ensureSchemas,
    },
    ownership: {
      owner: redriveOwner(config.kafka.prefix),
      transactionTimeoutMs: config.kafka.transactionTimeoutMs,
    },
  }
}

/** Runs a member. Where Kafka denies what it asks first, the error names the right that the member itself needs; `rights` is
 *  its name in required-acls.ts. */
export async function withLetters(
  context: CliContext,
  { command, flags, rights }: { readonly command: Command; readonly flags: ChoiceFlags; readonly rights: string },
  work: (use: LetterUse) => Promise<void>,
): Promise<void> {
  const use = await openLetters(context, command, flags)
  try {
    await work(use)
  } catch (error) {
    throw namingRights(error, use.config, rights)
  }
}

/** What --where and --since ask for, and where that may stand. */
export async function chosen(
  { clock, signal }: CliContext,
  { deps, topic }: LetterUse,
  flags: ChoiceFlags & { readonly all?: true },
): Promise<{ readonly selection: Selection; readonly ranges: readonly LetterRange[] }> {
  const since = parsePoint(flags.since ?? 'earliest', '--since', clock.now())
  const sinceMs = since.kind === 'time' ? since.timestampMs : -Infinity
  const selection = parseSelection(flags.where ?? [], { sinceMs, all: flags.all === true })
  return { selection, ranges: await unlessAborted(signal, letterRanges(deps, topic, since)) }
}

/** How letters run again: as `process` would run them now. Rejects with TB_TOPIC_MISSING, TB_SCHEMA_MISSING. */
export async function openRerun(use: LetterUse): Promise<Pick<RedriveDeps, 'rerun' | 'cover'>> {
  const { config, broker, deps, log, schemas } = use
  const options = { ...processorOptions(config), ...(await schemas?.encoders?.(deps.signal)) }
  const partitioner = await createPartitioner(broker, options)
  const guarded = createPoisonGuard(processRecord, { clock: deps.clock, log })
  const settings: RerunSettings = {
    topology: {
      ...options,
      partitionOf: (...choice) => partitioner.partitionOf(...choice),
      readCall: (raw) => deps.readCall(raw),
    },
    process: (raw, topology, { tooLarge }) => (tooLarge ? tooLargeRecord(raw, topology) : guarded(raw, topology)),
    destinations: await destinationsOf(config, broker),
  }
  return { rerun: settings, cover: (raw): ReturnType<Partitioner['cover']> => partitioner.cover(raw) }
}

async function destinationsOf(config: Config, broker: Broker): Promise<RerunSettings['destinations']> {
  const admin = await broker.admin()
  try {
    const lanes = config.destinations.flatMap(({ name, topic, backfill }) => [
      { name, topic },
      ...(backfill === undefined ? [] : [{ name: backfillName(name), topic: backfill.topic }]),
    ])
    const topics = await admin.topics(lanes.map(({ topic }) => topic))
    return new Map(lanes.map(({ name, topic }) => [name, { topic, partitions: topics.get(topic)?.partitions ?? 0 }]))
  } finally {
    await admin.close()
  }
}
