// A slice whose outputs have all been read -> what became of each of its raw records, and faults of those that lack
// something. Those are read and translated once more: only so is it known what exactly is lacking, and where it would be.
import type { ConsumerRecord, HistoryReader } from '../kafka/broker.ts'
import { expectedRecords, type Expect, type ExpectedRecord } from './expectation.ts'
import type { Faults } from './faults.ts'
import { flag, type Ledger } from './ledger.ts'
import type { Channel } from './scene.ts'
import type { Entry, Reading, Slice } from './slice.ts'
import { placeName } from './slice.ts'

export interface Judging {
  readonly faults: Faults
  readonly channels: readonly Channel[]
  readonly expect: Expect
  /** Numbers of the destinations by topic. */
  readonly numbers: ReadonlyMap<string, number>
  readonly history: Pick<HistoryReader, 'read'>
  readonly signal: AbortSignal
  readonly isTranslated: boolean
  /** There is a destination that takes every message: a raw record without outputs is a fault, translated or not. */
  readonly takesAll: boolean
}

/** What a raw record is, by what was found of it. `lacking`: something is not there. `different`: something else is. */
export type Verdict = 'translated' | 'unsupported' | 'deadLetters' | 'empty' | 'lacking' | 'different'

const slots = {
  translated: 'translated',
  unsupported: 'unsupported',
  'dead-letter': 'deadLetters',
  skipped: 'empty',
} as const

/** The record at an offset, which must be one. */
export function verdictOf(ledger: Ledger, offset: number, destinations: number): Verdict {
  const stand = ledger.stand(offset)
  const messages = messagesOf(ledger, offset, destinations)
  const letter = recordOf(ledger, offset, { expects: flag.expectsDeadLetter, has: flag.hasDeadLetter })
  const unsupported = recordOf(ledger, offset, { expects: flag.expectsUnsupported, has: flag.hasUnsupported })
  const all = [letter, unsupported]
  const isAlone = !messages.found && !ledger.has(offset, flag.hasUnsupported)
  if (isAlone && ledger.has(offset, flag.isGivenUp)) return 'deadLetters'
  if (all.includes('extra')) {
    // What was run again with success was a dead letter, or unsupported, until then.
    if (messages.found || !ledger.has(offset, flag.isReplayed)) return 'different'
    return letter === 'extra' ? 'deadLetters' : 'unsupported'
  }
  const isWhole = !messages.lacking && !all.includes('lacking')
  return isWhole && stand !== 'none' && stand !== 'unknown' ? slots[stand] : 'lacking'
}

/** A dead letter or an unsupported record; undefined: there is none, and none is expected. */
function recordOf(ledger: Ledger, offset: number, { expects, has }: Record<'expects' | 'has', number>) {
  if (ledger.has(offset, expects)) return ledger.has(offset, has) ? 'found' : 'lacking'
  return ledger.has(offset, has) ? 'extra' : undefined
}

function messagesOf(ledger: Ledger, offset: number, destinations: number) {
  let [found, lacking] = [false, false]
  for (let index = ledger.count(offset) - 1; index >= 0; index--)
    for (let destination = 0; destination < destinations; destination++) {
      if (!ledger.isExpected(offset, { destination, index })) continue
      if (ledger.isFound(offset, { destination, index })) found = true
      else lacking = true
    }
  return { found, lacking }
}

/** The same of a record that was not translated: `lacking` where nothing of it was found. */
export function untranslatedVerdict(ledger: Ledger, offset: number, destinations: number): Verdict {
  for (let destination = 0; destination < destinations; destination++)
    if (ledger.isExpected(offset, { destination, index: 0 })) return 'translated'
  if (ledger.has(offset, flag.hasUnsupported)) return 'unsupported'
  if (ledger.has(offset, flag.hasDeadLetter)) return 'deadLetters'
  return ledger.stand(offset) === 'skipped' ? 'empty' : 'lacking'
}

/** Adds the raw records of a slice to the tallies of their partitions, and tells what is wrong with them. */
export async function judgeSlice(slice: Slice, judging: Judging): Promise<void> {
  const destinations = judging.numbers.size
  const verdict = judging.isTranslated ? verdictOf : untranslatedVerdict
  for (const entry of slice.entries) {
    const { part, ledger } = entry
    const { tally } = part.view
    const lacking = { count: 0, first: part.to, last: part.from }
    for (let offset = part.from; offset < part.to; offset++) {
      if (ledger.stand(offset) === 'none') continue
      tally.in++
      const found = verdict(ledger, offset, destinations)
      if (found === 'lacking') {
        lacking.count++
        lacking.first = Math.min(lacking.first, offset)
        lacking.last = offset
      } else if (found === 'different') tellDifferent(entry, offset, judging)
      else tally[found]++
    }
    if (lacking.count > 0) await judgeLacking(slice, entry, lacking, judging)
  }
}

function tellDifferent({ part, ledger }: Entry, offset: number, { faults }: Judging): void {
  const { view } = part
  view.tally.faulty++
  const found = [
    ...(ledger.has(offset, flag.hasDeadLetter) ? ['a dead letter'] : []),
    ...(ledger.has(offset, flag.hasUnsupported) ? ['an unsupported record'] : []),
  ]
  const stand = ledger.stand(offset)
  const now = stand === 'dead-letter' ? 'a dead letter' : stand === 'translated' ? 'messages' : 'an unsupported record'
  const note = `there is ${found.join(' and ')}; translated now, it gives ${now}`
  faults.add('different', { raw: `${view.topic}:${view.partition}:${offset}`, output: null, note })
}

interface Lacking {
  readonly count: number
  readonly first: number
  readonly last: number
}

async function judgeLacking(slice: Slice, entry: Entry, lacking: Lacking, judging: Judging): Promise<void> {
  const { view } = entry.part
  let left = lacking.count
  const range = { topic: view.topic, partition: view.partition, from: lacking.first, to: lacking.last + 1 }
  const judge = judging.isTranslated ? judgeTranslated : judgeUntranslated
  for await (const { records } of judging.history.read(range, judging.signal))
    for (const record of records) if (judge(slice, entry, record, judging)) left--
  // Retention has taken them meanwhile.
  view.tally.unjudged += left
}

/** True when the record was one that lacks something. */
function judgeTranslated(slice: Slice, { part, ledger }: Entry, record: ConsumerRecord, judging: Judging): boolean {
  const { view } = part
  const { offset } = record
  if (ledger.stand(offset) === 'none') return false
  if (verdictOf(ledger, offset, judging.numbers.size) !== 'lacking') return false
  const raw = { ...record, topic: view.topic, partition: view.partition }
  const lacking = expectedRecords(judging.expect(raw), judging.numbers).filter((one) =>
    isLacking(ledger, offset, one, judging),
  )
  const faults = lacking.filter((one) => !isTaken(slice, judging, one, { offset, view }))
  if (faults.length === 0) view.tally.unjudged++
  else view.tally.faulty++
  for (const one of faults) {
    const { record: expected, index } = one
    const place = [view.topic, view.partition, offset, ...(index < 0 ? [] : [index])].join(':')
    judging.faults.add('missing', {
      raw: place,
      output: null,
      note: missingNote(slice, judging, expected, { offset, view }),
    })
  }
  return true
}

function isLacking(ledger: Ledger, offset: number, { destination, index, record }: ExpectedRecord, judging: Judging) {
  if (destination >= 0) return !ledger.isFound(offset, { destination, index })
  const kind = judging.channels.find(({ topic }) => topic === record.topic)?.kind
  return !ledger.has(offset, kind === 'dead-letters' ? flag.hasDeadLetter : flag.hasUnsupported)
}

interface Where {
  readonly offset: number
  readonly view: Entry['part']['view']
}

function readingOf(slice: Slice, { channels }: Judging, place: { readonly topic: string; readonly partition: number }) {
  const channel = channels.find(({ topic }) => topic === place.topic)
  return channel === undefined ? undefined : slice.readingOf(channel, place.partition)
}

/** Retention or compaction may have taken the output. Outputs come in order: what is later than the first one that is
 *  kept was not taken by retention. */
function isTaken(slice: Slice, judging: Judging, { record }: ExpectedRecord, { offset, view }: Where): boolean {
  const reading = readingOf(slice, judging, record)
  if (reading === undefined) return false
  if (reading.channel.isCompacted) return true
  return reading.isCut && offset < (reading.sightings.get(view)?.first ?? Infinity)
}

function missingNote(
  slice: Slice,
  judging: Judging,
  expected: ExpectedRecord['record'],
  { offset, view }: Where,
): string {
  const reading = readingOf(slice, judging, expected)
  const { 'tb-mid': id, 'tb-type': type } = expected.headers
  const what = id === undefined ? whatOf(reading) : `message ${String(id)} (${String(type)})`
  const isTail = offset > (reading?.sightings.get(view)?.last ?? -1)
  const tail = isTail
    ? '; nothing of later raw records stands there either: lost, or behind a transaction that has not ended'
    : ''
  return `${what} is not on ${placeName(expected)}${tail}`
}

const whatOf = (reading: Reading | undefined): string =>
  reading?.channel.kind === 'unsupported' ? 'an unsupported record' : 'a dead letter'

function judgeUntranslated(slice: Slice, { part, ledger }: Entry, record: ConsumerRecord, judging: Judging): boolean {
  const { offset } = record
  const { view } = part
  if (ledger.stand(offset) !== 'unknown') return false
  if (untranslatedVerdict(ledger, offset, judging.numbers.size) !== 'lacking') return false
  const isTakenAnywhere = [...slice.readings.values()].some(
    ({ isCut, channel, sightings }) =>
      channel.isCompacted || (isCut && offset < (sightings.get(view)?.first ?? Infinity)),
  )
  if (!judging.takesAll || isTakenAnywhere) view.tally.unjudged++
  else {
    view.tally.faulty++
    const raw = `${view.topic}:${view.partition}:${offset}`
    judging.faults.add('missing', { raw, output: null, note: 'nothing of it stands on any topic' })
  }
  return true
}
