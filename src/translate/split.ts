// An operation that carries relationships -> elementary operations, each one row of the mapping table (mapping.md, step 2).
// A part whose other side has no identity in Pipelines becomes a Fault of its own, so that it never spoils the rest.
import { noAttributes } from './call-object.ts'
import { createOperation, type ElementaryOperation, type Operation, type Relationship } from './operation.ts'
import type { Unsupported } from './fault.ts'

export type Part = ElementaryOperation | Unsupported

/** In the order in which Customer.io applies them: the person or object first, then its relationships. */
export function splitOperation(operation: Operation): readonly Part[] {
  const { action, relationships } = operation
  if (relationships.length === 0) return [operation]
  const parts = relationships.map((relationship) => toPart(operation, relationship))
  return action === 'add_relationships' || action === 'delete_relationships' || isCarried(operation)
    ? parts
    : [operation, ...parts]
}

// What an object's operation says of the object travels with its relationships: only where none of them carries it does
// it need a message of its own.
function isCarried({ type, action, relationships, person }: Operation): boolean {
  if (type !== 'object') return false
  if (action !== 'identify_anonymous')
    return action === 'identify' && relationships.some(({ change, fault }) => change === 'add' && fault === undefined)
  const named = person?.anonymousId
  return named === undefined || relationships.some((entry) => entry.person?.anonymousId === named)
}

function toPart(operation: Operation, relationship: Relationship): Part {
  if (relationship.fault !== undefined) return relationship.fault
  const { type, action, timestampMs } = operation
  const { change, attributes: relationshipAttributes } = relationship
  const person = relationship.person ?? operation.person
  const object = relationship.object ?? operation.object
  // Only an object's operation brings attributes of the object.
  const attributes = type === 'object' && change === 'add' ? operation.attributes : noAttributes
  const facts = { person, object, attributes, relationshipAttributes, timestampMs }
  return action === 'identify_anonymous' && change === 'add'
    ? createOperation({ type: 'object', action, ...facts })
    : createOperation({ type: 'relationship', action: change, ...facts })
}
