// The six Pipelines messages as they stand on destination topics (P; envelope: mapping.md).
import type { JsonObject } from '../json.ts'

export const messageTypes = ['identify', 'track', 'page', 'screen', 'group', 'alias'] as const
export type MessageType = (typeof messageTypes)[number]

/** Identity of the call as it came, e.g. `{object_type_id: '1', object_id: 'acme', id: '42'}`. */
export type Identifiers = Readonly<Record<string, unknown>>

/** What a row of the mapping table fills in; the envelope adds the rest. */
export interface MessageBody {
  readonly userId?: string | undefined
  readonly anonymousId?: string | undefined
  readonly previousId?: string | undefined
  readonly groupId?: string | undefined
  readonly event?: string | undefined
  readonly name?: string | undefined
  readonly traits?: JsonObject | undefined
  readonly properties?: JsonObject | undefined
}

/** All times are ISO 8601, UTC, milliseconds. Keys that do not apply are undefined, so that their JSON has none of them. */
export interface Message extends MessageBody {
  readonly type: MessageType
  readonly messageId: string
  readonly timestamp: string
  readonly originalTimestamp: string
  readonly sentAt: string
  readonly receivedAt: string
  readonly context: {
    readonly journeys: { readonly identifiers: Identifiers }
    readonly device?: { readonly token: string; readonly type?: string }
  }
  readonly integrations: JsonObject
}
