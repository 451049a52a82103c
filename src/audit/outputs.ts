// Output records, one partition after the other -> what has been found of each raw record of the slice, and faults that an
// output shows by itself: without a raw record, twice, out of order, not to be expected. In: committed records in order.
import type { ConsumerRecord } from '../kafka/broker.ts'
import type { Partitioning } from '../processor/partitioner.ts'
import type { FaultKind, Faults } from './faults.ts'
import { flag, type Ledger } from './ledger.ts'
import { provenanceOf, reasonOf, type Provenance, type Source } from './provenance.ts'
import { isOfMessages, type Channel, type RawView } from './scene.ts'
import type { Entry, Reading, Sighting, Slice } from './slice.ts'
import type { Aside, Forwarding } from './tally.ts'

export interface OutputRules {
  readonly faults: Faults
  readonly aside: Aside
  /** By number of the destination. */
  readonly forwarding: readonly Forwarding[]
  readonly partitioning: Partitioning
  /** Second copies are allowed. */
  readonly isAtLeastOnce: boolean
  /** What to expect is known; else only that something is there. */
  readonly isTranslated: boolean
  readonly channels: readonly Channel[]
  readonly viewOf: (source: Source) => RawView | undefined
}

export interface TakeOptions {
  /** The partition has not been read before, in another slice: what belongs to no slice is told now. */
  readonly isFirst: boolean
  /** Only what was still missing is looked for. */
  readonly isTail: boolean
}

/** One output record with all that is known of where it belongs. */
interface Output {
  readonly rules: OutputRules
  readonly reading: Reading
  readonly record: ConsumerRecord
  readonly provenance: Provenance
  readonly source: Source
}

interface Judged extends Output {
  readonly view: RawView
  readonly ledger: Ledger
}

/** Takes one record of `reading`, which must come in order. */
export function takeOutput(
  slice: Slice,
  reading: Reading,
  record: ConsumerRecord,
  { isFirst, isTail, ...rules }: OutputRules & TakeOptions,
): void {
  const provenance = provenanceIn(reading, record)
  const { source, isMark } = provenance
  if (source === undefined || isMark || (isOfMessages(reading.channel) && source.index < 0)) {
    if (isFirst && isMark) rules.aside.marks++
    else if (isFirst) rules.faults.add('no-source', { raw: null, output: outputPlace(reading, record), note: '' })
    return
  }
  const output = { rules, reading, record, provenance, source }
  const view = rules.viewOf(source)
  if (view !== undefined && isWithin(source, view)) takeOfWindow(slice, output, { view, isFirst, isTail })
  else if (isFirst) takeOutsider(output, view)
}

const isWithin = ({ offset }: Source, { from, to }: { readonly from: number; readonly to: number }): boolean =>
  offset >= from && offset < to

function takeOfWindow(
  slice: Slice,
  output: Output,
  { view, isFirst, isTail }: TakeOptions & { readonly view: RawView },
): void {
  const { source, provenance } = output
  const entry = slice.entryOf(view)
  if (isMisplaced(output)) {
    if (isFirst) tell(output, 'misplaced', `the raw partition is ${source.partition}`)
  } else if (entry === undefined || !isWithin(source, entry.part)) {
    if (provenance.replay === undefined) see(output, view)
  } else {
    const judged = { ...output, view, ledger: entry.ledger }
    if (!isTail || isAwaited(judged)) takeOwn(judged, entry)
  }
}

/** All that stands on a topic for replays is theirs. */
function provenanceIn({ channel }: Reading, record: ConsumerRecord): Provenance {
  const provenance = provenanceOf(record)
  return channel.kind === 'backfill' ? { ...provenance, replay: provenance.replay ?? '' } : provenance
}

const isMisplaced = ({ rules, reading, source }: Output): boolean =>
  rules.partitioning === 'source' && reading.channel.kind === 'destination' && reading.partition !== source.partition

/** Of no raw record of the window. */
function takeOutsider(output: Output, view: RawView | undefined): void {
  const { rules, reading, source } = output
  if (view === undefined) {
    const from = rules.channels.find(({ topic }) => topic === source.topic)
    if (reading.channel.kind === 'dead-letters' && from !== undefined && isOfMessages(from))
      takeSinkLetter(output, from)
    else if (!isOfMessages(reading.channel)) rules.aside.foreign++
    else tell(output, 'no-raw-record', 'no raw topic of the present configuration has such a partition')
  } else if (source.offset >= view.end) tell(output, 'no-raw-record', `the raw partition ends at ${view.end}`)
  else if (source.offset < view.earliest) rules.aside.sourceGone++
  else rules.aside.outside++
}

function takeSinkLetter(output: Output, from: Channel): void {
  const { rules, source } = output
  const ends = from.partitions.get(source.partition)
  if (ends === undefined || source.offset >= ends.lastStable)
    return tell(output, 'no-raw-record', `it names a message, and ${from.topic}/${source.partition} ends before`)
  const forwarding = rules.forwarding[from.destination]
  if (forwarding !== undefined && output.provenance.replay === undefined) forwarding.deadLetters++
}

/** Of a raw record of this slice. */
function takeOwn(output: Judged, { goneBelow }: Entry): void {
  const { rules, reading, ledger, source, provenance, view } = output
  const { offset } = source
  if (ledger.stand(offset) === 'none') {
    if (view.isCompacted || offset < goneBelow) rules.aside.sourceGone++
    else tell(output, 'no-raw-record', 'there is no record at that offset')
    return
  }
  const isFound = isFoundAlready(output)
  const isOfReplay = reading.channel.kind === 'backfill' || isFound || !ledger.has(offset, flag.bearsReplay)
  if (provenance.replay !== undefined && isOfReplay) {
    ledger.mark(offset, flag.isReplayed)
    view.tally.replayed++
  } else if (isFound) takeSecond(output)
  else if (isUnexpected(output)) tell(output, 'unexpected', messageText(provenance))
  else takeFound(output)
}

function takeSecond(output: Judged): void {
  if (output.rules.isAtLeastOnce) output.view.tally.repeats++
  else tell(output, 'doubled', messageText(output.provenance))
}

function isFoundAlready({ rules, reading, ledger, source }: Judged): boolean {
  const { kind, destination } = reading.channel
  const { offset, index } = source
  if (kind === 'dead-letters') return ledger.has(offset, flag.hasDeadLetter)
  if (kind === 'unsupported') return ledger.has(offset, flag.hasUnsupported)
  // Untranslated, there is room for the first message alone; the others are told by their order.
  if (!rules.isTranslated) return index === 0 && ledger.isFound(offset, { destination, index })
  return index < ledger.count(offset) && ledger.isFound(offset, { destination, index })
}

/** Dead letters and unsupported records that are not expected are judged with the whole of their raw record (judge.ts). */
function isUnexpected({ rules, reading, ledger, source }: Judged): boolean {
  const { kind, destination } = reading.channel
  const { offset, index } = source
  if (kind !== 'destination' || !rules.isTranslated) return false
  return index >= ledger.count(offset) || !ledger.isExpected(offset, { destination, index })
}

function takeFound(output: Judged): void {
  const { rules, reading, ledger, record, source, view } = output
  const { kind, destination, sink } = reading.channel
  const { offset, index } = source
  const behind = see(output, view)
  if (behind !== undefined) tell(output, 'disorder', `behind ${behind}`)
  if (kind === 'unsupported') return ledger.mark(offset, flag.hasUnsupported)
  if (kind === 'dead-letters') {
    const reason = reasonOf(record.value)
    const isGivenUp = reason === 'too_large' || reason === 'translation_failed'
    return ledger.mark(offset, isGivenUp ? flag.hasDeadLetter | flag.isGivenUp : flag.hasDeadLetter)
  }
  if (rules.isTranslated || index === 0) ledger.find(offset, { destination, index })
  // Untranslated, the bit says that there is any message.
  if (!rules.isTranslated) ledger.expect(offset, { destination, index: 0 })
  view.tally.messages[destination] = (view.tally.messages[destination] ?? 0) + 1
  if (sink !== undefined) forward(rules.forwarding[destination], record.offset < (sink.get(reading.partition) ?? 0))
}

function forward(forwarding: Forwarding | undefined, isPast: boolean): void {
  if (forwarding === undefined) return
  if (isPast) forwarding.past++
  else forwarding.waiting++
}

/** Whether a record that comes late is one that was missing. */
function isAwaited(output: Judged): boolean {
  const { ledger, source, reading, provenance } = output
  if (provenance.replay !== undefined || ledger.stand(source.offset) === 'none') return false
  const has = (flags: number): boolean => ledger.has(source.offset, flags)
  if (reading.channel.kind === 'dead-letters') return has(flag.expectsDeadLetter) && !has(flag.hasDeadLetter)
  if (reading.channel.kind === 'unsupported') return has(flag.expectsUnsupported) && !has(flag.hasUnsupported)
  return !isUnexpected(output) && !isFoundAlready(output)
}

/** Notes which raw record was seen. Gives the raw place that has been seen before although it is a later one. */
function see({ reading, source, rules }: Output, view: RawView): string | undefined {
  const { offset, index } = source
  const known = reading.sightings.get(view)
  if (known === undefined) {
    reading.sightings.set(view, { first: offset, last: offset, lastIndex: index })
    return undefined
  }
  known.first = Math.min(known.first, offset)
  const order = offset - known.last || index - known.lastIndex
  const isAgain = order === 0 && !rules.isTranslated && index > 0
  if (order < 0 || isAgain) return placeBehind(view, known)
  known.last = offset
  known.lastIndex = index
  return undefined
}

const placeBehind = ({ topic, partition }: RawView, { last, lastIndex }: Sighting): string =>
  [topic, partition, last, ...(lastIndex < 0 ? [] : [lastIndex])].join(':')

function tell({ rules, reading, record, source }: Output, kind: FaultKind, note: string): void {
  rules.faults.add(kind, { raw: sourceText(source), output: outputPlace(reading, record), note })
}

const sourceText = ({ topic, partition, offset, index }: Source): string =>
  [topic, partition, offset, ...(index < 0 ? [] : [index])].join(':')

const outputPlace = ({ channel, partition }: Reading, { offset }: ConsumerRecord): string =>
  `${channel.topic}:${partition}:${offset}`

/** `message 01H... (track)`; empty where there is no message. */
export function messageText({ messageId, type }: Pick<Provenance, 'messageId' | 'type'>): string {
  if (messageId === undefined) return ''
  return type === undefined ? `message ${messageId}` : `message ${messageId} (${type})`
}
