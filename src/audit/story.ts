// The story of one raw record: the call in it, what it became, where each output stands, and how far it got. Plain values;
// payloads are bytes, for whoever may see them.
import type { Place } from '../history/window.ts'
import type { ConsumerRecord, TopicPartition } from '../kafka/broker.ts'
import { translate } from '../translate/translate.ts'
import type { MappingSettings } from '../translate/mapping-table.ts'
import type { CallReading, CallRecord } from '../records/call-source.ts'
import type { Outcome } from '../translate/outcome.ts'

/** One operation of the call, as the present code reads it. */
export interface ToldOperation {
  readonly outcome: Outcome['outcome']
  /** `person event`; absent where it could not be read so far. */
  readonly operation?: string
  /** userId, anonymousId or groupId of its message. */
  readonly who?: string
  /** Name of the event, page or screen. */
  readonly name?: string
  readonly reason?: string
}

/** How far a message got. `dead-lettered`: its sink gave it up. `no sink`: consumers of your own read the topic. */
export type Fate = 'forwarded' | 'dead-lettered' | 'waiting' | 'no sink'

/** One record on an output topic. */
export interface ToldOutput {
  readonly kind: 'message' | 'unsupported' | 'dead-letter'
  /** Of a message. */
  readonly destination: string | null
  readonly place: Place
  readonly record: ConsumerRecord
  readonly messageId: string | null
  readonly type: string | null
  /** Of dead letters and unsupported records. */
  readonly reason: string | null
  /** Name of the replay that wrote it, `redrive` for a redriven dead letter. */
  readonly replay: string | null
  /** Of a message. */
  readonly fate: Fate | null
  /** Dead letters that a sink wrote of this message. */
  readonly letters: readonly {
    readonly place: Place
    readonly record: ConsumerRecord
    readonly reason: string | null
  }[]
}

/** What the present code expects and is nowhere. */
export interface ToldMissing {
  readonly topic: string
  readonly partition: number
  readonly messageId: string | null
  readonly type: string | null
}

/** `gone`: retention has taken it. `none`: no record stands there, or did not yet when it was looked for. */
export interface Story {
  readonly raw: Place
  readonly record: ConsumerRecord | 'gone' | 'none'
  /** `process` has committed past it. */
  readonly isProcessed: boolean
  readonly operations: readonly ToldOperation[]
  readonly outputs: readonly ToldOutput[]
  readonly missing: readonly ToldMissing[]
}

/** Reads the call of a raw record as `process` does. Never throws for what stands in a record. */
export function tellOperations(
  raw: ConsumerRecord & TopicPartition,
  readCall: (record: CallRecord & TopicPartition) => CallReading,
  mapping: MappingSettings,
): readonly ToldOperation[] {
  const reading = readCall(raw)
  if (!reading.ok) {
    if (reading.kind === 'skipped') return []
    const reason = reading.kind === 'unreadable' ? reading.reason : `${reading.fault.field} ${reading.fault.reason}`
    return [{ outcome: 'invalid', reason }]
  }
  const { topic, partition, offset, timestamp: timestampMs } = raw
  return translate(reading.value, { topic, partition, offset, timestampMs }, mapping).operations.flatMap(tellOutcome)
}

function tellOutcome(outcome: Outcome): readonly ToldOperation[] {
  if (outcome.outcome === 'unsupported') return [{ outcome: 'unsupported', reason: outcome.reason }]
  if (outcome.outcome === 'invalid')
    return [{ outcome: 'invalid', reason: `${outcome.field} ${outcome.reason}`.trim() }]
  const told = outcome.messages.map((message, index): ToldOperation => {
    const part = outcome.parts[index]
    const name = message.event ?? message.name
    const who = message.userId ?? message.anonymousId ?? message.groupId
    return {
      outcome: 'translated',
      ...(part === undefined ? {} : { operation: `${part.type} ${part.action}` }),
      ...(who === undefined ? {} : { who }),
      ...(name === undefined ? {} : { name }),
    }
  })
  return [...told, ...outcome.unsupported.map(({ reason }) => ({ outcome: 'unsupported', reason }) as const)]
}
