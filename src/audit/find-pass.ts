// What all steps of a search share, and how it reads: one record, or ranges of output partitions.
import type { Place, Point } from '../history/window.ts'
import type { Admin, ConsumerRecord, HistoryReader, OffsetRange, TopicPartition } from '../kafka/broker.ts'
import type { Partitioning } from '../processor/partitioner.ts'
import type { ReadMeter } from './progress.ts'
import type { Channel, RawView, Scene } from './scene.ts'
import type { Story } from './story.ts'

/** Of one search. */
export interface FindPass {
  readonly admin: Pick<Admin, 'offsetsSince' | 'groupOffsets'>
  readonly history: Pick<HistoryReader, 'read'>
  readonly signal: AbortSignal
  readonly meter: ReadMeter
  readonly scene: Scene
  readonly viewOf: (place: TopicPartition) => RawView | undefined
  readonly from: Point
  readonly partitioning: Partitioning
}

/** A raw record that a story is told of. */
export interface Seed {
  readonly raw: Place
  readonly record: Story['record']
}

/** The record at a place; undefined: there is none. */
export async function readOne(
  pass: FindPass,
  { partitions }: Pick<Channel, 'partitions'>,
  { topic, partition, offset }: Place,
): Promise<ConsumerRecord | undefined> {
  const ends = partitions.get(partition)
  if (ends === undefined || offset < ends.earliest || offset >= ends.lastStable) return undefined
  const range = { topic, partition, from: offset, to: offset + 1 }
  for await (const { records } of pass.history.read(range, pass.signal))
    for (const record of records) if (record.offset === offset) return record
  return undefined
}

/** The records of a range, one by one. */
export async function* readRecords(pass: FindPass, range: OffsetRange): AsyncGenerator<ConsumerRecord> {
  if (range.from >= range.to) return
  pass.meter.extend(range.to - range.from)
  for await (const { records, fetchedOffset, nextOffset } of pass.history.read(range, pass.signal)) {
    yield* records
    pass.meter.add(nextOffset - fetchedOffset)
  }
}

/** The ranges of output partitions that may hold outputs of raw records, from a time on. */
export async function rangesSince(
  pass: FindPass,
  { topic, partitions }: Channel,
  { sinceMs, isWanted }: { readonly sinceMs: number; readonly isWanted: (place: TopicPartition) => boolean },
): Promise<readonly OffsetRange[]> {
  const since = sinceMs > 0 ? await pass.admin.offsetsSince(topic, sinceMs) : undefined
  return [...partitions].flatMap(([partition, { earliest, lastStable }]) =>
    isWanted({ topic, partition })
      ? [{ topic, partition, from: Math.max(earliest, since?.get(partition) ?? earliest), to: lastStable }]
      : [],
  )
}
