// One raw record -> the records it becomes: messages on destination topics, an unsupported record, a dead letter. Pure:
// no broker needed to run it (kafka.md, "Topics"; product.md, promise 1). One unsupported record and one dead letter at
// most for each raw record, whatever a batch in it holds.
import type { ConsumerRecord, OutRecord, TopicPartition } from '../kafka/broker.ts'
import { deadLetterRecord, type EncodeDeadLetter } from '../records/dead-letter.ts'
import { createCallReader, type CallReading } from '../records/call-source.ts'
import { headersOf } from '../records/headers.ts'
import { messageHeaders, messageKey, messageValue, passOn } from '../records/message-record.ts'
import type { Invalid, Unsupported } from '../translate/fault.ts'
import type { MappingSettings } from '../translate/mapping-table.ts'
import type { Message } from '../translate/message.ts'
import type { Outcome, Translation } from '../translate/outcome.ts'
import { translate } from '../translate/translate.ts'
import { refusal, type Route } from './routing.ts'

export interface TopologySettings {
  readonly routes: readonly Route[]
  readonly mapping: MappingSettings
  readonly deadLetterTopic: string
  readonly unsupportedTopic: string
  /** How their records are encoded; absent: as JSON. */
  readonly encodeDeadLetter?: EncodeDeadLetter | undefined
  readonly encodeUnsupported?: EncodeDeadLetter | undefined
  /** Partition of an output record, e.g. the raw record's own (kafka.md, "partitioning"). */
  readonly partitionOf: (topic: string, key: Buffer | string | null, rawPartition: number) => number
  /** Finds the call in a record; absent: as our own raw record has it. */
  readonly readCall?: (raw: Raw) => CallReading
}

/** The slot a raw record ends in; each ends in exactly one. `skipped`: it had no value. */
export type Slot = 'translated' | 'unsupported' | 'dead-letter' | 'skipped'

export interface Processed {
  readonly slot: Slot
  readonly records: readonly OutRecord[]
  /** Messages that no destination takes. */
  readonly unrouted: number
  /** Its translation threw: a fault of ours (poison.ts). */
  readonly poisoned?: true
  /** Why there are dead letters or unsupported records among `records`; absent: there are none. */
  readonly faults?: readonly FaultKind[]
}

/** A kind from a short list, e.g. `{slot: 'dead-letter', reason: 'invalid'}`: never text of the record. */
export interface FaultKind {
  readonly slot: 'dead-letter' | 'unsupported'
  readonly reason: string
}

type Raw = ConsumerRecord & TopicPartition

const skipped: Processed = { slot: 'skipped', records: [], unrouted: 0 }
const readEnvelope = createCallReader('envelope')

/** A raw record -> what it becomes. Never throws; same record, same bytes. */
export function processRecord(raw: Raw, settings: TopologySettings): Processed {
  const reading = settings.readCall === undefined ? readEnvelope(raw) : settings.readCall(raw)
  if (!reading.ok) return withoutCall(raw, reading, settings)
  const { topic, partition, offset, timestamp: timestampMs } = raw
  const translation = translate(reading.value, { topic, partition, offset, timestampMs }, settings.mapping)
  const messages = messageRecords(raw, translation, settings)
  if (messages === undefined) return tooLargeRecord(raw, settings, 'its messages would take more than 64 MB')
  const { records, unrouted } = messages
  const slot = translation.outcome === 'invalid' ? 'dead-letter' : translation.outcome
  if (!translation.operations.some(hasFault)) return { slot, records, unrouted }
  records.push(...faultRecords(raw, translation, settings))
  return { slot, records, unrouted, faults: faultKinds(translation) }
}

/** What a raw record becomes when its messages do not fit into a destination topic. */
export function tooLargeRecord(
  raw: Raw,
  settings: TopologySettings,
  message = 'its messages are larger than a destination topic accepts (max.message.bytes)',
): Processed {
  return lost(raw, { reason: 'too_large', message }, settings)
}

function withoutCall(raw: Raw, reading: CallReading & { readonly ok: false }, settings: TopologySettings): Processed {
  if (reading.kind === 'skipped') return skipped
  const fault =
    reading.kind === 'unreadable'
      ? { reason: 'unreadable', message: reading.reason }
      : { reason: 'invalid', field: reading.fault.field, message: faultText(reading.fault) }
  return lost(raw, fault, settings)
}

function lost(raw: Raw, fault: LetterFault, settings: TopologySettings): Processed {
  const faults = [{ slot: 'dead-letter', reason: fault.reason }] as const
  return { slot: 'dead-letter', records: [deadLetter(raw, fault, settings)], unrouted: 0, faults }
}

const faultText = ({ field, reason }: Invalid): string => `${field} ${reason}`.trim()

// Every relationship of an object repeats the object's attributes: a record of 1 MB could become gigabytes and take the
// process down each time it is read again. Track itself takes 32 KB a call, which stays far below.
const maxOutputBytes = 64_000_000

/** The messages' records; undefined when they would be more than memory should hold. */
function messageRecords(raw: Raw, { operations, source }: Translation, settings: TopologySettings) {
  const records: OutRecord[] = []
  const origin = { place: `${raw.topic}:${raw.partition}:${raw.offset}`, passed: passOn(headersOf(raw)) }
  const sending: Sending = { raw, source, settings, records }
  let index = 0
  let unrouted = 0
  let bytes = 0
  for (const operation of operations) {
    if (operation.outcome !== 'translated') continue
    for (const message of operation.messages) {
      const before = records.length
      bytes += addRecords(message, messageHeaders(message, origin, index++), sending)
      if (records.length === before) unrouted++
      if (bytes > maxOutputBytes) return undefined
    }
  }
  return { records, unrouted }
}

interface Sending {
  readonly raw: Raw
  readonly source: string | undefined
  readonly settings: TopologySettings
  readonly records: OutRecord[]
}

/** One record for each destination that takes the message; gives the bytes of their values. */
function addRecords(message: Message, headers: OutRecord['headers'], { raw, source, settings, records }: Sending) {
  let bytes = 0
  const key = messageKey(message)
  for (const route of settings.routes) {
    if (refusal(route, message, source) !== undefined) continue
    const { topic, integrations, encode } = route
    const partition = settings.partitionOf(topic, key, raw.partition)
    const value = encode === undefined ? messageValue(message, integrations) : encode(message, integrations, source)
    records.push({ topic, partition, key, value, timestamp: raw.timestamp, headers })
    bytes += value.length
  }
  return bytes
}

function hasFault(operation: Outcome): boolean {
  return operation.outcome !== 'translated' || operation.unsupported.length > 0
}

function faultRecords(raw: Raw, { operations }: Translation, settings: TopologySettings): readonly OutRecord[] {
  const records: OutRecord[] = []
  const unsupported = operations.flatMap(unsupportedParts)
  const invalid = operations.filter((one): one is Invalid => one.outcome === 'invalid')
  const [kind] = unsupported
  if (kind !== undefined) {
    const message = [...new Set(unsupported.map(({ reason }) => reason))].join('; ')
    const fault = { reason: kind.reason, message: `Pipelines has no counterpart: ${message}` }
    records.push(deadLetter(raw, fault, settings, settings.unsupportedTopic))
  }
  const [first] = invalid
  if (first !== undefined) {
    const message = invalid.map(faultText).join('; ')
    records.push(deadLetter(raw, { reason: 'invalid', field: first.field, message }, settings))
  }
  return records
}

function faultKinds({ operations }: Translation): readonly FaultKind[] {
  const [kind] = operations.flatMap(unsupportedParts)
  // The only reason that quotes the call.
  const reason = kind?.reason.replace(/^(delivery metric) .*/s, '$1')
  return [
    ...(reason === undefined ? [] : [{ slot: 'unsupported', reason } as const]),
    ...(operations.some(({ outcome }) => outcome === 'invalid')
      ? [{ slot: 'dead-letter', reason: 'invalid' } as const]
      : []),
  ]
}

function unsupportedParts(operation: Outcome): readonly Unsupported[] {
  if (operation.outcome === 'translated') return operation.unsupported
  return operation.outcome === 'unsupported' ? [operation] : []
}

interface LetterFault {
  readonly reason: string
  readonly message: string
  readonly field?: string
}

function deadLetter(
  raw: Raw,
  fault: LetterFault,
  settings: TopologySettings,
  topic = settings.deadLetterTopic,
): OutRecord {
  // The record's own time, not the clock's: a chunk that is taken again must give the same bytes.
  const about = { source: raw, ...fault, stage: 'process', destination: null, attempt: 1, at: raw.timestamp } as const
  const { unsupportedTopic, encodeDeadLetter, encodeUnsupported } = settings
  const letter = deadLetterRecord(about, topic === unsupportedTopic ? encodeUnsupported : encodeDeadLetter)
  return { topic, partition: settings.partitionOf(topic, raw.key, raw.partition), timestamp: raw.timestamp, ...letter }
}
