// The outputs of a few raw records, wherever they stand: every partition that may hold one is read once. In: raw records.
// Out: by raw record its outputs, and how far each message got.
import { placeText, type Place } from '../history/window.ts'
import type { ConsumerRecord, TopicPartition } from '../kafka/broker.ts'
import { rangesSince, readRecords, type FindPass, type Seed } from './find-pass.ts'
import { clockSkewMs } from './pass.ts'
import { provenanceOf, reasonOf, type Provenance } from './provenance.ts'
import { isOfMessages, type Channel } from './scene.ts'
import type { Fate, ToldOutput } from './story.ts'

type Letter = ToldOutput['letters'][number]

/** An output before it is known which dead letters its sink wrote. */
interface Found {
  readonly seed: Seed
  readonly channel: Channel
  readonly output: Omit<ToldOutput, 'fate' | 'letters'>
}

/** In order of topics and places. */
export async function collectOutputs(
  pass: FindPass,
  seeds: readonly Seed[],
): Promise<ReadonlyMap<Seed, readonly ToldOutput[]>> {
  const found = await findOutputs(pass, seeds)
  const letters = await sinkLetters(pass, seeds, found)
  const stories = new Map<Seed, ToldOutput[]>()
  for (const { seed, channel, output } of found) {
    const own = letters.get(placeText(output.place)) ?? []
    const told = { ...output, letters: own, fate: fateOf(channel, output.place, own) }
    stories.set(seed, [...(stories.get(seed) ?? []), told])
  }
  return stories
}

async function findOutputs(pass: FindPass, seeds: readonly Seed[]): Promise<readonly Found[]> {
  const byPlace = new Map(seeds.map((seed) => [placeText(seed.raw), seed]))
  const found: Found[] = []
  if (seeds.length === 0) return found
  for (const channel of pass.scene.channels)
    for await (const { place, record } of recordsFor(pass, seeds, channel)) {
      const provenance = provenanceOf(record)
      const { source, isMark } = provenance
      const seed = source === undefined || isMark ? undefined : byPlace.get(placeText(source))
      if (seed !== undefined) found.push({ seed, channel, output: toOutput(channel, { place, record, provenance }) })
    }
  return found
}

interface Read {
  readonly place: Place
  readonly record: ConsumerRecord
  readonly provenance: Provenance
}

function toOutput(channel: Channel, { place, record, provenance }: Read): Found['output'] {
  const { replay = null, messageId = null, type = null } = provenance
  const told = { place, record, messageId, type, replay }
  if (isOfMessages(channel)) return { ...told, kind: 'message', destination: channel.name, reason: null }
  const kind = channel.kind === 'unsupported' ? 'unsupported' : 'dead-letter'
  return { ...told, kind, destination: null, reason: reasonOf(record.value) ?? null }
}

/** Dead letters of sinks, by the place of the message that they speak of. */
async function sinkLetters(
  pass: FindPass,
  seeds: readonly Seed[],
  found: readonly Found[],
): Promise<ReadonlyMap<string, readonly Letter[]>> {
  const messages = new Set(
    found.filter(({ channel }) => isOfMessages(channel)).map(({ output }) => placeText(output.place)),
  )
  const letters = new Map<string, Letter[]>()
  const channel = pass.scene.channels.find(({ kind }) => kind === 'dead-letters')
  if (channel === undefined || messages.size === 0) return letters
  for await (const { place, record } of recordsFor(pass, seeds, channel)) {
    const { source, isMark } = provenanceOf(record)
    const name = source === undefined || isMark ? undefined : placeText(source)
    if (name === undefined || !messages.has(name)) continue
    letters.set(name, [...(letters.get(name) ?? []), { place, record, reason: reasonOf(record.value) ?? null }])
  }
  return letters
}

function fateOf({ kind, sink }: Channel, { partition, offset }: Place, letters: readonly Letter[]): Fate | null {
  if (!isOfMessages({ kind })) return null
  if (sink === undefined) return 'no sink'
  if (letters.length > 0) return 'dead-lettered'
  return offset < (sink.get(partition) ?? 0) ? 'forwarded' : 'waiting'
}

/** The records of a topic that may be outputs of the seeds. */
async function* recordsFor(
  pass: FindPass,
  seeds: readonly Seed[],
  channel: Channel,
): AsyncGenerator<{ readonly place: Place; readonly record: ConsumerRecord }> {
  const times = seeds.map(({ record }) => (typeof record === 'string' ? 0 : record.timestamp))
  const sinceMs = Math.min(...times) - clockSkewMs
  const isWanted = ({ partition }: TopicPartition): boolean =>
    pass.partitioning === 'key' ||
    seeds.some(({ raw }) =>
      isOfMessages(channel) ? raw.partition === partition : raw.partition % channel.partitions.size === partition,
    )
  for (const range of await rangesSince(pass, channel, { sinceMs, isWanted }))
    for await (const record of readRecords(pass, range))
      yield { place: { topic: range.topic, partition: range.partition, offset: record.offset }, record }
}
