// What `replay --dry-run` and `replay --diff` stand on: the configuration, the window in Kafka and how to read it, without
// any group. In: the options of `replay`. Out: a RehearsedWindow for the time of one function; all is closed after it.
import type { Command } from 'commander'
import type { Config, DestinationConfig } from '../../config/schema.ts'
import { TrackbridgeError } from '../../errors.ts'
import { parsePoint, resolveWindow, type WindowRange } from '../../history/window.ts'
import type { Admin, Broker, HistoryReader } from '../../kafka/broker.ts'
import { createTopicReader, openRawTopics } from '../../processor/raw-topics.ts'
import { parseFilter, type Filter } from '../../replay/filter.ts'
import { createRehearsal, type RawRecord, type ReadDeps, type Rehearsed } from '../../replay/translate-window.ts'
import type { SchemaCache } from '../../schemas/schema-cache.ts'
import { namingRights } from '../acls.ts'
import { readSettings, unlessAborted, type CliContext } from '../context.ts'
import { connectionSettings } from '../kafka-settings.ts'
import { processorOptions } from '../run/processor-engine.ts'
import { createScanProgress, type ScanProgress } from '../scan-progress.ts'
import type { ReplayOptions } from './replay-options.ts'
import { openSchemas, type SchemaUse } from '../run/schema-use.ts'

export interface RehearsedWindow {
  readonly config: Config
  /** Of the configuration file. */
  readonly path: string
  readonly admin: Admin
  readonly history: HistoryReader
  /** Those that the filter on topics and partitions leaves; some may be empty. */
  readonly ranges: readonly WindowRange[]
  /** Those that are asked for. */
  readonly destinations: readonly DestinationConfig[]
  readonly filter: Filter
  readonly progress: ScanProgress
  /** For readWindow; waits for schemas of the registry. */
  readonly reading: ReadDeps
  /** Of the registry that the configuration names. */
  readonly schemas: SchemaCache | undefined
  /** Translates as a configuration has it, for the destinations of these names, or for all of that configuration. */
  rehearsal(config: Config, names?: readonly string[]): (raw: RawRecord) => Rehearsed
  /** Also waits for the schemas of the other configuration's registry. */
  alsoReading(config: Config): ReadDeps
}

/** Opens the window, lets `work` have it, and closes everything. Throws TB_USAGE, TB_CONFIG_* and TB_KAFKA_*. */
export async function withWindow<T>(
  context: CliContext,
  command: Command,
  options: ReplayOptions,
  work: (window: RehearsedWindow) => Promise<T>,
): Promise<T> {
  const settings = readSettings(command, context, { quiet: true })
  const { config, log } = settings
  const destinations = chosen(config, options.destination)
  const filter = parseFilter(options.filter ?? [], options.stage ?? 'translate')
  const points = windowPoints(options, context.clock.now())
  const broker = await context.createBroker(connectionSettings(config.kafka), log, context.clock)
  const closing: (() => Promise<void>)[] = []
  try {
    const opened = await unlessAborted(context.signal, open(broker, closing))
    const topics = await sourceTopics(broker, config, destinations, options)
    await unlessAborted(context.signal, requireExisting(opened.admin, topics))
    const resolved = await unlessAborted(context.signal, resolveWindow(opened.admin, topics, points))
    const ranges = resolved.filter((range) => filter.partition(range))
    const progress = createScanProgress(context, offsetsOf(ranges))
    const parts = partsOf(context, { ...settings, ...opened, destinations, filter, ranges, progress })
    try {
      return await work(parts)
    } finally {
      progress.end()
    }
  } catch (error) {
    throw namingRights(error, config, options.diff ? 'replay --diff' : 'replay --dry-run')
  } finally {
    for (const close of closing.toReversed()) await close()
  }
}

async function open(broker: Broker, closing: (() => Promise<void>)[]) {
  const admin = await broker.admin()
  closing.push(async () => admin.close())
  const history = await broker.history()
  closing.push(async () => history.close())
  return { admin, history }
}

/** Throws TB_TOPIC_MISSING with the names of those that do not exist. */
export async function requireExisting(admin: Pick<Admin, 'topics'>, topics: readonly string[]): Promise<void> {
  const there = await admin.topics(topics)
  const missing = topics.filter((topic) => !there.has(topic))
  if (missing.length === 0) return
  throw new TrackbridgeError('TB_TOPIC_MISSING', `these topics do not exist: ${missing.join(', ')}`)
}

/** How many offsets there are in the ranges. */
export const offsetsOf = (ranges: readonly { readonly from: number; readonly to: number }[]): number =>
  ranges.reduce((sum, { from, to }) => sum + to - from, 0)

function windowPoints({ from = 'earliest', to = 'latest' }: ReplayOptions, nowMs: number) {
  return { from: parsePoint(from, '--from', nowMs), to: parsePoint(to, '--to', nowMs) }
}

function chosen({ destinations }: Config, names: readonly string[] | undefined): readonly DestinationConfig[] {
  const unknown = names?.find((name) => !destinations.some((entry) => entry.name === name))
  if (unknown === undefined) return destinations.filter(({ name }) => names?.includes(name) ?? true)
  const known = destinations.map(({ name }) => name).join(', ')
  throw new TrackbridgeError('TB_USAGE', `no destination is called "${unknown}"; there are: ${known}`)
}

async function sourceTopics(
  broker: Broker,
  config: Config,
  destinations: readonly DestinationConfig[],
  { stage }: ReplayOptions,
): Promise<readonly string[]> {
  if (stage === 'forward') return destinations.map(({ topic }) => topic)
  return (await openRawTopics(broker, processorOptions(config))).topics
}

type Given = Omit<RehearsedWindow, 'reading' | 'schemas' | 'rehearsal' | 'alsoReading'> & {
  readonly log: ReturnType<typeof readSettings>['log']
}

function partsOf({ clock, signal }: CliContext, given: Given): RehearsedWindow {
  const { config, log, history, filter, progress } = given
  const uses = new Map<Config, SchemaUse | undefined>()
  const useOf = (one: Config): SchemaUse | undefined => {
    if (!uses.has(one)) uses.set(one, openSchemas({ clock, log }, one))
    return uses.get(one)
  }
  const readingWith = (configs: readonly Config[]): ReadDeps => {
    const ensuring = configs.flatMap((one) => useOf(one)?.reading.ensureSchemas ?? [])
    const deps = { history, signal, onOffsets: (offsets: number) => progress.add(offsets) }
    if (ensuring.length === 0) return deps
    return {
      ...deps,
      ensureSchemas: async (...records) => void (await Promise.all(ensuring.map(async (one) => one(...records)))),
    }
  }
  return {
    ...given,
    schemas: useOf(config)?.cache,
    reading: readingWith([config]),
    alsoReading: (other) => readingWith([config, other]),
    rehearsal: (one, names) =>
      createRehearsal(
        {
          routes: one.destinations.filter(({ name }) => names?.includes(name) ?? true),
          mapping: one.mapping,
          readCall: createTopicReader(one.raw, useOf(one)?.reading.decodeAvro),
          select: filter.select,
        },
        { clock, log },
      ),
  }
}

/** Of a window that retention has cut, for people; undefined where all of it is there. */
export function cutText(ranges: readonly WindowRange[]): string | undefined {
  const cut = ranges.filter(({ isCut }) => isCut)
  if (cut.length === 0) return undefined
  const names = cut.map(({ topic, partition, earliest }) => `${topic}:${partition}:${earliest}`)
  const shownNames =
    names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
  return `retention has taken records that belonged to the window; what is left begins at ${shownNames}`
}
