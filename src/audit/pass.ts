// One slice of an audit: its raw records are read and entered, then every output partition that may hold something of them,
// and then it is judged. In: parts of raw partitions. Out: tallies and faults, which the whole audit shares.
import type { Clock } from '../clock.ts'
import type { Admin, ConsumerRecord, HistoryReader, OffsetRange, TopicPartition } from '../kafka/broker.ts'
import type { Partitioning } from '../processor/partitioner.ts'
import { enterTranslated, enterUntranslated, type Expect } from './expectation.ts'
import { judgeSlice, type Judging } from './judge.ts'
import { takeOutput, type OutputRules } from './outputs.ts'
import type { Progress } from './progress.ts'
import { isOfMessages, type Channel, type Scene } from './scene.ts'
import { settle } from './settle.ts'
import { createSlice, placeName, type Entry, type Reading, type Slice } from './slice.ts'
import type { Part } from './slices.ts'

export interface PassDeps {
  readonly admin: Pick<Admin, 'watermarks' | 'offsetsSince'>
  readonly history: Pick<HistoryReader, 'read'>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly progress: Progress
  readonly expect: Expect
  readonly ensureSchemas: (records: readonly ConsumerRecord[], signal: AbortSignal) => Promise<void> | undefined
}

/** What all passes of an audit share. */
export interface Pass extends PassDeps {
  readonly scene: Scene
  readonly rules: OutputRules
  readonly judging: Judging
  readonly partitioning: Partitioning
  /** Output partitions that a pass has read already. */
  readonly read: Set<string>
}

/** Producers' clocks may be ahead of the brokers', by so much where topics are as they come
 *  (message.timestamp.after.max.ms): outputs may bear an earlier time than their raw record. */
export const clockSkewMs = 3_600_000

/** Audits the parts. `isLast`: output partitions that no part belongs to are read now as well. */
export async function runPass(pass: Pass, parts: readonly Part[], { isLast }: { readonly isLast: boolean }) {
  const slice = createSlice(parts, pass.judging.numbers.size)
  let earliestMs = Infinity
  for (const entry of slice.entries) earliestMs = Math.min(earliestMs, await readRaw(pass, entry))
  // Times that lie ahead say nothing of when the outputs were written.
  const sinceMs = earliestMs > pass.clock.now() ? 0 : Math.max(0, earliestMs - clockSkewMs)
  const wanted = wantedPartitions(pass, slice, isLast)
  for (const channel of pass.scene.channels) await readChannel(pass, slice, { channel, wanted, sinceMs })
  await settle(slice, pass, (reading, to) => readOn(pass, slice, { reading, to, isTail: true }))
  await judgeSlice(slice, pass.judging)
}

/** Gives the earliest timestamp among them, in milliseconds since 1970. */
async function readRaw(pass: Pass, entry: Entry): Promise<number> {
  const { part, ledger } = entry
  const { topic, partition } = part.view
  let earliestMs = Infinity
  for await (const batch of readRange(pass, { topic, partition, from: part.from, to: part.to })) {
    const { gone, nextOffset, records } = batch
    if (gone > 0) entry.goneBelow = nextOffset
    if (pass.rules.isTranslated) await pass.ensureSchemas(records, pass.signal)
    for (const record of records) {
      const raw = { ...record, topic, partition }
      earliestMs = Math.min(earliestMs, record.timestamp)
      if (pass.rules.isTranslated) {
        const processed = pass.expect(raw)
        part.view.tally.unrouted += processed.unrouted
        enterTranslated(ledger, raw, processed, pass.judging.numbers)
      } else enterUntranslated(ledger, raw)
    }
  }
  return earliestMs
}

async function* readRange(pass: Pass, range: OffsetRange) {
  if (range.from >= range.to) return
  for await (const batch of pass.history.read(range, pass.signal)) {
    yield batch
    pass.progress.add(batch.nextOffset - batch.fetchedOffset)
  }
}

/** Which partitions of a channel may hold outputs of the slice. */
function wantedPartitions({ partitioning, read }: Pass, slice: Slice, isLast: boolean) {
  const raws = new Set(slice.entries.map(({ part }) => part.view.partition))
  const isOthers = (channel: Channel, partition: number): boolean =>
    isLast && !read.has(placeName({ topic: channel.topic, partition }))
  return (channel: Channel, partition: number): boolean => {
    if (isOthers(channel, partition)) return true
    if (isOfMessages(channel)) return partitioning === 'key' || raws.has(partition)
    return [...raws].some((raw) => raw % channel.partitions.size === partition)
  }
}

interface ChannelReading {
  readonly channel: Channel
  readonly wanted: (channel: Channel, partition: number) => boolean
  /** Outputs of the slice bear this time at the earliest, in milliseconds since 1970. */
  readonly sinceMs: number
}

async function readChannel(pass: Pass, slice: Slice, { channel, wanted, sinceMs }: ChannelReading): Promise<void> {
  const { topic } = channel
  const since = sinceMs === 0 || sinceMs === Infinity ? undefined : await pass.admin.offsetsSince(topic, sinceMs)
  for (const [partition, { earliest, lastStable }] of channel.partitions) {
    if (!wanted(channel, partition)) continue
    const from = Math.min(lastStable, Math.max(earliest, since?.get(partition) ?? earliest))
    const isCut = earliest > 0 && from === earliest
    const reading: Reading = { channel, partition, from, to: from, isCut, sightings: new Map() }
    slice.readings.set(placeName({ topic, partition }), reading)
    pass.progress.plan({ topic, partition }, lastStable - from)
    await readOn(pass, slice, { reading, to: lastStable, isTail: false })
    pass.read.add(placeName({ topic, partition }))
  }
}

interface ReadOn {
  readonly reading: Reading
  readonly to: number
  readonly isTail: boolean
}

async function readOn(pass: Pass, slice: Slice, { reading, to, isTail }: ReadOn): Promise<void> {
  const place: TopicPartition = { topic: reading.channel.topic, partition: reading.partition }
  const how = { ...pass.rules, isTail, isFirst: !isTail && !pass.read.has(placeName(place)) }
  for await (const { records, gone, nextOffset } of readRange(pass, { ...place, from: reading.to, to })) {
    if (gone > 0) reading.isCut = true
    for (const record of records) takeOutput(slice, reading, record, how)
    reading.to = nextOffset
  }
}
