// A window of raw records, read and translated, nothing written: what a dry run and a diff share. In: ranges, the settings
// of the stream processor. Out: what each raw record would become. Ruled by kafka.md, "Topics".
import type { ConsumerRecord, HistoryReader, OffsetRange, RangeBatch, TopicPartition } from '../kafka/broker.ts'
import { createPoisonGuard, type PoisonDeps } from '../processor/poison.ts'
import { processRecord, type Processed, type Selection, type TopologySettings } from '../processor/topology.ts'
import type { DeadLetterInput } from '../records/dead-letter.ts'
import { messageTypes } from '../translate/message.ts'

export type RawRecord = ConsumerRecord & TopicPartition

/** Waits for what values in Avro need to be read; undefined where all of it is known. */
export type EnsureSchemas = (
  records: Iterable<{ readonly value: Buffer | null }>,
  signal: AbortSignal,
) => Promise<void> | undefined

export interface ReadDeps {
  readonly history: Pick<HistoryReader, 'read'>
  readonly signal: AbortSignal
  /** Absent: there is no Avro. */
  readonly ensureSchemas?: EnsureSchemas | undefined
  /** Told how many offsets further reading is. */
  readonly onOffsets?: (offsets: number) => void
}

/** The batches of one range after the other, each ready to be translated. Rejects as HistoryReader does. */
export async function* readWindow(deps: ReadDeps, ranges: readonly OffsetRange[]): AsyncGenerator<RangeBatch> {
  const { history, signal, ensureSchemas, onOffsets } = deps
  for (const range of ranges)
    for await (const batch of history.read(range, signal)) {
      const waiting = ensureSchemas?.(batch.records, signal)
      if (waiting !== undefined) await waiting
      yield batch
      onOffsets?.(batch.nextOffset - batch.fetchedOffset)
    }
}

/** A message as it would stand on the topic of a destination, in JSON whatever the topic's format. */
export interface WouldBe {
  /** Name of the destination. */
  readonly destination: string
  readonly messageId: string
  readonly type: string
  /** The record's key: userId, else anonymousId, else groupId. */
  readonly person: string
  readonly value: Buffer
  /** False where --filter leaves it out. */
  readonly isAsked: boolean
}

/** A dead letter or an unsupported record that would be written. */
export interface WouldBeFault {
  readonly slot: 'dead-letter' | 'unsupported'
  /** From a short list, e.g. `invalid`. */
  readonly reason: string
  readonly field: string | undefined
  /** For people; may quote the call. */
  readonly message: string
}

export interface Rehearsed extends Pick<Processed, 'slot' | 'unrouted'> {
  /** Those that the filter leaves out are among them. */
  readonly messages: readonly WouldBe[]
  readonly faults: readonly WouldBeFault[]
  /** Messages, dead letters and unsupported records that the filter leaves out. */
  readonly filtered: number
}

export type RehearseSettings = Pick<TopologySettings, 'routes' | 'mapping' | 'readCall' | 'select'>

const deadLetterTopic = 'dead letters'
const unsupportedTopic = 'unsupported calls'

/** Translates as `process` does, with the names of destinations, which have no blanks, in place of topics. The function
 *  never throws. */
export function createRehearsal(settings: RehearseSettings, deps: PoisonDeps): (raw: RawRecord) => Rehearsed {
  let letters: DeadLetterInput[] = []
  const noBytes = Buffer.alloc(0)
  // A dead letter repeats its record, and nobody looks at its bytes here.
  const keep = (letter: DeadLetterInput): Buffer => {
    letters.push(letter)
    return noBytes
  }
  const marking = settings.select && createMarking(settings.select)
  const topology: TopologySettings = {
    ...settings,
    select: marking?.select,
    routes: settings.routes.map(({ name, where, integrations }) => ({ name, topic: name, where, integrations })),
    deadLetterTopic,
    unsupportedTopic,
    encodeDeadLetter: keep,
    encodeUnsupported: keep,
    partitionOf: () => 0,
  }
  const guarded = createPoisonGuard(processRecord, deps)
  return (raw) => {
    letters = []
    marking?.begin()
    const processed = guarded(raw, topology)
    const refused = marking?.refused() ?? noIndices
    const faults = (processed.faults ?? []).map((kind) => toFault(kind, processed, letters))
    const messages = processed.records.flatMap((record) => toWouldBe(record, refused))
    const { slot, unrouted, filtered = 0 } = processed
    if (refused.size === 0) return { slot, unrouted, messages, faults, filtered }
    const routed = new Set(processed.records.map(indexOf))
    const refusedAnyway = [...refused].filter((index) => !routed.has(index)).length
    return { slot, unrouted: unrouted - refusedAnyway, messages, faults, filtered: filtered + refused.size }
  }
}

const noIndices: ReadonlySet<number> = new Set()

/** Lets every message pass and notes those that the filter would not, by their index in the raw record. */
function createMarking(wanted: Selection) {
  let refused = new Set<number>()
  let index = 0
  return {
    begin(): void {
      refused = new Set()
      index = 0
    },
    refused: (): ReadonlySet<number> => refused,
    select: ((...message) => {
      if (!wanted(...message)) refused.add(index)
      index++
      return true
    }) satisfies Selection,
  }
}

type OutOf = Processed['records'][number]

function toWouldBe(record: OutOf, refused: ReadonlySet<number>): readonly WouldBe[] {
  const { topic, key, value, headers } = record
  if (topic === deadLetterTopic || topic === unsupportedTopic || !Buffer.isBuffer(value)) return []
  const [messageId, type] = [String(headers['tb-mid']), String(headers['tb-type'])]
  const isAsked = refused.size === 0 || !refused.has(indexOf(record))
  return [{ destination: topic, messageId, type, person: String(key), value, isAsked }]
}

// The last part of `tb-src`.
function indexOf({ headers }: OutOf): number {
  const source = String(headers['tb-src'])
  return Number(source.slice(source.lastIndexOf(':') + 1))
}

// Letters come in the order of their records, and there is one at most of each slot.
function toFault(
  { slot, reason }: NonNullable<Processed['faults']>[number],
  { records }: Processed,
  letters: readonly DeadLetterInput[],
): WouldBeFault {
  const topics = records.flatMap(({ topic }) =>
    topic === deadLetterTopic || topic === unsupportedTopic ? [topic] : [],
  )
  const letter = letters[topics.indexOf(slot === 'unsupported' ? unsupportedTopic : deadLetterTopic)]
  return { slot, reason, field: letter?.field, message: letter?.message ?? '' }
}

/** A message's type as it is counted: whatever stands on a topic, there are seven. */
export const knownType = (type: unknown): string => messageTypes.find((known) => known === type) ?? 'of no known type'
