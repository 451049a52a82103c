// What an audit looks at: the raw partitions with their windows, the topics that outputs stand on, how far the consumer
// groups are. In: the admin port. Out: ends that do not move any more, asked for in an order that makes them fit together.
// Ruled by kafka.md, "Exactly-once".
import type { Admin, Broker, TopicInfo, TopicPartition, Watermarks } from '../kafka/broker.ts'
import { resolveWindow, type Point, type WindowRange } from '../history/window.ts'
import { openRawTopics, type RawTopics } from '../processor/raw-topics.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Route } from '../processor/routing.ts'
import { emptyTally, type Tally } from './tally.ts'

/** A destination that is audited. */
export interface AuditedDestination {
  readonly name: string
  readonly route: Route
  /** The group of its sink; absent: it has none. */
  readonly sinkGroup?: string | undefined
  /** The topic of its replays, and the group that forwards it; absent: it has none. */
  readonly backfill?: { readonly topic: string; readonly sinkGroup?: string | undefined } | undefined
}

export interface SceneOptions {
  readonly from: Point
  readonly to: Point
  readonly raw: RawTopics
  readonly destinations: readonly AuditedDestination[]
  /** All that `process` writes to, audited or not. */
  readonly routes: readonly Route[]
  readonly deadLetterTopic: string
  readonly unsupportedTopic: string
  /** The group of `process`. */
  readonly group: string
}

/** One raw partition. The window is judged from `from` up to `to`: what `process` has not committed is left out. */
export interface RawView extends TopicPartition {
  readonly from: number
  readonly to: number
  /** Where the window itself ends. */
  readonly windowTo: number
  readonly earliest: number
  /** Retention has taken records of the window, or may have. */
  readonly isCut: boolean
  /** The last stable offset, asked for after those of the outputs: no output that is read comes from behind it. */
  readonly end: number
  /** Compacted: records are missing on purpose. */
  readonly isCompacted: boolean
  readonly tally: Tally
}

/** `backfill`: messages that replays wrote, to a topic of their own. */
export type ChannelKind = 'destination' | 'backfill' | 'dead-letters' | 'unsupported'

/** One topic that outputs stand on. */
export interface Channel {
  readonly kind: ChannelKind
  /** Of a destination and its backfill its number and name; -1 and the topic for others. */
  readonly destination: number
  readonly name: string
  readonly topic: string
  readonly partitions: ReadonlyMap<number, Watermarks>
  readonly isCompacted: boolean
  /** What the sink has committed, by partition; undefined: there is no sink. */
  readonly sink: ReadonlyMap<number, number> | undefined
}

export interface Scene {
  /** In order of topic and partition. */
  readonly views: readonly RawView[]
  readonly channels: readonly Channel[]
}

/** Rejects with TB_TOPIC_MISSING, TB_USAGE (window.ts) and TB_KAFKA_*. */
export async function surveyScene(admin: Admin, broker: Pick<Broker, 'admin'>, options: SceneOptions): Promise<Scene> {
  const { topics } = await openRawTopics(broker, options)
  const infos = await readInfos(admin, [
    ...topics.map((topic) => ({ topic, isOptional: false })),
    ...channelTopics(options),
  ])
  // The order matters. What was committed before the ends of the outputs are asked for stands before those ends, but for
  // markers that are still being written (settle.ts); sinks write dead letters of messages that are there; and outputs
  // come from raw records that are there.
  const ranges = await resolveWindow(admin, topics, options)
  const committed = await byTopic(topics, (topic) => admin.groupOffsets(options.group, topic))
  const channels = await readChannels(admin, infos, options)
  const ends = await byTopic(topics, (topic) => admin.watermarks(topic))
  const views = ranges.map((range): RawView => {
    const { topic, partition } = range
    const next = committed.get(topic)?.get(partition) ?? range.from
    return {
      ...windowOf(range, next),
      end: ends.get(topic)?.get(partition)?.lastStable ?? range.to,
      isCompacted: isCompacted(infos.get(topic)),
      tally: emptyTally(options.destinations.length),
    }
  })
  return { views, channels }
}

function windowOf({ topic, partition, from, to, earliest, isCut }: WindowRange, committed: number) {
  return { topic, partition, from, to: Math.max(from, Math.min(to, committed)), windowTo: to, earliest, isCut }
}

interface ChannelName extends Pick<Channel, 'kind' | 'destination' | 'name' | 'topic'> {
  readonly sinkGroup?: string | undefined
  /** It is looked at where it exists. */
  readonly isOptional: boolean
}

/** Whether messages stand there. */
export const isOfMessages = ({ kind }: Pick<Channel, 'kind'>): boolean => kind === 'destination' || kind === 'backfill'

// Dead letters first: those of sinks name messages.
function channelTopics({ destinations, deadLetterTopic, unsupportedTopic }: SceneOptions): readonly ChannelName[] {
  return [
    letters('dead-letters', deadLetterTopic),
    letters('unsupported', unsupportedTopic),
    ...destinations.flatMap(({ name, route, sinkGroup, backfill }, destination): readonly ChannelName[] => [
      { kind: 'destination', destination, name, topic: route.topic, sinkGroup, isOptional: false },
      ...(backfill === undefined
        ? []
        : [{ kind: 'backfill', destination, name, ...backfill, isOptional: true } as const]),
    ]),
  ]
}

const letters = (kind: 'dead-letters' | 'unsupported', topic: string): ChannelName => ({
  kind,
  destination: -1,
  name: topic,
  topic,
  isOptional: false,
})

async function readChannels(
  admin: Admin,
  infos: ReadonlyMap<string, TopicInfo>,
  options: SceneOptions,
): Promise<readonly Channel[]> {
  const channels: Channel[] = []
  for (const { sinkGroup, isOptional: _, ...name } of channelTopics(options)) {
    if (!infos.has(name.topic)) continue
    channels.push({
      ...name,
      sink: sinkGroup === undefined ? undefined : await admin.groupOffsets(sinkGroup, name.topic),
      partitions: await admin.watermarks(name.topic),
      isCompacted: isCompacted(infos.get(name.topic)),
    })
  }
  return channels
}

async function readInfos(
  admin: Admin,
  wanted: readonly { readonly topic: string; readonly isOptional: boolean }[],
): Promise<ReadonlyMap<string, TopicInfo>> {
  const infos = await admin.topics(wanted.map(({ topic }) => topic))
  const missing = wanted.filter(({ topic, isOptional }) => !isOptional && !infos.has(topic))
  if (missing.length === 0) return infos
  throw new TrackbridgeError(
    'TB_TOPIC_MISSING',
    `these topics do not exist: ${missing.map(({ topic }) => topic).join(', ')}`,
  )
}

const isCompacted = (info: TopicInfo | undefined): boolean =>
  info?.settings['cleanup.policy']?.includes('compact') ?? false

async function byTopic<T>(
  topics: readonly string[],
  ask: (topic: string) => Promise<T>,
): Promise<ReadonlyMap<string, T>> {
  const answers = new Map<string, T>()
  for (const topic of topics) answers.set(topic, await ask(topic))
  return answers
}
