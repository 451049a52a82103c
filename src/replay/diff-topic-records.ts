// The records of a topic that a window of raw records may have become: several partitions side by side, in about the order
// in which they were written. In: the port, partitions, the time of the first raw record. Out: batches. Messages are never
// older than their raw record, so that reading begins there and not at the beginning of the topic.
import type { Place } from '../history/window.ts'
import type { Admin, OffsetRange, RangeBatch, TopicPartition, Watermarks } from '../kafka/broker.ts'
import { headersOf, type RecordHeaders } from '../records/headers.ts'
import { readWindow, type ReadDeps } from './translate-window.ts'

/** Clocks of producers may run before those of brokers, and their records be out of order, by so much. */
const marginMs = 3_600_000

/** From the first record that may belong to a raw record of `sinceMs` to the last stable offset. `isCut`: retention has
 *  taken records that may have belonged to it. */
export async function topicRanges(
  admin: Pick<Admin, 'watermarks' | 'offsetsSince'>,
  topic: string,
  partitions: ReadonlySet<number>,
  sinceMs: number,
): Promise<{ readonly ranges: readonly OffsetRange[]; readonly isCut: boolean }> {
  const ends = await admin.watermarks(topic)
  const since = await admin.offsetsSince(topic, Math.max(0, sinceMs - marginMs))
  const ranges = [...ends].flatMap(([partition, kept]) =>
    partitions.has(partition) ? [toRange({ topic, partition }, kept, since.get(partition))] : [],
  )
  const isCut = ranges.some(({ partition, from }) => from > 0 && from === ends.get(partition)?.earliest)
  return { ranges: ranges.filter(({ from, to }) => from < to), isCut }
}

function toRange(where: TopicPartition, { earliest, lastStable }: Watermarks, since = lastStable): OffsetRange {
  return { ...where, from: Math.min(lastStable, Math.max(earliest, since)), to: lastStable }
}

/** Batches of all ranges; the one whose first record is the oldest comes next. */
export async function* mergeBatches(deps: ReadDeps, ranges: readonly OffsetRange[]): AsyncGenerator<RangeBatch> {
  const readers = ranges.map((range) => readWindow(deps, [range]))
  try {
    const heads = await Promise.all(readers.map(async (reader) => reader.next()))
    for (;;) {
      const index = oldest(heads)
      const head = heads[index]
      const reader = readers[index]
      if (head === undefined || reader === undefined || head.done) return
      yield head.value
      heads[index] = await reader.next()
    }
  } finally {
    for (const reader of readers) await reader.return(undefined)
  }
}

function oldest(heads: readonly IteratorResult<RangeBatch, unknown>[]): number {
  let [found, time] = [-1, Infinity]
  for (const [index, head] of heads.entries()) {
    if (head.done) continue
    const first = head.value.records[0]?.timestamp ?? -Infinity
    if (found >= 0 && first >= time) continue
    found = index
    time = first
  }
  return found
}

/** What the headers of a message tell. */
export interface MessageHeaders {
  /** Of the raw record; undefined where no `tb-src` is there, which process always writes. */
  readonly source: Place | undefined
  readonly messageId: string | undefined
  readonly type: string | undefined
}

export function readMessageHeaders(record: { readonly headers: RecordHeaders }): MessageHeaders {
  let [source, messageId, type]: (Buffer | undefined)[] = []
  for (const [name, value] of headersOf(record)) {
    if (value === null) continue
    if (name === 'tb-src') source = value
    else if (name === 'tb-mid') messageId = value
    else if (name === 'tb-type') type = value
  }
  return { source: parseSource(source?.toString()), messageId: messageId?.toString(), type: type?.toString() }
}

// `topic:partition:offset:index`; no name of a topic has a colon.
function parseSource(text: string | undefined): MessageHeaders['source'] {
  const [topic = '', partition = '', offset = ''] = text?.split(':') ?? []
  if (topic === '' || !/^\d+$/.test(partition) || !/^\d+$/.test(offset)) return undefined
  return { topic, partition: Number(partition), offset: Number(offset) }
}
