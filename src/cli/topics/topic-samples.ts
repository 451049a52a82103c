// What the topics really hold: the last records of each partition, by how they are encoded. In: a broker, the configuration.
// Out: counts for each schema id, described by the registry. No group is joined and nothing committed.
import type { Clock } from '../../clock.ts'
import type { Config } from '../../config/schema.ts'
import type { Admin, Broker, HistoryReader, OffsetRange } from '../../kafka/broker.ts'
import { rawTopicNames } from '../../kafka/wanted-topics.ts'
import { isAvro, schemaIdOf, writerSchema } from '../../schemas/avro-value.ts'
import type { OwnSubject } from '../../schemas/own-schemas.ts'
import type { Registry } from '../../schemas/registry.ts'
import type { Mark } from '../output.ts'

/** Records of one topic by encoding, e.g. `{records: 150, json: 20, ids: new Map([[7, 130]]), isCut: false}`. */
export interface TopicSample {
  readonly topic: string
  readonly records: number
  readonly json: number
  readonly ids: ReadonlyMap<number, number>
  /** Time ran out before all of its partitions had been read. */
  readonly isCut: boolean
}

/** `found`: a line for each encoding, e.g. `130 of schema 7, trackbridge.v1.PipelinesMessage`. */
export interface DescribedSample {
  readonly topic: string
  readonly state: Mark
  readonly records: number
  readonly found: readonly string[]
}

const perPartition = 50
/** Offsets that are looked back for them: transactions, aborted records and compaction take offsets as well. */
const farthest = 20_000
const deadlineMs = 30_000
const sideBySide = 8

interface SampleDeps {
  readonly broker: Pick<Broker, 'admin' | 'history'>
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** How one record is encoded: the id of its schema, or JSON. */
type Encoding = number | 'json'

/** Reads the last 50 records of each partition of the topics that exist, in 30 seconds at most. Rejects with TB_KAFKA_*,
 *  and with the signal's reason. */
export async function sampleTopics(deps: SampleDeps, config: Config): Promise<readonly TopicSample[]> {
  const partitions = await existingPartitions(deps.broker, config)
  const found = new Map([...partitions.keys()].map((topic) => [topic, [] as Encoding[]] as const))
  const cut = new Set<string>()
  const waiting = [...partitions.values()].flat()
  const [over, done] = [new AbortController(), new AbortController()]
  const signal = AbortSignal.any([deps.signal, over.signal])
  const reader = await deps.broker.history()
  void deps.clock.sleep(deadlineMs, done.signal).then(() => over.abort())
  const work = async (): Promise<void> => {
    for (let range = waiting.shift(); range !== undefined; range = waiting.shift())
      try {
        found.get(range.topic)?.push(...(await lastEncodings(reader, range, signal)))
      } catch (error) {
        if (!over.signal.aborted || deps.signal.aborted) throw error
        cut.add(range.topic)
      }
  }
  try {
    await Promise.all(Array.from({ length: sideBySide }, work))
  } finally {
    done.abort()
    await reader.close()
  }
  return [...found].map(([topic, encodings]) => toSample(topic, encodings, cut.has(topic)))
}

async function existingPartitions(
  broker: Pick<Broker, 'admin'>,
  config: Config,
): Promise<ReadonlyMap<string, readonly OffsetRange[]>> {
  const admin = await broker.admin()
  try {
    const existing = await admin.topics(await topicsOf(admin, config))
    const ranges = [...existing.keys()].map(async (topic) => [topic, await rangesOf(admin, topic)] as const)
    return new Map(await Promise.all(ranges))
  } finally {
    await admin.close()
  }
}

async function topicsOf(admin: Admin, config: Config): Promise<readonly string[]> {
  const { destinations, deadLetters, unsupported } = config
  const raws = await rawTopicNames(admin, config)
  return [
    ...raws,
    ...destinations.flatMap(({ topic, backfill }) => [topic, backfill?.topic ?? []].flat()),
    deadLetters.topic,
    unsupported.topic,
  ]
}

async function rangesOf(admin: Admin, topic: string): Promise<readonly OffsetRange[]> {
  const watermarks = [...(await admin.watermarks(topic))]
  return watermarks.map(([partition, { earliest, lastStable }]) => ({
    topic,
    partition,
    from: earliest,
    to: lastStable,
  }))
}

/** Of the last records of a partition: from its end backwards, in ever larger steps until there are enough. */
async function lastEncodings(
  reader: HistoryReader,
  { topic, partition, from: earliest, to: end }: OffsetRange,
  signal: AbortSignal,
): Promise<readonly Encoding[]> {
  let found: readonly Encoding[] = []
  let step = perPartition
  for (let to = end; found.length < perPartition && to > earliest && end - to < farthest; step *= 4) {
    const from = Math.max(earliest, to - step)
    const older: Encoding[] = []
    for await (const { records } of reader.read({ topic, partition, from, to }, signal))
      older.push(...records.map(({ value }) => encodingOf(value)))
    found = [...older, ...found].slice(-perPartition)
    to = from
  }
  return found
}

const encodingOf = (value: Buffer | null): Encoding => (isAvro(value) ? schemaIdOf(value) : undefined) ?? 'json'

function toSample(topic: string, encodings: readonly Encoding[], isCut: boolean): TopicSample {
  const ids = new Map<number, number>()
  for (const id of encodings) if (id !== 'json') ids.set(id, (ids.get(id) ?? 0) + 1)
  const json = encodings.filter((encoding) => encoding === 'json').length
  return { topic, records: encodings.length, json, ids, isCut }
}

/** Asks the registry for the name behind each id. A topic that we write fails where it holds a schema that is not ours or
 *  that the registry does not have; JSON beside Avro, and a topic that was not read to its end, is a warning. */
export async function describeSamples(
  registry: Pick<Registry, 'schemaById'>,
  samples: readonly TopicSample[],
  wanted: readonly OwnSubject[],
): Promise<readonly DescribedSample[]> {
  const described: DescribedSample[] = []
  for (const { topic, records, json, ids, isCut } of samples) {
    const own = wanted.find((one) => one.topic === topic)
    const found: string[] = json === 0 ? [] : [`${json} in JSON`]
    if (isCut) found.push(`not all partitions were read within ${deadlineMs / 1_000} seconds`)
    let state: Mark = isCut || (own !== undefined && json > 0) ? 'warning' : 'ok'
    for (const [id, of] of ids) {
      const name = await nameOf(registry, id)
      found.push(`${of} of schema ${id}, ${name ?? 'which the registry does not have'}`)
      if (name === undefined || (own !== undefined && name !== `trackbridge.v1.${own.schemaName}`)) state = 'failed'
    }
    described.push({ topic, state, records, found })
  }
  return described
}

async function nameOf(registry: Pick<Registry, 'schemaById'>, id: number): Promise<string | undefined> {
  const found = await registry.schemaById(id)
  if (found === null) return undefined
  try {
    return found.type === 'AVRO' ? writerSchema(found.schema, found.parts).name : found.type
  } catch {
    return 'which cannot be understood'
  }
}
