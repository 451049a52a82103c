// A record of a destination topic -> what a replay that forwards it would send, in the shape of a translated one, so that
// both are counted alike. Ruled by sink.md: a record that is no message becomes a dead letter.
import { isJsonObject, type JsonObject } from '../json.ts'
import { readOrUndefined } from './diff-json.ts'
import { readMessageHeaders } from './diff-topic-records.ts'
import type { MessageFacts } from './filter.ts'
import { knownType, type RawRecord, type Rehearsed } from './translate-window.ts'

export interface ForwardOptions {
  /** Name of the destination that a topic belongs to. */
  readonly destinationOf: (topic: string) => string
  /** Bytes of a value -> the JSON of its message, or undefined where it cannot be read. */
  readonly payloadOf: (value: Buffer) => Buffer | undefined
  /** Absent: all are asked for. */
  readonly keep?: ((facts: MessageFacts) => boolean) | undefined
}

const nothing: Rehearsed = { slot: 'translated', unrouted: 0, filtered: 0, messages: [], faults: [] }

/** Never throws. */
export function rehearseForward(raw: RawRecord, { destinationOf, payloadOf, keep }: ForwardOptions): Rehearsed {
  if (raw.value === null) return unreadable('the record has no value; expected the JSON of a Pipelines message')
  const value = payloadOf(raw.value)
  const message = value && readOrUndefined(value, (found) => (isJsonObject(found) ? found : undefined))
  if (value === undefined || message === undefined) return unreadable('the value is not the JSON of a message')
  if (keep !== undefined && !keep(messageFacts(message))) return { ...nothing, filtered: 1 }
  const headers = readMessageHeaders(raw)
  const wouldBe = {
    destination: destinationOf(raw.topic),
    messageId: headers.messageId ?? textAt(message, 'messageId') ?? '',
    type: knownType(message['type']),
    person: raw.key?.toString() ?? '',
    value,
    isAsked: true,
  }
  return { ...nothing, messages: [wouldBe] }
}

function unreadable(message: string): Rehearsed {
  const fault = { slot: 'dead-letter', reason: 'unreadable', field: undefined, message } as const
  return { ...nothing, slot: 'dead-letter', faults: [fault] }
}

/** What a filter may ask of a message that stands on a topic. */
export function messageFacts(message: JsonObject): MessageFacts {
  const [type, event] = [textAt(message, 'type'), textAt(message, 'event')]
  const person = textAt(message, 'userId') ?? textAt(message, 'anonymousId')
  return {
    ...(type === undefined ? {} : { type }),
    ...(event === undefined ? {} : { event }),
    ...(person === undefined ? {} : { person }),
  }
}

function textAt(message: JsonObject, key: string): string | undefined {
  const value = message[key]
  return typeof value === 'string' ? value : undefined
}
