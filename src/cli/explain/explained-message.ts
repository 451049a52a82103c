// One message of an explanation: the row it comes from, which destinations take it and why not, and its size against
// their limits. Pure. Ruled by product.md, "Configuration", and sink.md, "Facts of the API".
import type { JsonObject } from '../../json.ts'
import { refusal } from '../../processor/routing.ts'
import { messageKey, messageValue } from '../../records/message-record.ts'
import { placeCall, type Placement } from '../../sink/batch.ts'
import { outgoing } from '../../sink/outgoing.ts'
import type { RowName } from '../../translate/mapping-table.ts'
import type { Message } from '../../translate/message.ts'
import type { ExplainedDestination, ExplainSettings } from './explain-settings.ts'

export interface MessagePart {
  readonly message: Message
  readonly row: { readonly name: RowName; readonly source: string }
}

export interface RouteFacts {
  readonly destination: string
  readonly topic: string
  readonly isTaken: boolean
  /** Why it is left out; null when it is taken. */
  readonly reason: string | null
  /** The destination's own, which the message gets in place of `{"All":true}`. */
  readonly integrations: JsonObject
}

export interface MessageSize {
  /** Null without a configuration. */
  readonly destination: string | null
  /** As it is sent, UTF-8. */
  readonly bytes: number
  /** Null for a destination without a sink, which has no limits. */
  readonly placement: Placement | null
  readonly maxCallBytes: number | null
  readonly maxSingleBytes: number | null
}

export interface MessageFacts extends MessagePart {
  /** From 1, through all operations of a batch. */
  readonly number: number
  /** Key of its records. */
  readonly key: string
  /** Every destination, in the order of the configuration. */
  readonly routes: readonly RouteFacts[]
  /** Of the destinations that take it. */
  readonly sizes: readonly MessageSize[]
}

/** `source`: of the raw call. Never throws. */
export function explainMessage(
  { message, row }: MessagePart,
  number: number,
  source: string | undefined,
  { destinations, defaultRules: rules }: ExplainSettings,
): MessageFacts {
  const known = { number, row, message, key: messageKey(message) }
  if (destinations === undefined)
    return {
      ...known,
      routes: [],
      sizes: [sizeOf(message, { name: null, integrations: message.integrations, rules })],
    }
  const routes = destinations.map((destination) => routeOf(destination, message, source))
  const taking = destinations.filter((_, index) => routes[index]?.isTaken === true)
  return { ...known, routes, sizes: taking.map((destination) => sizeOf(message, destination)) }
}

function routeOf(destination: ExplainedDestination, message: Message, source: string | undefined): RouteFacts {
  const { name, topic, integrations } = destination
  const reason = refusal(destination, message, source) ?? null
  return { destination: name, topic, isTaken: reason === null, reason, integrations }
}

type Measured = Pick<ExplainedDestination, 'rules'> & {
  readonly name: string | null
  readonly integrations: JsonObject
}

function sizeOf(message: Message, { name, integrations, rules }: Measured): MessageSize {
  const value = messageValue(message, integrations)
  const sent = outgoing(value)
  const bytes = sent.ok ? sent.bytes : value.length
  return {
    destination: name,
    bytes,
    placement: rules === undefined ? null : placeCall(bytes, rules),
    maxCallBytes: rules?.limits.maxCallBytes ?? null,
    maxSingleBytes: rules?.limits.maxSingleBytes ?? null,
  }
}
