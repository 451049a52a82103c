// One raw record -> the records it becomes: messages on destination topics, an unsupported record, a dead letter. Pure:
// no broker needed to run it (kafka.md, "Topics"; product.md, promise 1). One unsupported record and one dead letter at
// most for each raw record, whatever a batch in it holds.
import type { ConsumerRecord, OutRecord, TopicPartition } from '../kafka/broker.ts'
import { deadLetterRecord } from '../records/dead-letter.ts'
import { headersOf } from '../records/headers.ts'
import { messageHeaders, messageKey, messageValue, passOn } from '../records/message-record.ts'
import { decodeCall } from '../translate/call-text.ts'
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
  /** Partition of an output record, e.g. the raw record's own (kafka.md, "partitioning"). */
  readonly partitionOf: (topic: string, key: Buffer | string | null, rawPartition: number) => number
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
}

type Raw = ConsumerRecord & TopicPartition

const skipped: Processed = { slot: 'skipped', records: [], unrouted: 0 }

/** A raw record -> what it becomes. Never throws; same record, same bytes. */
export function processRecord(raw: Raw, settings: TopologySettings): Processed {
  if (raw.value === null) return skipped
  const decoded = decodeCall(raw.value)
  if (!decoded.ok) return unreadable(raw, describeUnreadable(raw.value, decoded.reason), settings)
  const { topic, partition, offset, timestamp: timestampMs } = raw
  const translation = translate(decoded.value, { topic, partition, offset, timestampMs }, settings.mapping)
  const messages = messageRecords(raw, translation, settings)
  if (messages === undefined) return tooLargeRecord(raw, settings, 'its messages would take more than 64 MB')
  const { records, unrouted } = messages
  const slot = translation.outcome === 'invalid' ? 'dead-letter' : translation.outcome
  if (translation.operations.some(hasFault)) records.push(...faultRecords(raw, translation, settings))
  return { slot, records, unrouted }
}

/** What a raw record becomes when its messages do not fit into a destination topic. */
export function tooLargeRecord(
  raw: Raw,
  settings: TopologySettings,
  message = 'its messages are larger than a destination topic accepts (max.message.bytes)',
): Processed {
  return { slot: 'dead-letter', records: [deadLetter(raw, { reason: 'too_large', message }, settings)], unrouted: 0 }
}

function unreadable(raw: Raw, message: string, settings: TopologySettings): Processed {
  return { slot: 'dead-letter', records: [deadLetter(raw, { reason: 'unreadable', message }, settings)], unrouted: 0 }
}

// Confluent's wire format begins with a zero byte, which no JSON does.
function describeUnreadable(value: Buffer, reason: string): string {
  return value[0] === 0
    ? 'the value looks like Avro (it begins with a zero byte), not like JSON'
    : `the value ${reason}`
}

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
    const { topic, integrations } = route
    const partition = settings.partitionOf(topic, key, raw.partition)
    const value = messageValue(message, integrations)
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
    const message = invalid.map(({ field, reason }) => `${field} ${reason}`.trim()).join('; ')
    records.push(deadLetter(raw, { reason: 'invalid', field: first.field, message }, settings))
  }
  return records
}

function unsupportedParts(operation: Outcome): readonly Unsupported[] {
  if (operation.outcome === 'translated') return operation.unsupported
  return operation.outcome === 'unsupported' ? [operation] : []
}

function deadLetter(
  raw: Raw,
  fault: { readonly reason: string; readonly message: string; readonly field?: string },
  settings: TopologySettings,
  topic = settings.deadLetterTopic,
): OutRecord {
  // The record's own time, not the clock's: a chunk that is taken again must give the same bytes.
  const letter = deadLetterRecord({
    source: raw,
    ...fault,
    stage: 'process',
    destination: null,
    attempt: 1,
    at: raw.timestamp,
  })
  return { topic, partition: settings.partitionOf(topic, raw.key, raw.partition), timestamp: raw.timestamp, ...letter }
}
