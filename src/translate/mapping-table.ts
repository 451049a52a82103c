// The mapping table: one row per elementary operation, naming the Pipelines message it becomes. Hold it beside the
// tables of documents A and B and mapping.md, "Mapping table". Names of semantic events stand here and nowhere else.
import type { JsonObject } from '../json.ts'
import { hasKey, isEmptyObject, without, withFirst, withLast } from './attributes.ts'
import type { CallObject } from './call-object.ts'
import type { MessageBody, MessageType } from './message.ts'
import type { actions, ElementaryOperation, OperationType } from './operation.ts'

/** How the two places where the sources disagree are decided. */
export interface MappingSettings {
  /** A's first table lists delete_relationship under Group; P defines a semantic event. Default `track`. */
  readonly relationshipDelete: 'track' | 'group'
  /** A and B write relationship_traits, P relationshipAttributes. Default `relationship_traits`. */
  readonly relationshipTraitsKey: 'relationship_traits' | 'relationshipAttributes' | 'both'
}

export const defaultMappingSettings: MappingSettings = {
  relationshipDelete: 'track',
  relationshipTraitsKey: 'relationship_traits',
}

/** What the rows are called. */
export type RowName =
  | `person ${Exclude<(typeof actions.person)[number], 'add_relationships' | 'delete_relationships'>}`
  | `object ${Exclude<(typeof actions.object)[number], 'add_relationships' | 'delete_relationships'>}`
  | 'relationship add'
  | 'relationship delete'
  | 'delivery event'

export interface MappingRow {
  readonly message: MessageType
  /** The document that rules the row. */
  readonly source: string
  readonly fill: (operation: ElementaryOperation, settings: MappingSettings) => MessageBody
}

export const mappingTable: Readonly<Record<RowName, MappingRow>> = {
  'person identify': { message: 'identify', source: 'A: Identify', fill: (o) => bodyOf(o, { traits: o.attributes }) },
  'person event': {
    message: 'track',
    source: 'A: Track, page, and screen events',
    fill: (o) => bodyOf(o, { event: o.name, properties: o.attributes }),
  },
  'person page': {
    message: 'page',
    source: 'A: Track, page, and screen events',
    fill: (o) => bodyOf(o, { name: o.name, properties: withUrl(o) }),
  },
  'person screen': {
    message: 'screen',
    source: 'A: Track, page, and screen events',
    fill: (o) => bodyOf(o, { name: o.name, properties: o.attributes }),
  },
  'person add_device': semantic('Device Created or Updated', 'P: create_update_device', (o) => o.attributes),
  'person delete_device': semantic('Device Deleted', 'P: delete_device', (o) => o.attributes),
  'person delete': semantic('User Deleted', 'P: delete_person', (o) => o.attributes),
  'person suppress': semantic('User Suppressed', 'P: suppress_person', (o) => o.attributes),
  'person unsuppress': semantic('User Unsuppressed', 'P: unsuppress_person', (o) => o.attributes),
  'person merge': {
    message: 'alias',
    source: 'A: Alias',
    fill: (o) => ({
      ...bodyOf(o, {}),
      anonymousId: undefined,
      previousId: o.secondary?.userId,
    }),
  },
  'relationship add': { message: 'group', source: 'A: Group calls; B: Managing objects', fill: groupBody },
  'relationship delete': semantic('Relationship Deleted', 'P: relationship_deleted', objectProperties),
  'object identify': { message: 'group', source: 'A: Mapping Track v2 calls', fill: groupBody },
  'object identify_anonymous': { message: 'group', source: 'T: Object: Identify anonymous', fill: groupBody },
  'object delete': semantic('Object Deleted', 'P: group_deleted', objectProperties),
  'object event': {
    message: 'track',
    source: 'P: track, Group',
    fill: (o) => bodyOf(o, { groupId: o.object?.id, event: o.name, properties: o.attributes }),
  },
  'delivery event': semantic('Report Delivery Event', 'P: report_delivery_event', (o) => o.attributes),
}

/** The row for an elementary operation under these settings. */
export function mappingRow(operation: ElementaryOperation, settings: MappingSettings): MappingRow {
  const { type, action } = operation
  if (type === 'relationship') return mappingTable[rowName(operation, settings)]
  // The row's name is not put together: to look up a fresh string V8 must hash it first (0.2 us a message).
  return rowsByType[type][action] ?? mappingTable[rowName(operation, settings)]
}

type RowsByAction = Partial<Record<string, MappingRow>>

const rowsByType: Readonly<Record<OperationType, RowsByAction>> = { person: {}, object: {}, delivery: {} }
for (const [name, row] of Object.entries(mappingTable)) {
  const [type = '', action = ''] = name.split(' ')
  if (type in rowsByType) rowsByType[type as OperationType][action] = row
}

/** What `explain` calls the row that applied. */
export function rowName({ type, action }: ElementaryOperation, settings: MappingSettings): RowName {
  if (type !== 'relationship') return `${type} ${action}` as RowName
  return action === 'delete' && settings.relationshipDelete === 'track' ? 'relationship delete' : 'relationship add'
}

function semantic(event: string, source: string, properties: (o: ElementaryOperation) => JsonObject): MappingRow {
  return { message: 'track', source, fill: (o) => bodyOf(o, { event, properties: properties(o) }) }
}

// All bodies are of one shape: among many shapes V8 takes ten times as long to read a key.
function bodyOf(
  { person }: ElementaryOperation,
  { groupId, event, name, traits, properties }: MessageBody,
): MessageBody {
  const userId = person?.userId
  const anonymousId = person?.anonymousId
  return { userId, anonymousId, previousId: undefined, groupId, event, name, traits, properties }
}

// Customer.io's own destination reads properties.url.
function withUrl({ name, attributes }: ElementaryOperation): CallObject {
  return hasKey(attributes, 'url') ? attributes : withLast(attributes, 'url', name)
}

function groupBody(operation: ElementaryOperation, settings: MappingSettings): MessageBody {
  const { object, attributes, relationshipAttributes } = operation
  const own = without(attributes, ['object_type_id'])
  let traits = object === undefined ? own : withFirst('object_type_id', object.typeId, own)
  if (relationshipAttributes !== undefined && !isEmptyObject(relationshipAttributes))
    for (const key of relationshipTraitsKeys[settings.relationshipTraitsKey])
      traits = withLast(traits, key, relationshipAttributes)
  return bodyOf(operation, { groupId: object?.id, traits })
}

const relationshipTraitsKeys = {
  relationship_traits: ['relationship_traits'],
  relationshipAttributes: ['relationshipAttributes'],
  both: ['relationship_traits', 'relationshipAttributes'],
} as const

// P types objectTypeId as an integer.
function objectProperties({ object }: ElementaryOperation): JsonObject {
  const typeId = object?.typeId ?? '1'
  const number = Number(typeId)
  return { objectId: object?.id, objectTypeId: /^\d+$/.test(typeId) && Number.isSafeInteger(number) ? number : typeId }
}
