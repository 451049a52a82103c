// Message + the destinations' `where` -> which destinations get it, with the reason (product.md, "Configuration";
// document A: each set of credentials is a source that can be routed to chosen destinations).
import type { JsonObject } from '../json.ts'
import type { EncodeMessage } from '../records/message-record.ts'
import type { Message, MessageType } from '../translate/message.ts'

/** A destination as routing sees it. Absent lists take everything. */
export interface Route {
  readonly name: string
  readonly topic: string
  readonly where: {
    readonly sources?: readonly string[] | undefined
    readonly types?: readonly MessageType[] | undefined
    readonly events?: readonly string[] | undefined
    readonly excludeEmailOnly: boolean
  }
  readonly integrations: JsonObject
  /** How its records are encoded; absent: as JSON. */
  readonly encode?: EncodeMessage
}

/** Why a destination does not get a message, for people; undefined when it does. `source`: of the raw call. */
export function refusal({ where }: Route, message: Message, source: string | undefined): string | undefined {
  const { sources, types, events } = where
  if (sources !== undefined && (source === undefined || !sources.includes(source)))
    return `where.sources does not list ${source === undefined ? 'calls without a source' : `"${source}"`}`
  if (types !== undefined && !types.includes(message.type)) return `where.types does not list ${message.type}`
  if (events !== undefined && message.event !== undefined && !events.includes(message.event))
    return `where.events does not list "${message.event}"`
  if (where.excludeEmailOnly && isEmailOnly(message)) return 'where.excludeEmailOnly: known by email address only'
  return undefined
}

/** A: a person identified by email address alone; context.journeys.identifiers.email equals userId. */
function isEmailOnly({ userId, context }: Message): boolean {
  return userId !== undefined && context.journeys.identifiers.email === userId
}
