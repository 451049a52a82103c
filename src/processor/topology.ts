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
import type { ElementaryOperation } from '../translate/operation.ts'
import type { Outcome, Translation } from '../translate/outcome.ts'
import { firstIndexAlone, translate } from '../translate/translate.ts'
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
  /** Which messages are written; absent: all. Where it is there, neither are dead letters nor unsupported records. */
  readonly select?: Selection | undefined
  /** Absent for records that are run for the first time. */
  readonly again?: RunAgain
}

/** Whether a message is wanted, by what it was made from and the source of its call. */
export type Selection = (message: Message, operation: ElementaryOperation, source: string | undefined) => boolean

/** The slot a raw record ends in; each ends in exactly one. `skipped`: it had no value. */
export type Slot = 'translated' | 'unsupported' | 'dead-letter' | 'skipped'

export interface Processed {
  readonly slot: Slot
  readonly records: readonly OutRecord[]
  /** Messages that no destination takes. */
  readonly unrouted: number
  /** Messages, unsupported records and dead letters that `select` has left out; absent: none. */
  readonly filtered?: number
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

/** A record that is run again (`dead-letters redrive`). */
export interface RunAgain {
  /** Which try this is, from 2. */
  readonly attempt: number
  /** The operations to run, by number; the others' messages are written already. Absent: all. */
  readonly operations?: readonly number[] | undefined
}

type Raw = ConsumerRecord & TopicPartition

const skipped: Processed = { slot: 'skipped', records: [], unrouted: 0 }
const readEnvelope = createCallReader('envelope')

/** A raw record -> what it becomes. Never throws; same record, same bytes. */
export function processRecord(raw: Raw, settings: TopologySettings): Processed {
  const reading = settings.readCall === undefined ? readEnvelope(raw) : settings.readCall(raw)
  if (!reading.ok) return withoutCall(raw, reading, settings)
  const { topic, partition, offset, timestamp: timestampMs } = raw
  if (settings.again?.operations !== undefined) return processPart(raw, reading.value, settings)
  const translation = translate(reading.value, { topic, partition, offset, timestampMs }, settings.mapping)
  return processTranslation(raw, translation, settings)
}

/** Some operations of a call, run again without the others. */
function processPart(raw: Raw, call: unknown, settings: TopologySettings): Processed {
  const { topic, partition, offset, timestamp: timestampMs } = raw
  const origin = { topic, partition, offset, timestampMs, isRunAgainInPart: true }
  const translation = translate(call, origin, settings.mapping)
  const { operations, isBatch } = translation
  const wanted = settings.again?.operations ?? []
  const [whole] = operations
  if (!isBatch && whole?.outcome === 'invalid')
    return lost(raw, { reason: 'invalid', field: whole.field, message: faultText(whole) }, settings)
  const missing = wanted.filter((number) => number >= operations.length)
  const chosen = operations.map((operation, number) => (wanted.includes(number) ? operation : leftOut))
  if (missing.length === 0) return processTranslation(raw, { ...translation, operations: chosen }, settings)
  const message = `operations ${missing.join(', ')} are to be run again, and the call has ${operations.length}, from 0 on`
  return lost(raw, { reason: 'invalid', message }, settings)
}

/** Stands in the place of an operation that is not run. */
const leftOut: Outcome = { outcome: 'translated', messages: [], parts: [], unsupported: [] }

function processTranslation(raw: Raw, translation: Translation, settings: TopologySettings): Processed {
  const messages = messageRecords(raw, translation, settings)
  if (messages === undefined) return tooLargeRecord(raw, settings, 'its messages would take more than 64 MB')
  const { records, unrouted, filtered } = messages
  const slot = translation.outcome === 'invalid' ? 'dead-letter' : translation.outcome
  if (settings.select !== undefined) return withFiltered({ slot, records, unrouted }, filtered, translation)
  if (!translation.operations.some(hasFault)) return { slot, records, unrouted }
  records.push(...faultRecords(raw, translation, settings))
  return { slot, records, unrouted, faults: faultKinds(translation) }
}

function withFiltered(processed: Processed, messages: number, translation: Translation): Processed {
  const filtered = messages + faultKinds(translation).length
  return filtered === 0 ? processed : { ...processed, filtered }
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
  if (settings.select !== undefined) return { slot: 'dead-letter', records: [], unrouted: 0, filtered: 1 }
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
  const { select } = settings
  const isInPart = settings.again?.operations !== undefined
  let number = 0
  let index = 0
  let unrouted = 0
  let filtered = 0
  let bytes = 0
  for (const operation of operations) {
    if (isInPart) index = firstIndexAlone(number++)
    if (operation.outcome !== 'translated') continue
    let part = 0
    for (const message of operation.messages) {
      const made = operation.parts[part++]
      if (select !== undefined && made !== undefined && !select(message, made, source)) {
        filtered++
        index++
        continue
      }
      const before = records.length
      bytes += addRecords(message, messageHeaders(message, origin, index++), sending)
      if (records.length === before) unrouted++
      if (bytes > maxOutputBytes) return undefined
    }
  }
  return { records, unrouted, filtered }
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

/** Numbers of the operations that failed so; undefined where they are the whole call. */
function failedNumbers(operations: readonly Outcome[], outcome: Outcome['outcome'], { again }: TopologySettings) {
  const failed = [...operations.keys()].filter((number) => operations[number]?.outcome === outcome)
  return again?.operations === undefined && failed.length === operations.length ? undefined : failed
}

function faultRecords(raw: Raw, { operations }: Translation, settings: TopologySettings): readonly OutRecord[] {
  const records: OutRecord[] = []
  const unsupported = operations.flatMap(unsupportedParts)
  const invalid = operations.filter((one): one is Invalid => one.outcome === 'invalid')
  const [kind] = unsupported
  if (kind !== undefined) {
    const message = [...new Set(unsupported.map(({ reason }) => reason))].join('; ')
    const failed = failedNumbers(operations, 'unsupported', settings)
    const fault = { reason: kind.reason, message: `Pipelines has no counterpart: ${message}`, operations: failed }
    records.push(deadLetter(raw, fault, settings, settings.unsupportedTopic))
  }
  const [first] = invalid
  if (first !== undefined) {
    const message = invalid.map(faultText).join('; ')
    const failed = failedNumbers(operations, 'invalid', settings)
    records.push(deadLetter(raw, { reason: 'invalid', field: first.field, message, operations: failed }, settings))
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
  /** Absent: those that are run. */
  readonly operations?: readonly number[] | undefined
}

function deadLetter(
  raw: Raw,
  fault: LetterFault,
  settings: TopologySettings,
  topic = settings.deadLetterTopic,
): OutRecord {
  // The record's own time, not the clock's: a chunk that is taken again must give the same bytes.
  const { operations = settings.again?.operations, ...why } = fault
  const attempt = settings.again?.attempt ?? 1
  const inPart = operations === undefined ? {} : { operations }
  const about = {
    source: raw,
    ...why,
    stage: 'process',
    destination: null,
    attempt,
    ...inPart,
    at: raw.timestamp,
  } as const
  const { unsupportedTopic, encodeDeadLetter, encodeUnsupported } = settings
  const letter = deadLetterRecord(about, topic === unsupportedTopic ? encodeUnsupported : encodeDeadLetter)
  return { topic, partition: settings.partitionOf(topic, raw.key, raw.partition), timestamp: raw.timestamp, ...letter }
}
