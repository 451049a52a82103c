// PURE: which calls go out together. In: calls in order with their sizes, and the limits. Out: how many make the next
// request, or the halves of a refused one. Sizes are bytes of UTF-8 of the JSON that is sent: messages with their
// sentAt, and the envelope with its commas. Ruled by sink.md, "Facts of the API" and "Behaviour".

/** The sizes and counts that rule a request; all of them inclusive. */
export interface BatchLimits {
  readonly maxBatchMessages: number
  readonly maxBatchBytes: number
  readonly maxCallBytes: number
  readonly maxSingleBytes: number
}

/** `bytes`: size of the message's JSON as it is sent. */
export interface Sized {
  readonly bytes: number
}

/** `batch`: with others to /batch. `alone`: to /{type}. `too_large`: is not sent. */
export type Placement = 'batch' | 'alone' | 'too_large'

export interface BatchPlan {
  /** How many of the first calls make the request; 0 only when there are none. */
  readonly take: number
  readonly bodyBytes: number
  /** True for a single call that goes to /{type}. */
  readonly alone: boolean
  /** What closed it; null while it could take more. */
  readonly closed: 'bytes' | 'messages' | 'alone' | null
}

const opening = '{"batch":['
const closing = ']}'
const envelopeBytes = opening.length + closing.length

/** The body of a batch, e.g. `{"batch":[{"type":"track"},{"type":"page"}]}`. */
export const batchBody = (messages: readonly string[]): string => opening + messages.join(',') + closing

/** Where a call of this size goes. */
export function placeCall(bytes: number, limits: BatchLimits): Placement {
  if (bytes <= limits.maxCallBytes && envelopeBytes + bytes <= limits.maxBatchBytes) return 'batch'
  return bytes <= limits.maxSingleBytes ? 'alone' : 'too_large'
}

/** Plans the next request from the head of `calls`, in order. None of them may be `too_large`. */
export function planBatch(calls: readonly Sized[], limits: BatchLimits): BatchPlan {
  const first = calls[0]
  if (first && placeCall(first.bytes, limits) === 'alone') {
    return { take: 1, bodyBytes: first.bytes, alone: true, closed: 'alone' }
  }
  let bodyBytes = envelopeBytes
  let take = 0
  for (const call of calls) {
    const added = call.bytes + (take === 0 ? 0 : 1)
    if (placeCall(call.bytes, limits) === 'alone') return { take, bodyBytes, alone: false, closed: 'alone' }
    if (bodyBytes + added > limits.maxBatchBytes) return { take, bodyBytes, alone: false, closed: 'bytes' }
    bodyBytes += added
    take++
    if (take >= limits.maxBatchMessages) return { take, bodyBytes, alone: false, closed: 'messages' }
  }
  return { take, bodyBytes: take === 0 ? 0 : bodyBytes, alone: false, closed: null }
}

/** The two halves of a refused batch of two or more, in order, neither of them empty. */
export function halve<T>(calls: readonly T[]): readonly [first: readonly T[], second: readonly T[]] {
  const middle = Math.ceil(calls.length / 2)
  return [calls.slice(0, middle), calls.slice(middle)]
}
