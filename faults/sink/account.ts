// Whether the API and the dead letters hold what the destination topic calls for: every message accepted at least once or a
// dead letter for its expected reason, nothing else, each person's in the order of the topic. In: the records of the topic
// and of the dead-letter topic as an independent reader has them, and what the API has accepted. Out: counts. Pure.
import type { CommittedRecord } from '../../test/support/committed-reader.ts'
import type { Acceptance } from './acceptances.ts'
import { fateOf, numberOf, type Fate } from './messages.ts'
import { digestToSend, personsOf } from './sent-message.ts'

/** Messages, as far as nothing else is said. */
export interface Counts {
  readonly fed: number
  readonly delivered: number
  readonly deadLettered: number
  /** Acceptances of messages that had been accepted before. */
  readonly repeated: number
  /** First accepted after a later one of the same person, or, where asked for, of the same partition. */
  readonly order: number
  /** Neither accepted nor a dead letter. */
  readonly lost: number
}

export interface SinkAccount extends Counts {
  /** Accepted with other content than the topic holds, or repeated with other content. */
  readonly bent: number
  /** Accepted, or a dead letter, though nothing on the topic calls for it. */
  readonly foreign: number
  /** Dead letters for another reason than expected, with other content, or of messages that were to be delivered; messages
   *  accepted that were to be refused. */
  readonly misjudged: number
  /** Dead letters that were written before. */
  readonly deadLettersRepeated: number
  /** Repeats that came behind a later message of the same person. */
  readonly lateRepeats: number
  /** The first few faults, a line each: `lost m7 at main:0:7`. */
  readonly examples: readonly string[]
  /** By the fault during which they were fed. */
  readonly byFault: Readonly<Record<string, Counts>>
}

export interface AccountInput {
  readonly acceptances: ReadonlyMap<string, Acceptance>
  readonly lateRepeats: number
  /** Faults by the number of the first message fed under them, ascending: `[[0, 'SIGKILL']]`. */
  readonly lots: readonly (readonly [from: number, fault: string])[]
  /** Order is promised for whole partitions, not only for persons. */
  readonly ordersPartitions: boolean
}

/** A record of the destination topic, its value the JSON of its message. */
export interface FedRecord extends CommittedRecord {
  /** What a dead letter of it must have as its value; absent: the value. */
  readonly held?: string
}

export interface SinkLedger {
  /** Every record of the destination topic, each partition in the order of its offsets. */
  addFed(record: FedRecord): void
  addDeadLetter(record: CommittedRecord): void
  close(input: AccountInput): SinkAccount
}

/** A message on the topic; `copies`: how often it stands there, since whoever feeds may have to write again. */
interface Fed {
  readonly place: string
  readonly held: string
  readonly digest: string
  readonly fate: Fate
  readonly lanes: readonly string[]
  readonly places: string[]
}

const mostExamples = 10
type Fault = 'lost' | 'order' | 'bent' | 'foreign' | 'misjudged'

export function createSinkLedger(): SinkLedger {
  const fed = new Map<string, Fed>()
  const letters: CommittedRecord[] = []
  return {
    addFed(record) {
      const messageId = record.messageId ?? ''
      const place = `${record.topic}:${record.partition}:${record.offset}`
      const known = fed.get(messageId)
      if (known === undefined) fed.set(messageId, toFed(record, messageId, place))
      else known.places.push(place)
    },
    addDeadLetter: (record) => void letters.push(record),
    close: (input) => close(fed, letters, input),
  }
}

function toFed({ partition, value, held }: FedRecord, messageId: string, place: string): Fed {
  const text = value ?? ''
  const fate = fateOf(messageId)
  const persons = fate === 'delivered' ? personsOf(JSON.parse(text) as Readonly<Record<string, unknown>>) : []
  const lanes = persons.map((person) => `${partition} ${person}`)
  return { place, held: held ?? text, digest: digestToSend(text), fate, lanes, places: [place] }
}

function close(
  fed: ReadonlyMap<string, Fed>,
  letters: readonly CommittedRecord[],
  { acceptances, lateRepeats, lots, ordersPartitions }: AccountInput,
): SinkAccount {
  const book = createBook(lots)
  const dead = judgeLetters(fed, letters, book)
  const disordered = outOfOrder(fed, acceptances, ordersPartitions)
  for (const [messageId, message] of fed) {
    const { fate, place } = message
    const accepted = acceptances.get(messageId)
    book.count(messageId, 'fed', 1)
    if (accepted !== undefined) judgeAccepted(messageId, message, { accepted, book })
    if (dead.has(messageId)) book.count(messageId, 'deadLettered', 1)
    if (accepted === undefined && !dead.has(messageId)) book.fault('lost', messageId, `at ${place}`)
    if (fate === 'delivered' ? dead.has(messageId) : accepted !== undefined)
      book.fault('misjudged', messageId, `at ${place}, which was to be ${fate}`)
    if (disordered.has(messageId)) book.fault('order', messageId, `at ${place}`)
  }
  for (const messageId of acceptances.keys())
    if (!fed.has(messageId)) book.fault('foreign', messageId, 'was accepted, and is not on the topic')
  return { ...book.close(), deadLettersRepeated: letters.length - dead.size, lateRepeats }
}

function judgeAccepted(
  messageId: string,
  { digest, places }: Fed,
  { accepted, book }: { readonly accepted: Acceptance; readonly book: Book },
): void {
  book.count(messageId, 'delivered', 1)
  // What stands on the topic twice is to be accepted twice.
  book.count(messageId, 'repeated', Math.max(0, accepted.times - places.length))
  if (accepted.digest !== digest) book.fault('bent', messageId, 'differs from the topic')
  if (accepted.differing > 0) book.fault('bent', messageId, 'was repeated with other content')
}

/** Ids of the messages that have a dead letter. */
function judgeLetters(
  fed: ReadonlyMap<string, Fed>,
  letters: readonly CommittedRecord[],
  book: Book,
): ReadonlySet<string> {
  const byPlace = new Map([...fed].flatMap(([id, { places }]) => places.map((place) => [place, id] as const)))
  const found = new Set<string>()
  for (const { source, value } of letters) {
    const messageId = byPlace.get(source ?? '')
    const message = messageId === undefined ? undefined : fed.get(messageId)
    if (messageId === undefined || message === undefined) book.fault('foreign', source ?? 'a dead letter', 'is nowhere')
    else {
      found.add(messageId)
      const letter = JSON.parse(value ?? 'null') as { readonly reason?: unknown; readonly value?: unknown } | null
      if (letter?.reason !== message.fate || letter.value !== message.held)
        book.fault('misjudged', messageId, `is a dead letter for "${String(letter?.reason)}"`)
    }
  }
  return found
}

/** Messages first accepted after a later one of the same lane. */
function outOfOrder(
  fed: ReadonlyMap<string, Fed>,
  acceptances: ReadonlyMap<string, Acceptance>,
  ordersPartitions: boolean,
): ReadonlySet<string> {
  const found = new Set<string>()
  // From the last offset to the first; of each lane the earliest acceptance among the later ones.
  const earliest = new Map<string, number>()
  for (const [messageId, { lanes, place }] of [...fed].toReversed()) {
    const first = acceptances.get(messageId)?.first
    if (first === undefined) continue
    const partition = place.slice(0, place.lastIndexOf(':'))
    for (const lane of ordersPartitions ? [...lanes, partition] : lanes) {
      const later = earliest.get(lane) ?? Infinity
      if (first > later) found.add(messageId)
      earliest.set(lane, Math.min(first, later))
    }
  }
  return found
}

type Slot = keyof Counts
type Book = ReturnType<typeof createBook>
const none: Counts = { fed: 0, delivered: 0, deadLettered: 0, repeated: 0, order: 0, lost: 0 }

/** Counts by fault and in all. */
function createBook(lots: AccountInput['lots']) {
  const byFault = new Map<string, Record<Slot, number>>()
  const others = { bent: 0, foreign: 0, misjudged: 0 }
  const examples: string[] = []
  const lotOf = (messageId: string): string =>
    lots.findLast(([from]) => from <= numberOf(messageId))?.[1] ?? 'before any fault'
  const count = (messageId: string, slot: Slot, by: number): void => {
    const fault = lotOf(messageId)
    const counts = byFault.get(fault) ?? { ...none }
    counts[slot] += by
    byFault.set(fault, counts)
  }
  return {
    count,
    fault(kind: Fault, messageId: string, what: string): void {
      if (kind === 'lost' || kind === 'order') count(messageId, kind, 1)
      else others[kind]++
      if (examples.length < mostExamples) examples.push(`${kind} ${messageId} ${what}`)
    },
    close() {
      const total = { ...none } as Record<Slot, number>
      for (const counts of byFault.values())
        for (const [slot, value] of Object.entries(counts)) total[slot as Slot] += value
      return { ...total, ...others, examples, byFault: Object.fromEntries(byFault) }
    },
  }
}
