// What stands on a destination topic: key, JSON text and headers of one Pipelines message (kafka.md, "Topics").
import { stringifyJson, type JsonObject } from '../json.ts'
import type { Message } from '../translate/message.ts'

/** Where the message came from. `index`: among all messages of its raw record. */
export interface MessageSource {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly index: number
  /** Headers of the raw record that are passed on. */
  readonly passed: Readonly<Record<string, Buffer>>
}

/** userId, else anonymousId, else groupId: order per person holds whatever the partitioner. */
export function messageKey(message: Message): string {
  return message.userId ?? message.anonymousId ?? message.groupId ?? message.messageId
}

/** JSON text as it would be sent; `integrations` are the destination's. */
export function messageValue(message: Message, integrations: JsonObject): string {
  return stringifyJson({ ...message, integrations })
}

/** Short and few: each header costs as much as a small record. */
export function messageHeaders(message: Message, source: MessageSource): Readonly<Record<string, Buffer | string>> {
  return {
    'tb-src': `${source.topic}:${source.partition}:${source.offset}:${source.index}`,
    'tb-mid': message.messageId,
    'tb-type': message.type,
    ...source.passed,
  }
}

const passedHeaders = ['tb-replay', 'traceparent']
const nothing: Readonly<Record<string, Buffer>> = {}

/** The headers of a raw record that its messages carry on. */
export function passOn(headers: readonly (readonly [string, Buffer | null])[]): Readonly<Record<string, Buffer>> {
  if (headers.length === 0) return nothing
  const found: Record<string, Buffer> = {}
  for (const [key, value] of headers) if (value !== null && passedHeaders.includes(key)) found[key] = value
  return found
}
