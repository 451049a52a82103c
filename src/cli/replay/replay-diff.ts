// `trackbridge replay --diff`: translates a window with the present configuration, and compares message by message with
// another configuration (--config-b) or with what stands on the destinations' topics (--against). Nothing is written. Exit
// 0; with --exit-code 1 where there are differences. Ruled by product.md, "Commands".
import type { Command } from 'commander'
import { loadConfig } from '../../config/load.ts'
import type { Config, DestinationConfig } from '../../config/schema.ts'
import { TrackbridgeError } from '../../errors.ts'
import { compareRecord } from '../../replay/diff-configs.ts'
import { readOrUndefined } from '../../replay/diff-json.ts'
import { createDiffTally, type DiffTally } from '../../replay/diff-tally.ts'
import { compareWithTopic, type TopicDiffNotes, type TopicDiffOptions } from '../../replay/diff-topic.ts'
import { messageFacts } from '../../replay/dry-run-forward.ts'
import { readWindow } from '../../replay/translate-window.ts'
import { isJsonObject } from '../../json.ts'
import type { CliContext } from '../context.ts'
import { diffJson, diffText, hasDifferences, type DiffReport } from './replay-diff-text.ts'
import { payloadReader } from './replay-dry-run.ts'
import { cutText, offsetsOf, requireExisting, withWindow, type RehearsedWindow } from './replay-dry-run-window.ts'
import type { ReplayOptions } from './replay-options.ts'

/** Prints the report. Throws TB_USAGE, TB_CONFIG_* and TB_KAFKA_*. */
export async function runDiff(context: CliContext, command: Command, options: ReplayOptions): Promise<void> {
  requireSense(options)
  const other = options.configB === undefined ? undefined : loadConfig({ path: options.configB })
  const report = await withWindow(context, command, options, async (window) => diff(window, options, other))
  const { output, exitWith } = context
  if (options.json) output.printJson(diffJson(report))
  else output.print(diffText(report, (style, text) => output.paint(style, text)))
  if (options.exitCode && hasDifferences(report.counts)) exitWith(1)
}

function requireSense({ stage, configB, against, destination = [] }: ReplayOptions): void {
  const faults: readonly (readonly [boolean, string])[] = [
    [stage === 'forward', '--diff compares translations: it has no --stage forward'],
    [configB !== undefined && against !== undefined, '--config-b and --against are two comparisons: leave one out'],
    [against !== undefined && destination.length > 1, '--against compares one topic: name one --destination'],
  ]
  const fault = faults.find(([isMet]) => isMet)
  if (fault !== undefined) throw new TrackbridgeError('TB_USAGE', fault[1])
}

async function diff(window: RehearsedWindow, options: ReplayOptions, other: Config | undefined): Promise<DiffReport> {
  const { path, ranges } = window
  const tally = createDiffTally({ samples: options.samples === false ? 0 : options.samples })
  const counter = { records: 0 }
  const there =
    other === undefined || options.configB === undefined
      ? ({ kind: 'topics', topics: await compareTopics(window, options, { tally, counter }) } as const)
      : ({ kind: 'config', path: options.configB } as const)
  if (other !== undefined) await compareConfigs(window, options, other, { tally, counter })
  return {
    here: path,
    there,
    partitions: ranges.length,
    offsets: offsetsOf(ranges),
    records: counter.records,
    cut: cutText(ranges),
    counts: tally.counts(),
  }
}

interface Counting {
  readonly tally: DiffTally
  /** Raw records translated. */
  readonly counter: { records: number }
}

async function compareConfigs(
  window: RehearsedWindow,
  { destination }: ReplayOptions,
  other: Config,
  { tally, counter }: Counting,
): Promise<void> {
  const both = { here: window.rehearsal(window.config, destination), there: window.rehearsal(other, destination) }
  for await (const { topic, partition, records } of readWindow(window.alsoReading(other), window.ranges))
    for (const record of records) {
      counter.records++
      compareRecord({ ...record, topic, partition }, both, tally)
    }
}

type ComparedTopic = { readonly topic: string } & TopicDiffNotes

async function compareTopics(
  window: RehearsedWindow,
  options: ReplayOptions,
  counting: Counting,
): Promise<readonly ComparedTopic[]> {
  const { destinations, ranges, progress } = window
  if (options.against !== undefined && destinations.length > 1) {
    const names = destinations.map(({ name }) => name).join(', ')
    throw new TrackbridgeError('TB_USAGE', `--against compares one topic: name one --destination of ${names}`)
  }
  const pairs = destinations.map((entry) => ({ entry, topic: options.against ?? entry.topic }))
  await requireExisting(
    window.admin,
    pairs.map(({ topic }) => topic),
  )
  // The raw records are read again for each destination.
  for (const _again of destinations.slice(1)) progress.extend(offsetsOf(ranges))
  const compared: ComparedTopic[] = []
  for (const { entry, topic } of pairs) compared.push(await compareTopic(window, entry, topic, counting))
  return compared
}

async function compareTopic(
  window: RehearsedWindow,
  { name }: DestinationConfig,
  topic: string,
  { tally, counter }: Counting,
): Promise<ComparedTopic> {
  const { config, admin, ranges, reading, schemas, progress, filter } = window
  counter.records = 0
  const deps = {
    ...reading,
    admin,
    payloadOf: payloadReader(schemas),
    onMoreOffsets: (offsets: number) => progress.extend(offsets),
    rehearse: window.rehearsal(config, [name]),
    onRecord: () => void counter.records++,
  }
  const asking: Pick<TopicDiffOptions, 'isAsked'> =
    filter.keep === undefined ? {} : { isAsked: ({ value }) => filter.keep?.(factsOf(value)) ?? true }
  const { partitioning } = config
  const notes = await compareWithTopic(deps, ranges, { destination: name, topic, partitioning, ...asking }, tally)
  return { topic, ...notes }
}

const factsOf = (value: Buffer) =>
  readOrUndefined(value, (message) => (isJsonObject(message) ? messageFacts(message) : undefined)) ?? {}
