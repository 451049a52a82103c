// cio_relationships in all its spellings -> relationships (mapping.md, "v1 calls" and "Worked examples").
// v1: {action, relationships: [...]}; v2: [...]. Both are read in both places.
import { describeJson } from '../json.ts'
import { isEmptyObject } from './attributes.ts'
import { isCallObject } from './call-object.ts'
import { objectFromIdentifiers, personFromIdentifiers } from './identity.ts'
import type { Relationship } from './operation.ts'
import { invalid, isFault, type Fault } from './fault.ts'
import { readAttributes } from './values.ts'

type Change = Relationship['change']

const changes: Readonly<Record<string, Change>> = {
  add_relationships: 'add',
  add_relationship: 'add',
  delete_relationships: 'delete',
  delete_relationship: 'delete',
}

export interface RelationshipsSource {
  readonly value: unknown
  readonly field: string
  /** What the entries identify: a person's relationships name objects, an object's name people. */
  readonly other: 'object' | 'person'
  /** What the operation itself says, for add_relationships and delete_relationships. */
  readonly change?: Change | undefined
}

const noRelationships: readonly Relationship[] = []

/** Null or empty means none; anything that is not well-formed makes the call invalid. */
export function readRelationships(source: RelationshipsSource): readonly Relationship[] | Fault {
  const { value, field } = source
  if (value === undefined || value === null) return noRelationships
  if (Array.isArray(value)) return readEntries(value, source, source.change ?? 'add')
  if (!isCallObject(value)) return invalid(field, `must be an array or an object, found ${describeJson(value)}`)
  if (isEmptyObject(value)) return []
  const change = readChange(value.action, source)
  if (isFault(change)) return change
  if (value.relationships === undefined || value.relationships === null) return []
  if (Array.isArray(value.relationships))
    return readEntries(value.relationships, { ...source, field: `${field}.relationships` }, change)
  return invalid(`${field}.relationships`, `must be an array, found ${describeJson(value.relationships)}`)
}

function readChange(action: unknown, { field, change }: RelationshipsSource): Change | Fault {
  if (action === undefined && change !== undefined) return change
  const named = typeof action === 'string' && Object.hasOwn(changes, action) ? changes[action] : undefined
  if (named !== undefined && (change === undefined || change === named)) return named
  const allowed = change === undefined ? 'add_relationships or delete_relationships' : `${change}_relationships`
  const found = typeof action === 'string' ? JSON.stringify(action) : describeJson(action)
  return invalid(`${field}.action`, `must be ${allowed}, found ${found}`)
}

function readEntries(entries: readonly unknown[], source: RelationshipsSource, change: Change) {
  const relationships: Relationship[] = []
  for (const [index, entry] of entries.entries()) {
    const relationship = readEntry(entry, `${source.field}[${index}]`, { other: source.other, change })
    if (isFault(relationship)) return relationship
    relationships.push(relationship)
  }
  return relationships
}

function readEntry(
  entry: unknown,
  field: string,
  { other, change }: { other: 'object' | 'person'; change: Change },
): Relationship | Fault {
  if (!isCallObject(entry)) return invalid(field, `must be an object, found ${describeJson(entry)}`)
  const read = other === 'object' ? objectFromIdentifiers : personFromIdentifiers
  const side = read(entry.identifiers, `${field}.identifiers`)
  const attributes = readAttributes(entry.relationship_attributes, field, '.relationship_attributes')
  if (isFault(attributes)) return attributes
  if (isFault(side)) return side.outcome === 'invalid' ? side : { change, attributes, fault: side }
  return { change, attributes, [other]: side }
}
