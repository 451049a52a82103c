// The letters of a topic, oldest first in each partition, with what the marks behind them say. In: the port. Out: letters
// and counts. Each partition is read twice, for a mark stands behind its letter; so memory holds the marks, never the
// letters. Nothing is joined and nothing committed.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Point } from '../history/window.ts'
import { resolveWindow } from '../history/window.ts'
import type { Broker, ConsumerRecord, HistoryReader, OffsetRange } from '../kafka/broker.ts'
import { readEntry, type DecodeLetter, type Letter } from './letter.ts'
import { createMarkIndex, type LetterState, type MarkIndex } from './mark-index.ts'
import { personsOf, type PersonDeps } from './person.ts'

type Ensure = (records: Iterable<Pick<ConsumerRecord, 'value'>>, signal: AbortSignal) => Promise<void> | undefined

export interface ReadingDeps extends PersonDeps {
  readonly broker: Pick<Broker, 'admin' | 'history'>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly decodeLetter: DecodeLetter
  /** Waits for the schemas of letters, and for those of their originals. */
  readonly ensureLetters?: Ensure | undefined
  readonly ensureOriginals?: Ensure | undefined
  /** Offsets read, of all that are to be read. */
  readonly onProgress?: (progress: ReadProgress) => void
}

export interface ReadProgress {
  readonly done: number
  readonly all: number
}

/** One partition of the topic: its letters in `from` to `to`, its marks anywhere from `earliest` on. */
export interface LetterRange extends OffsetRange {
  readonly earliest: number
}

/** What is read of a topic, fixed when it begins. TB_TOPIC_MISSING; TB_USAGE where `since` names no partition of it. */
export async function letterRanges(
  { broker }: Pick<ReadingDeps, 'broker'>,
  topic: string,
  since: Point = { kind: 'earliest' },
): Promise<readonly LetterRange[]> {
  const admin = await broker.admin()
  try {
    if (!(await admin.topics([topic])).has(topic))
      throw new TrackbridgeError('TB_TOPIC_MISSING', `topic "${topic}" does not exist`, { context: { topic } })
    return await resolveWindow(admin, [topic], { from: since, to: { kind: 'latest' } })
  } finally {
    await admin.close()
  }
}

/** A letter, and what became of it; or a record that is nobody's letter and no mark. */
export type Found =
  { readonly kind: 'letter'; readonly letter: Letter; readonly state: LetterState } | { readonly kind: 'stranger' }

/** Every letter of the ranges. A person's state needs schemas of originals in Avro, which are waited for. */
export async function* readTopic(deps: ReadingDeps, ranges: readonly LetterRange[]): AsyncGenerator<Found> {
  const all = ranges.reduce((sum, { earliest, from, to }) => sum + (to - from) + (to - earliest), 0)
  let done = 0
  const onRead = (offsets: number): void => deps.onProgress?.({ done: (done += offsets), all })
  const reader = await deps.broker.history()
  try {
    for (const range of ranges) if (range.from < range.to) yield* readPartition(deps, reader, { range, onRead })
  } finally {
    await reader.close()
  }
}

async function* readPartition(
  deps: ReadingDeps,
  reader: HistoryReader,
  { range, onRead }: { readonly range: LetterRange; readonly onRead: (offsets: number) => void },
): AsyncGenerator<Found> {
  const marks = createMarkIndex(range)
  const persons = (letter: Letter): readonly string[] => personsOf(letter, deps)
  await readMarks(deps, reader, { range: { ...range, from: range.earliest }, marks, onRead })
  for await (const entries of readLetters(deps, reader, { range, onRead }))
    for (const entry of entries)
      yield entry.kind === 'letter' ? { ...entry, state: marks.stateOf(entry.letter, persons) } : entry
}

/** Learns the marks of a range. */
export async function readMarks(
  { signal }: Pick<ReadingDeps, 'signal'>,
  reader: HistoryReader,
  work: { readonly range: OffsetRange; readonly marks: MarkIndex; readonly onRead?: (offsets: number) => void },
): Promise<void> {
  const { range, marks, onRead } = work
  for await (const { records, fetchedOffset, nextOffset } of reader.read(range, signal)) {
    for (const record of records) {
      if (record.value !== null) continue
      const entry = readEntry(record, range, () => undefined)
      if (entry.kind === 'mark') marks.learn(entry.mark, record.offset)
    }
    onRead?.(nextOffset - fetchedOffset)
  }
}

/** An entry before its marks are known. */
export type Unmarked = { readonly kind: 'letter'; readonly letter: Letter } | { readonly kind: 'stranger' }

/** The letters of a range, a fetch at a time, ready to be looked into. */
export async function* readLetters(
  deps: ReadingDeps,
  reader: HistoryReader,
  work: { readonly range: OffsetRange; readonly onRead?: (offsets: number) => void },
): AsyncGenerator<readonly Unmarked[]> {
  for await (const { records, fetchedOffset, nextOffset } of reader.read(work.range, deps.signal)) {
    await deps.ensureLetters?.(records, deps.signal)
    const entries = records.map((record) => readEntry(record, work.range, deps.decodeLetter))
    const found = entries.filter((entry) => entry.kind !== 'mark')
    const originals = found.flatMap((entry) => (entry.kind === 'letter' ? [entry.letter.source] : []))
    await deps.ensureOriginals?.(originals, deps.signal)
    yield found
    work.onRead?.(nextOffset - fetchedOffset)
  }
}
