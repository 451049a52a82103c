// Which raw topics a processor reads, and its figures for each. In: a list or a pattern, and the port. Out: what `consume`
// takes: topics to begin with, and for a pattern how to ask again. Ruled by kafka.md, "Topics".
import type { ValueFormat } from '../records/call-source.ts'
import { TrackbridgeError } from '../errors.ts'
import type { CallShape } from '../records/call-mapping.ts'
import { createCallReader, type CallReading, type CallRecord, type DecodeAvro } from '../records/call-source.ts'
import type { Broker, ConsumeOptions, TopicPartition } from '../kafka/broker.ts'

/** Raw topics by name, or by a regular expression of whole names: then those that appear later are read as well. */
export interface RawTopics {
  readonly topics: readonly string[]
  /** Counts in place of `topics`. */
  readonly pattern?: string
  /** Where the parts of a call are found; absent: as in our own raw record. */
  readonly call?: CallShape
  /** The same of single topics. */
  readonly callByTopic?: Readonly<Record<string, CallShape>>
  /** How values are encoded; absent: told by the first byte. */
  readonly format?: ValueFormat
}

/** Of one raw topic: partitions of ours, those of them that cannot go on, and raw records done with since the start. */
export interface TopicFigures {
  readonly partitions: number
  readonly stuck: number
  readonly raw: number
}

type Figures = Readonly<Record<string, TopicFigures>>

interface RawOptions {
  readonly raw: RawTopics
  readonly routes: readonly { readonly topic: string }[]
  readonly deadLetterTopic: string
  readonly unsupportedTopic: string
}

/** Rejects with TB_TOPIC_MISSING when the pattern matches no topic, and as `Admin.topicsMatching` does. */
export async function openRawTopics(
  broker: Pick<Broker, 'admin'>,
  options: RawOptions,
): Promise<Pick<ConsumeOptions, 'topics' | 'renewTopics'>> {
  const { pattern, topics } = options.raw
  if (pattern === undefined) return { topics }
  const renewTopics = (): Promise<readonly string[]> => matching(broker, pattern, options)
  const found = await renewTopics()
  if (found.length > 0) return { topics: found, renewTopics }
  throw new TrackbridgeError(
    'TB_TOPIC_MISSING',
    `no topic matches raw.pattern ${JSON.stringify(pattern)}, which must match whole names: create one, or mend the pattern`,
  )
}

async function matching(
  broker: Pick<Broker, 'admin'>,
  pattern: string,
  { routes, deadLetterTopic, unsupportedTopic }: RawOptions,
): Promise<readonly string[]> {
  // What is read from must not be what is written to, whatever the pattern says: it would never end.
  const written = new Set([...routes.map(({ topic }) => topic), deadLetterTopic, unsupportedTopic])
  const admin = await broker.admin()
  try {
    const names = await admin.topicsMatching(pattern)
    return names.filter((name) => !written.has(name))
  } finally {
    await admin.close()
  }
}

/** Reads calls as the shape of their topic has them. */
export function createTopicReader(
  { call = 'envelope', callByTopic = {}, format }: RawTopics,
  decodeAvro?: DecodeAvro,
): (record: CallRecord & TopicPartition) => CallReading {
  const usual = createCallReader(call, decodeAvro, format)
  const own = Object.entries(callByTopic).map(
    ([topic, shape]) => [topic, createCallReader(shape, decodeAvro, format)] as const,
  )
  if (own.length === 0) return (record) => usual(record)
  const byTopic = new Map(own)
  return (record) => (byTopic.get(record.topic) ?? usual)(record)
}

/** Sums by topic, e.g. of several processes. */
export function addTopicFigures(...parts: readonly Figures[]): Figures {
  const sums = new Map<string, TopicFigures>()
  for (const [name, { partitions, stuck, raw }] of parts.flatMap((part) => Object.entries(part))) {
    const sum = sums.get(name) ?? { partitions: 0, stuck: 0, raw: 0 }
    sums.set(name, { partitions: sum.partitions + partitions, stuck: sum.stuck + stuck, raw: sum.raw + raw })
  }
  return Object.fromEntries(sums)
}

/** By topic. `stuck` has names of partitions, `read` raw records by topic. */
export function topicFigures(
  assigned: readonly TopicPartition[],
  read: ReadonlyMap<string, number>,
  stuck: ReadonlyMap<string, string>,
): Figures {
  const names = new Set([...assigned.map(({ topic }) => topic), ...read.keys()])
  const figures = [...names].toSorted().map((name): [string, TopicFigures] => {
    const partitions = assigned.filter(({ topic }) => topic === name).length
    const stuckHere = [...stuck.keys()].filter((key) => key.startsWith(`${name}/`)).length
    return [name, { partitions, stuck: stuckHere, raw: read.get(name) ?? 0 }]
  })
  return Object.fromEntries(figures)
}
