// What a call became.
import type { Fault, Unsupported } from './fault.ts'
import type { Message } from './message.ts'
import type { ElementaryOperation } from './operation.ts'

export interface Translated {
  readonly outcome: 'translated'
  readonly messages: readonly Message[]
  /** What each message was made from: its row of the mapping table. */
  readonly parts: readonly ElementaryOperation[]
  /** Parts of the operation that Pipelines has no counterpart for; nearly always none. */
  readonly unsupported: readonly Unsupported[]
}

export type Outcome = Translated | Fault

/** One raw record: the outcome of the whole (translated if there is any message, else the first operation's). */
export interface Translation {
  readonly outcome: Outcome['outcome']
  /** One outcome an operation, in order. Never empty. */
  readonly operations: readonly Outcome[]
  /** Whether the call was a v2 batch. */
  readonly isBatch: boolean
  /** Which set of Track credentials made the call, for routing. */
  readonly source?: string | undefined
}
