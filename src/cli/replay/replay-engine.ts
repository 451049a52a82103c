// The engine of a replay: the stream processor or the sink as they always are, behind a broker that ends with the window.
// In: the job, its pace. Out: an engine, and what came of the records so far.
import type { Pace } from '../../replay/pace.ts'
import { messageFacts } from '../../replay/message-facts.ts'
import type { StoredReplay } from '../../replay/replay-store.ts'
import { windowedBroker, type RecordChoice, type WindowedDeps } from '../../replay/windowed-broker.ts'
import type { Engine } from '../run/engines.ts'
import { openProcessorEngine, shortCounts, type EngineDeps } from '../run/processor-engine.ts'
import type { OpenedReplay } from './replay-opening.ts'
import { openSchemas, type SchemaUse } from '../run/schema-use.ts'
import { openSinkEngine, sinkOptions } from '../run/sink-engine.ts'

/** Figures of this process, by name, e.g. `{translated: 12, deadLetters: 1}`. */
export type Outcomes = Readonly<Record<string, number>>

export interface ReplayEngine extends Engine {
  outcomes(): Outcomes
  /** Records written, by topic; of a translate replay. */
  written(): Outcomes
}

export interface ReplayParts extends EngineDeps {
  readonly name: string
  readonly group: string
  readonly pace: Pace
  readonly readEnds: WindowedDeps['readEnds']
}

export function openReplayEngine(
  parts: ReplayParts,
  opened: Pick<OpenedReplay, 'job' | 'filter'>,
  replay: StoredReplay,
): Promise<ReplayEngine> {
  return opened.job.stage === 'translate' ? openTranslating(parts, opened, replay) : openForwarding(parts, opened)
}

async function openTranslating(
  parts: ReplayParts,
  { job, filter }: Pick<OpenedReplay, 'job' | 'filter'>,
  { note }: StoredReplay,
): Promise<ReplayEngine> {
  const { group } = parts
  const engine = await openProcessorEngine(
    { ...parts, broker: windowedBroker(parts) },
    { ...job.config, raw: { ...job.config.raw, topics: [...note.topics] } },
    { group, ...(filter.select === undefined ? {} : { select: filter.select }) },
  )
  return {
    ...engine,
    name: 'replay',
    outcomes() {
      const { written: _written, ...counts } = shortCounts(engine.status().counts)
      return counts
    },
    written: () => engine.status().counts.written,
  }
}

async function openForwarding(
  parts: ReplayParts,
  { job, filter }: Pick<OpenedReplay, 'job' | 'filter'>,
): Promise<ReplayEngine> {
  let filtered = 0
  const schemas = openSchemas(parts, job.config)
  const choice = filter.keep && choiceOf(filter.keep, schemas, (records) => (filtered += records))
  const options = sinkOptions(job.config)
  // With all processes of the replay together: the rate is that of the lane.
  const destinations = options.destinations.map((one) => ({
    ...one,
    group: parts.group,
    laneOf: one.name,
    isRateShared: true,
  }))
  const engine = await openSinkEngine(
    { ...parts, broker: windowedBroker({ ...parts, ...(choice && { choice }) }) },
    job.config,
    [],
    { ...options, destinations },
  )
  return {
    ...engine,
    name: 'replay',
    outcomes() {
      const { delivered = 0, rejected = 0, requests = 0, retries = 0 } = engine.status()[0]?.counters ?? {}
      return { delivered, rejected, requests, retries, ...(filtered > 0 ? { filtered } : {}) }
    },
    written: () => ({}),
  }
}

function choiceOf(
  keep: (facts: ReturnType<typeof messageFacts>) => boolean,
  schemas: SchemaUse | undefined,
  onLeftOut: (records: number) => void,
): RecordChoice {
  const cache = schemas?.cache
  const readPayload = (value: Buffer): Buffer | undefined => {
    const read = cache?.payload(value)
    return read?.ok ? read.payload : undefined
  }
  return {
    ...(cache && { ensure: (records, signal) => cache.ensure(records, signal) }),
    keep: ({ value }) => keep(messageFacts(value, readPayload)),
    onLeftOut,
  }
}
