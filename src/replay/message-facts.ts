// What a message on a destination topic says of itself, for conditions. In: a record's value, and how Avro is read. Out:
// facts; of a value that cannot be read, none. Pure. Ruled by docs/replay.md.
import type { MessageFacts } from './filter.ts'

/** The JSON text in a value in Avro; undefined where there is none. */
export type ReadPayload = (value: Buffer) => Buffer | undefined

/** Never throws. */
export function messageFacts(value: Buffer | null, readPayload?: ReadPayload): MessageFacts {
  const text = value !== null && value[0] === 0 ? readPayload?.(value) : value
  if (text === null || text === undefined) return {}
  try {
    const message: unknown = JSON.parse(text.toString())
    return typeof message === 'object' && message !== null ? factsOf(message as Readonly<Record<string, unknown>>) : {}
  } catch {
    return {}
  }
}

function factsOf({ type, event, userId, anonymousId }: Readonly<Record<string, unknown>>): MessageFacts {
  const person = typeof userId === 'string' ? userId : anonymousId
  return {
    ...(typeof type === 'string' ? { type } : {}),
    ...(typeof event === 'string' ? { event } : {}),
    ...(typeof person === 'string' ? { person } : {}),
  }
}
