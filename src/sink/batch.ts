// PURE: which calls go out together. In: calls in order with their sizes, the limits and the form of a request. Out: those
// of the next request. Sizes are bytes of UTF-8 of the body before any compression: messages with their sentAt, and the
// envelope with its commas. Ruled by sink.md, "Facts of the API" and "Behaviour".
import { envelopeBytes, type RequestFormat } from './request-format.ts'

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

export interface BatchRules {
  readonly limits: BatchLimits
  readonly format: RequestFormat
}

/** `batch`: with others. `alone`: a request of its own, with `pipelines` to /{type}. `too_large`: is not sent. */
export type Placement = 'batch' | 'alone' | 'too_large'

export interface BatchPlan<T extends Sized> {
  /** Those of the next request, in order; none only when there are none. */
  readonly calls: readonly T[]
  readonly bodyBytes: number
  /** True for a single call that is too large for a batch. */
  readonly alone: boolean
  /** What closed it; null while it could take more. */
  readonly closed: 'bytes' | 'messages' | 'alone' | null
}

/** Where a call of this size goes. */
export function placeCall(bytes: number, { limits, format }: BatchRules): Placement {
  if (bytes <= limits.maxCallBytes && envelopeBytes(format) + bytes <= limits.maxBatchBytes) return 'batch'
  return bytes + envelopeBytes(format, true) <= limits.maxSingleBytes ? 'alone' : 'too_large'
}

/** Plans the next request from the first of `candidates`, in order. None of them may be `too_large`. Takes no more from
 *  `candidates` than it needs to know. */
export function planBatch<T extends Sized>(candidates: Iterable<T>, rules: BatchRules): BatchPlan<T> {
  const { limits, format } = rules
  const calls: T[] = []
  let bodyBytes = envelopeBytes(format)
  const plan = (closed: BatchPlan<T>['closed']): BatchPlan<T> => {
    return { calls, bodyBytes: calls.length === 0 ? 0 : bodyBytes, alone: false, closed }
  }
  for (const call of candidates) {
    const { bytes } = call
    if (placeCall(bytes, rules) === 'alone') {
      const aloneBytes = bytes + envelopeBytes(format, true)
      return calls.length > 0 ? plan('alone') : { calls: [call], bodyBytes: aloneBytes, alone: true, closed: 'alone' }
    }
    const added = bytes + (calls.length === 0 ? 0 : format.separator.length)
    if (bodyBytes + added > limits.maxBatchBytes) return plan('bytes')
    bodyBytes += added
    calls.push(call)
    if (calls.length >= limits.maxBatchMessages) return plan('messages')
  }
  return plan(null)
}
