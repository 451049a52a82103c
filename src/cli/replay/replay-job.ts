// What a replay works on. In: the configuration, what was asked for. Out: the topics of its window, the configuration under
// which its engine runs, where it writes, the live groups it may delay. Pure. Ruled by docs/replay.md.
import { backfillRate } from '../../config/destination-schema.ts'
import type { Config, DestinationConfig, SinkConfig } from '../../config/schema.ts'
import { TrackbridgeError } from '../../errors.ts'
import type { LiveGroup } from '../../replay/live-lag.ts'
import type { ReplayRequest } from '../../replay/replay-note.ts'
import { sinkGroup } from '../../sink/sink.ts'
import { processGroup } from '../group-names.ts'

/** Without its window. */
export type JobRequest = Omit<ReplayRequest, 'from' | 'to'>

export interface ReplayJob {
  readonly stage: ReplayRequest['stage']
  /** The configuration of the engine: only the destinations of the replay, with the topics it writes to, or the rate it
   *  forwards at. */
  readonly config: Config
  /** Topics it writes messages to, with the destinations that they are of. */
  readonly outputs: readonly { readonly destination: string; readonly topic: string }[]
  /** How messages of its destinations are forwarded, now or by whoever reads the topics. */
  readonly forwarding: readonly Forwarding[]
  /** Those that --pause-when-lag-above is about. */
  readonly liveGroups: readonly LiveGroup[]
}

export interface Forwarding {
  readonly destination: string
  readonly requestsPerSecond: number
  readonly maxBatchMessages: number
}

/** Topics that a replay may read, by its stage: where it is looked for by its name. */
export const replayableTopics = ({ destinations }: Config, raws: readonly string[]) => ({
  raw: raws,
  destinations: destinations.map(({ topic }) => topic),
})

/** `raws`: the raw topics, those that match where the configuration has a pattern. TB_USAGE for destinations and lanes that
 *  do not exist. */
export function replayJob(config: Config, request: JobRequest, raws: readonly string[]): ReplayJob {
  return request.stage === 'translate' ? translateJob(config, request, raws) : forwardJob(config, request)
}

/** The topics whose window a job replays. */
export const windowTopics = ({ stage, config }: Pick<ReplayJob, 'stage' | 'config'>): readonly string[] =>
  stage === 'translate' ? config.raw.topics : config.destinations.map(({ topic }) => topic)

function translateJob(config: Config, request: JobRequest, raws: readonly string[]): ReplayJob {
  const chosen = chooseDestinations(config.destinations, request.destinations)
  const targets = chosen.map((entry) => ({ entry, topic: targetOf(entry, request) }))
  if (request.toTopic !== undefined && chosen.length !== 1)
    throw usage(`--to-topic needs one --destination, whose messages are written there; there are: ${namesOf(chosen)}`)
  const isLive = ({ entry, topic }: (typeof targets)[number]): boolean => topic === entry.topic
  const { kafka } = config
  const { pattern: _pattern, ...raw } = config.raw
  return {
    stage: 'translate',
    config: {
      ...config,
      raw: { ...raw, topics: [...raws] },
      destinations: targets.map(({ entry: { backfill: _lane, ...entry }, topic }) => ({ ...entry, topic })),
    },
    outputs: targets.map(({ entry, topic }) => ({ destination: entry.name, topic })),
    forwarding: targets.flatMap((target) => forwardingOf(target.entry, isLive(target))),
    liveGroups: [
      { group: processGroup(kafka.prefix), topics: raws },
      ...targets
        .filter((target) => isLive(target) && target.entry.sink !== undefined)
        .map(({ entry }) => ({ group: sinkGroup(kafka.prefix, entry.name), topics: [entry.topic] })),
    ],
  }
}

function targetOf({ name, topic, backfill }: DestinationConfig, { into, toTopic }: JobRequest): string {
  if (toTopic !== undefined) return toTopic
  if (into === 'live') return topic
  if (into === 'backfill' && backfill === undefined)
    throw usage(
      `--into backfill: destination "${name}" has no backfill lane; add "backfill: {}" to it, or use --into live`,
    )
  return backfill?.topic ?? topic
}

function forwardingOf({ name, sink, backfill }: DestinationConfig, isLive: boolean): readonly Forwarding[] {
  if (sink === undefined) return []
  const { requestsPerSecond, maxBatchMessages } = sink.limits
  const lane = isLive ? requestsPerSecond : (backfill?.requestsPerSecond ?? requestsPerSecond)
  return [{ destination: name, requestsPerSecond: lane, maxBatchMessages }]
}

function forwardJob(config: Config, request: JobRequest): ReplayJob {
  const withSink = config.destinations.filter(({ sink }) => sink !== undefined)
  const [entry, ...others] = chooseDestinations(withSink, request.destinations)
  if (entry?.sink === undefined) throw usage('no destination has a "sink" in the configuration')
  if (others.length > 0) throw usage(`--stage forward takes one --destination; there are: ${namesOf(withSink)}`)
  const { backfill, ...own } = entry
  const requestsPerSecond = backfill?.requestsPerSecond ?? backfillRate(entry.sink.limits.requestsPerSecond)
  const sink: SinkConfig = { ...entry.sink, limits: { ...entry.sink.limits, requestsPerSecond } }
  return {
    stage: 'forward',
    config: { ...config, destinations: [{ ...own, sink }] },
    outputs: [],
    forwarding: [{ destination: entry.name, requestsPerSecond, maxBatchMessages: sink.limits.maxBatchMessages }],
    liveGroups: [{ group: sinkGroup(config.kafka.prefix, entry.name), topics: [entry.topic] }],
  }
}

function chooseDestinations(
  known: readonly DestinationConfig[],
  names: readonly string[],
): readonly DestinationConfig[] {
  const unknown = names.find((name) => !known.some((entry) => entry.name === name))
  if (unknown !== undefined) throw usage(`no destination is called "${unknown}" here; there are: ${namesOf(known)}`)
  return names.length === 0 ? known : known.filter(({ name }) => names.includes(name))
}

const namesOf = (entries: readonly DestinationConfig[]): string => entries.map(({ name }) => name).join(', ') || 'none'

const usage = (message: string): TrackbridgeError => new TrackbridgeError('TB_USAGE', message)
