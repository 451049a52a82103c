// `trackbridge replay --dry-run`: reads and translates a window, writes nothing, and reports counts by outcome, type and
// reason, what forwarding would take, and samples. With --stage forward it reads the destinations' topics. Ruled by
// product.md, "Commands".
import type { Command } from 'commander'
import { backfillRate } from '../../config/destination-schema.ts'
import type { DestinationConfig } from '../../config/schema.ts'
import { rehearseForward } from '../../replay/dry-run-forward.ts'
import { createDryRun, estimateForward, type DestinationCounts } from '../../replay/dry-run.ts'
import { readWindow, type RawRecord, type Rehearsed } from '../../replay/translate-window.ts'
import { isAvro } from '../../schemas/avro-value.ts'
import type { SchemaCache } from '../../schemas/schema-cache.ts'
import type { CliContext } from '../context.ts'
import { dryRunJson, dryRunText, type DryRunDestination, type DryRunReport } from './replay-dry-run-text.ts'
import { cutText, offsetsOf, withWindow, type RehearsedWindow } from './replay-dry-run-window.ts'
import type { ReplayOptions } from './replay-options.ts'

/** Prints the report. Throws TB_USAGE, TB_CONFIG_* and TB_KAFKA_*. */
export async function runDryRun(context: CliContext, command: Command, options: ReplayOptions): Promise<void> {
  const report = await withWindow(context, command, options, async (window) => dryRun(window, options))
  const { output } = context
  if (options.json) output.printJson(dryRunJson(report))
  else output.print(dryRunText(report, (style, text) => output.paint(style, text)))
}

async function dryRun(window: RehearsedWindow, options: ReplayOptions): Promise<DryRunReport> {
  const { ranges, reading, destinations } = window
  const names = destinations.map(({ name }) => name)
  const run = createDryRun(names, { samples: options.samples === false ? 0 : options.samples })
  const rehearse = options.stage === 'forward' ? forwarding(window) : window.rehearsal(window.config, names)
  for await (const { topic, partition, records } of readWindow(reading, ranges))
    for (const record of records) {
      const raw = { ...record, topic, partition }
      run.add(raw, rehearse(raw))
    }
  const counts = run.counts()
  return {
    stage: options.stage ?? 'translate',
    partitions: ranges.length,
    offsets: offsetsOf(ranges),
    cut: cutText(ranges),
    counts,
    destinations: counts.destinations.flatMap((sum) => {
      const entry = destinations.find(({ name }) => name === sum.name)
      return entry === undefined ? [] : [withForward(sum, entry, options)]
    }),
  }
}

function forwarding({ destinations, schemas, filter }: RehearsedWindow): (raw: RawRecord) => Rehearsed {
  const names = new Map(destinations.map(({ name, topic }) => [topic, name]))
  const destinationOf = (topic: string): string => names.get(topic) ?? topic
  return (raw) => rehearseForward(raw, { destinationOf, payloadOf: payloadReader(schemas), keep: filter.keep })
}

/** Values of a destination topic, in either format. */
export function payloadReader(schemas: SchemaCache | undefined): (value: Buffer) => Buffer | undefined {
  return (value) => {
    if (!isAvro(value)) return value
    const found = schemas?.payload(value)
    return found?.ok ? found.payload : undefined
  }
}

function withForward(sum: DestinationCounts, entry: DestinationConfig, options: ReplayOptions): DryRunDestination {
  const { topic, requestsPerSecond } = laneOf(entry, options)
  if (entry.sink === undefined) return { ...sum, topic, forward: undefined }
  const { limits } = entry.sink
  const rate = requestsPerSecond ?? limits.requestsPerSecond
  const estimate = estimateForward(sum, { ...limits, requestsPerSecond: rate })
  return { ...sum, topic, forward: { ...estimate, requestsPerSecond: rate, maxSingleBytes: limits.maxSingleBytes } }
}

/** Where messages would go, and how fast they are forwarded from there; absent: as fast as live ones. */
function laneOf(
  { topic, backfill, sink }: DestinationConfig,
  { stage, into, toTopic }: ReplayOptions,
): { readonly topic: string; readonly requestsPerSecond?: number | undefined } {
  if (stage === 'forward')
    return { topic, requestsPerSecond: backfill?.requestsPerSecond ?? backfillRate(sink?.limits.requestsPerSecond) }
  if (toTopic !== undefined) return { topic: toTopic }
  return into === 'live' || backfill === undefined ? { topic } : backfill
}
