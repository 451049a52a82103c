// A window of raw records -> what stands on a destination's topic is held against what the present configuration makes of
// them, message by message. The topic is read in order, and the raw records beside it as far as its headers `tb-src` go,
// so that two messages that belong together are mostly in memory at the same time, wherever they stand.
//
//   expected --found on the topic--> same | changed;  found again: a repeat;  never found: only here
//   on the topic, its raw record in the window, not expected: only there
//
// Of several copies on the topic the first counts: the API drops the others. Nothing is written.
import { placeText } from '../history/window.ts'
import type { Admin, ConsumerRecord, OffsetRange, RangeBatch, TopicPartition } from '../kafka/broker.ts'
import { diffTexts, readOrUndefined } from './diff-json.ts'
import type { Found } from './diff-ledger.ts'
import { openRawSide, type RawSide, type RawSideDeps } from './diff-raw-side.ts'
import type { Compared, DiffTally } from './diff-tally.ts'
import { mergeBatches, readMessageHeaders, topicRanges, type MessageHeaders } from './diff-topic-records.ts'
import { toCompared } from './diff-configs.ts'
import { knownType } from './translate-window.ts'
import { isJsonObject } from '../json.ts'

export interface TopicDiffDeps extends RawSideDeps {
  readonly admin: Pick<Admin, 'watermarks' | 'offsetsSince'>
  /** Bytes of a value -> the JSON of its message, or undefined where it cannot be read; absent: they are JSON. */
  readonly payloadOf?: (value: Buffer) => Buffer | undefined
  /** Told before each part of the topic how many offsets more there are to read. */
  readonly onMoreOffsets?: (offsets: number) => void
}

export interface TopicDiffOptions {
  readonly destination: string
  /** What is compared with; `rehearse` makes messages of this destination alone. */
  readonly topic: string
  /** `source`: a message stands in the partition of its raw record, and nowhere else. */
  readonly partitioning: 'source' | 'key'
  /** Whether a message that is on the topic alone is asked for; absent: all are. */
  readonly isAsked?: (message: { readonly type: string; readonly value: Buffer }) => boolean
}

/** What of the topic was not compared. */
export interface TopicDiffNotes {
  /** Records read there. */
  readonly records: number
  /** Left out by the filter. */
  readonly unasked: number
  /** Further copies of messages, as a replay writes them. */
  readonly repeats: number
  /** From raw records outside of the window, or that retention has taken. */
  readonly outside: number
  /** Without `tb-src`, so that nobody knows where they are from. */
  readonly foreign: number
  /** From the window, but in another partition than `partitioning: source` has it. */
  readonly misplaced: number
  /** The topic does not go back as far as the window: what is only here may have been there. */
  readonly isCut: boolean
}

/** What works for one lane: raw partitions, and the partitions of the topic where their messages stand. */
interface Lane {
  readonly ranges: readonly OffsetRange[]
  readonly partitions: ReadonlySet<number>
}

/** Compares partition by partition where messages stay in theirs, else all at once. Rejects as HistoryReader does, and
 *  with TB_USAGE for a window too large to be kept in memory. */
export async function compareWithTopic(
  deps: TopicDiffDeps,
  ranges: readonly OffsetRange[],
  options: TopicDiffOptions,
  tally: DiffTally,
): Promise<TopicDiffNotes> {
  const notes = { records: 0, unasked: 0, repeats: 0, outside: 0, foreign: 0, misplaced: 0, isCut: false }
  const partitions = [...(await deps.admin.watermarks(options.topic)).keys()]
  const work = { deps, options, tally, notes, all: ranges }
  for (const lane of toLanes(ranges, partitions, options.partitioning)) await compareLane(work, lane)
  return notes
}

interface Work {
  readonly deps: TopicDiffDeps
  readonly options: TopicDiffOptions
  readonly tally: DiffTally
  readonly notes: { -readonly [Key in keyof TopicDiffNotes]: TopicDiffNotes[Key] }
  /** Every range of the window. */
  readonly all: readonly OffsetRange[]
}

function toLanes(
  ranges: readonly OffsetRange[],
  partitions: readonly number[],
  partitioning: TopicDiffOptions['partitioning'],
): readonly Lane[] {
  const filled = ranges.filter(({ from, to }) => from < to)
  if (partitioning === 'key') return [{ ranges: filled, partitions: new Set(partitions) }]
  const numbers = [...new Set(filled.map(({ partition }) => partition))]
  return numbers.map((number) => ({
    ranges: filled.filter(({ partition }) => partition === number),
    partitions: new Set([number]),
  }))
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`

async function compareLane(work: Work, lane: Lane): Promise<void> {
  const { deps, options, notes } = work
  const sides = new Map(lane.ranges.map((range) => [keyOf(range), openRawSide(deps, range)]))
  try {
    const times: (number | undefined)[] = []
    for (const side of sides.values()) times.push(await side.firstTimestamp())
    const known = times.filter((time) => time !== undefined)
    if (known.length > 0) {
      const part = await topicRanges(deps.admin, options.topic, lane.partitions, Math.min(...known))
      notes.isCut ||= part.isCut
      deps.onMoreOffsets?.(part.ranges.reduce((sum, { from, to }) => sum + to - from, 0))
      for await (const batch of mergeBatches(deps, part.ranges)) await compareBatch(work, sides, batch)
    }
    for (const side of sides.values()) await tellMissing(work, side)
  } finally {
    for (const side of sides.values()) await side.close()
  }
}

type Sides = ReadonlyMap<string, RawSide>

async function compareBatch(work: Work, sides: Sides, { records }: RangeBatch): Promise<void> {
  for (const record of records) {
    work.notes.records++
    const headers = readMessageHeaders(record)
    const { source } = headers
    const side = source && sides.get(keyOf(source))
    if (source === undefined) work.notes.foreign++
    else if (side !== undefined && isWithin(side.range, source.offset)) await compareOne(work, side, record, headers)
    else if (work.all.some((range) => keyOf(range) === keyOf(source) && isWithin(range, source.offset)))
      work.notes.misplaced++
    else work.notes.outside++
  }
}

const isWithin = ({ from, to }: OffsetRange, offset: number): boolean => offset >= from && offset < to

async function compareOne(work: Work, side: RawSide, record: ConsumerRecord, headers: MessageHeaders): Promise<void> {
  const { deps, options, tally, notes } = work
  const value = readValue(deps, record.value)
  const offset = headers.source?.offset ?? 0
  const { messageId, type } = named(headers, value)
  const found = await side.take(offset, messageId)
  const place = placeText({ ...side.range, offset })
  const compared: Compared = { destination: options.destination, type, place, messageId, person: textOf(record.key) }
  switch (found.state) {
    case 'expected':
      return compareValues(work, side, { compared, found, value })
    case 'unknown':
      if (options.isAsked?.({ type, value }) ?? true) tally.only('onlyThere', compared)
      else notes.unasked++
      return
    case 'settled':
      notes.repeats++
      return
    case 'unasked':
      notes.unasked++
      return
    case 'gone':
      notes.outside++
  }
}

interface Match {
  readonly compared: Compared
  readonly found: Found & { readonly state: 'expected' }
  /** What stands on the topic. */
  readonly value: Buffer
}

async function compareValues(work: Work, side: RawSide, { compared, found, value }: Match): Promise<void> {
  const { tally } = work
  if (found.value === undefined) {
    if (found.isSame(value)) tally.same(compared)
    else await tellFarChange(work, side, compared, value)
    return
  }
  const changes = diffTexts(found.value, value)
  if (changes.length === 0) tally.same(compared)
  else tally.changed(compared, changes)
}

const textOf = (key: Buffer | null): string | null => key?.toString() ?? null

const nothing = Buffer.alloc(0)

/** The message's JSON; the bytes as they are where they cannot be read. */
function readValue({ payloadOf }: TopicDiffDeps, value: Buffer | null): Buffer {
  if (value === null) return nothing
  return payloadOf === undefined ? value : (payloadOf(value) ?? value)
}

/** Copies of a topic may have lost their headers but for the one that is needed. */
function named(headers: MessageHeaders, value: Buffer): { readonly messageId: string; readonly type: string } {
  const { messageId, type } = headers
  if (messageId !== undefined && type !== undefined) return { messageId, type: knownType(type) }
  const message = readOrUndefined(value, (found) => (isJsonObject(found) ? found : undefined)) ?? {}
  return { messageId: messageId ?? String(message['messageId']), type: knownType(type ?? message['type']) }
}

// Its own side is not in memory any more: of a few it is made again, for samples.
async function tellFarChange({ deps, tally }: Work, side: RawSide, compared: Compared, value: Buffer): Promise<void> {
  tally.changed(compared, undefined)
  if (!tally.wants('changed', compared)) return
  const offset = Number(compared.place.slice(compared.place.lastIndexOf(':') + 1))
  const again = await makeAgain(deps, side.range, offset)
  const own = again.find(({ messageId }) => messageId === compared.messageId)
  if (own !== undefined) tally.addSample({ ...compared, verdict: 'changed', changes: diffTexts(own.value, value) })
}

async function makeAgain({ history, signal, rehearse }: TopicDiffDeps, range: OffsetRange, offset: number) {
  const { topic, partition } = range
  for await (const { records } of history.read({ topic, partition, from: offset, to: offset + 1 }, signal))
    for (const record of records) return rehearse({ ...record, topic, partition }).messages
  return []
}

async function tellMissing({ deps, options, tally }: Work, side: RawSide): Promise<void> {
  for await (const { offset, type, isOf } of side.missing()) {
    const of = { destination: options.destination, type }
    tally.onlyHere(of, 1)
    if (!tally.wants('onlyHere', of)) continue
    const own = (await makeAgain(deps, side.range, offset)).find(({ messageId }) => isOf(messageId))
    if (own === undefined) continue
    const compared = toCompared(own, placeText({ ...side.range, offset }))
    tally.addSample({ ...compared, verdict: 'onlyHere', changes: [] })
  }
}
