// What a call means, v1 and v2 alike. An Operation may carry relationships; splitting it gives elementary operations,
// each of which is one row of the mapping table.
import type { JsonObject } from '../json.ts'
import { noAttributes, type CallObject } from './call-object.ts'
import type { Unsupported } from './fault.ts'

export const actions = {
  person: [
    'identify',
    'delete',
    'event',
    'page',
    'screen',
    'add_relationships',
    'delete_relationships',
    'add_device',
    'delete_device',
    'merge',
    'suppress',
    'unsuppress',
  ],
  object: ['identify', 'identify_anonymous', 'delete', 'event', 'add_relationships', 'delete_relationships'],
  delivery: ['event'],
} as const

export type OperationType = keyof typeof actions
export type Action = (typeof actions)[OperationType][number]

/** Who: resolved once, for the message (userId, anonymousId) and as the call had it (identifiers; mapping.md, "Who"). */
export interface Person {
  readonly userId?: string | undefined
  readonly anonymousId?: string | undefined
  /** As it came, e.g. `{email: 'a@b.c'}` or `{cio_id: 'a3'}` (bare). */
  readonly identifiers: JsonObject
}

/** `{id: 'acme', typeId: '1'}`. */
export interface ObjectRef {
  readonly id: string
  readonly typeId: string
}

export interface Device {
  readonly token: string
  readonly platform?: string | undefined
}

/** One person-object pair to add or delete. `fault` when the other side has no identity in Pipelines. */
export interface Relationship {
  readonly change: 'add' | 'delete'
  readonly person?: Person | undefined
  readonly object?: ObjectRef | undefined
  readonly attributes: CallObject
  readonly fault?: Unsupported | undefined
}

interface Facts {
  readonly person?: Person | undefined
  readonly secondary?: Person | undefined
  readonly object?: ObjectRef | undefined
  readonly device?: Device | undefined
  /** Event, page or screen name. */
  readonly name?: string | undefined
  /** Traits or properties to be. */
  readonly attributes: CallObject
  /** The call's own time. */
  readonly timestampMs?: number | undefined
  /** The call's own event id. */
  readonly eventId?: string | undefined
}

export interface Operation extends Facts {
  readonly type: OperationType
  readonly action: Action
  readonly relationships: readonly Relationship[]
}

type OperationFacts = Partial<Omit<Operation & ElementaryOperation, 'type' | 'action'>>

/** What there is of an operation -> an operation that has every key, so that all are of one shape: among many shapes V8
 *  takes ten times as long to read a key. */
export function createOperation<Type extends ElementaryOperation['type'], Name extends ElementaryOperation['action']>({
  type,
  action,
  person,
  secondary,
  object,
  device,
  name,
  attributes = noAttributes,
  relationships = noRelationships,
  relationshipAttributes,
  timestampMs,
  eventId,
}: OperationFacts & { readonly type: Type; readonly action: Name }) {
  return {
    type,
    action,
    person,
    secondary,
    object,
    device,
    name,
    attributes,
    relationships,
    relationshipAttributes,
    timestampMs,
    eventId,
  }
}

const noRelationships: readonly Relationship[] = []

/** One row of the mapping table. An operation without relationships is elementary as it is. */
export interface ElementaryOperation extends Facts {
  readonly type: OperationType | 'relationship'
  readonly action: Action | Relationship['change']
  readonly relationshipAttributes?: CallObject | undefined
}
