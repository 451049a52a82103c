// What the topics really hold: the last records of each partition, by how they are encoded. In: a broker, the configuration.
// Out: counts for each schema id, described by the registry. Nothing is committed.
import type { Clock } from '../clock.ts'
import type { Config } from '../config/schema.ts'
import type { Broker, ConsumerBatch, BatchContext } from '../kafka/broker.ts'
import { isAvro, schemaIdOf, writerSchema } from '../schemas/avro-value.ts'
import type { OwnSubject } from '../schemas/own-schemas.ts'
import type { Registry } from '../schemas/registry.ts'
import type { Mark } from './output.ts'

/** Records of one topic by encoding, e.g. `{records: 150, json: 20, ids: new Map([[7, 130]])}`. */
export interface TopicSample {
  readonly topic: string
  records: number
  json: number
  readonly ids: Map<number, number>
}

/** `found`: a line for each encoding, e.g. `130 of schema 7, trackbridge.v1.PipelinesMessage`. */
export interface DescribedSample {
  readonly topic: string
  readonly state: Mark
  readonly records: number
  readonly found: readonly string[]
}

const perPartition = 50
const deadlineMs = 30_000
const pollMs = 100

interface SampleDeps {
  readonly broker: Pick<Broker, 'admin' | 'consume'>
  readonly clock: Clock
}

/** Reads up to 50 records of each partition of the topics that exist, the newest ones, within 30 seconds. */
export async function sampleTopics({ broker, clock }: SampleDeps, config: Config): Promise<readonly TopicSample[]> {
  const starts = await readStarts(broker, topicsOf(config))
  const samples = new Map([...starts.keys()].map((topic) => [topic, emptySample(topic)] as const))
  // What is still to be read, by `topic/partition`: where it starts, and where it ends.
  const open = new Map(
    [...starts].flatMap(([topic, ranges]) => ranges.map((range) => [`${topic}/${range.partition}`, range])),
  )
  if (open.size === 0) return [...samples.values()]
  const consumer = await broker.consume(
    {
      group: `${config.kafka.prefix}.schemas-check`,
      topics: [...starts.keys()],
      concurrency: 4,
      sessionTimeoutMs: config.kafka.sessionTimeoutMs,
      maxWaitMs: 100,
      maxBytesPerPartition: 1_048_576,
    },
    {
      onAssignment: () => undefined,
      onBatch: async (batch, context) => take(open, samples, batch, context),
    },
  )
  const endMs = clock.now() + deadlineMs
  while (open.size > 0 && clock.now() < endMs) await clock.sleep(pollMs)
  await consumer.stop()
  return [...samples.values()]
}

const emptySample = (topic: string): TopicSample => ({ topic, records: 0, json: 0, ids: new Map() })

const topicsOf = ({ raw, destinations, deadLetters, unsupported }: Config): readonly string[] => [
  ...raw.topics,
  ...destinations.map(({ topic }) => topic),
  deadLetters.topic,
  unsupported.topic,
]

interface Range {
  readonly partition: number
  readonly start: number
  readonly end: number
}

async function readStarts(broker: Pick<Broker, 'admin'>, topics: readonly string[]) {
  const admin = await broker.admin()
  try {
    const existing = await admin.topics(topics)
    const starts = new Map<string, readonly Range[]>()
    for (const topic of existing.keys()) {
      const ranges = [...(await admin.watermarks(topic))].map(([partition, { earliest, lastStable }]) => {
        return { partition, start: Math.max(earliest, lastStable - perPartition), end: lastStable }
      })
      starts.set(
        topic,
        ranges.filter(({ start, end }) => start < end),
      )
    }
    return starts
  } finally {
    await admin.close()
  }
}

function take(
  open: Map<string, Range>,
  samples: ReadonlyMap<string, TopicSample>,
  batch: ConsumerBatch,
  context: BatchContext,
): void {
  const name = `${batch.topic}/${batch.partition}`
  const range = open.get(name)
  if (range === undefined) return context.resolve(batch.nextOffset)
  if (batch.nextOffset <= range.start) return context.seek(range.start)
  const sample = samples.get(batch.topic)
  for (const { offset, value } of batch.records)
    if (sample !== undefined && offset >= range.start && offset < range.end) count(sample, value)
  context.resolve(batch.nextOffset)
  if (batch.nextOffset >= range.end) open.delete(name)
}

function count(sample: TopicSample, value: Buffer | null): void {
  sample.records++
  const id = isAvro(value) ? schemaIdOf(value) : undefined
  if (id === undefined) sample.json++
  else sample.ids.set(id, (sample.ids.get(id) ?? 0) + 1)
}

/** Asks the registry for the name behind each id. A topic that we write fails where it holds a schema that is not ours or
 *  that the registry does not have; JSON beside Avro is a warning. */
export async function describeSamples(
  registry: Pick<Registry, 'schemaById'>,
  samples: readonly TopicSample[],
  wanted: readonly OwnSubject[],
): Promise<readonly DescribedSample[]> {
  const described: DescribedSample[] = []
  for (const { topic, records, json, ids } of samples) {
    const own = wanted.find((one) => one.topic === topic)
    const found: string[] = json === 0 ? [] : [`${json} in JSON`]
    let state: Mark = own !== undefined && json > 0 ? 'warning' : 'ok'
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
    return found.type === 'AVRO' ? writerSchema(found.schema).name : found.type
  } catch {
    return 'which cannot be understood'
  }
}
