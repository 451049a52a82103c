// What stands on a destination topic: key, JSON text and headers of one Pipelines message (kafka.md, "Topics").
import type { JsonObject } from '../json.ts'
import type { Message } from '../translate/message.ts'
import { messageBytes } from '../translate/message-text.ts'

/** The raw record that messages came from. */
export interface MessageOrigin {
  /** `topic:partition:offset`. */
  readonly place: string
  /** Headers of the raw record that are passed on. */
  readonly passed: Readonly<Record<string, Buffer>>
}

/** userId, else anonymousId, else groupId: order per person holds whatever the partitioner. */
export function messageKey(message: Message): string {
  return message.userId ?? message.anonymousId ?? message.groupId ?? message.messageId
}

/** JSON text, in bytes of UTF-8, as it would be sent; `integrations` are the destination's. */
export function messageValue(message: Message, integrations: JsonObject): Buffer {
  return messageBytes(message, integrations)
}

/** A message, the destination's integrations and the source of its raw call -> the value of its record. */
export type EncodeMessage = (message: Message, integrations: JsonObject, source: string | undefined) => Buffer

/** Short and few: each header costs as much as a small record. `index`: among all messages of the raw record. */
export function messageHeaders(
  message: Message,
  { place, passed }: MessageOrigin,
  index: number,
): Readonly<Record<string, Buffer | string>> {
  const headers = { 'tb-src': `${place}:${index}`, 'tb-mid': message.messageId, 'tb-type': message.type }
  return passed === nothing ? headers : { ...headers, ...passed }
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
