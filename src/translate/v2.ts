// Track v2: one entity, decided by type and action -> operation (T; mapping.md, "v2 operations").
import { describeJson } from '../json.ts'
import { isCallObject, noAttributes, type CallObject } from './call-object.ts'
import { readDeliveryEvent, readDevice, readEvent, readOwnTime, type Body } from './events.ts'
import { identifyPerson, objectFromIdentifiers, personFromIdentifiers, traitsOf, withAnonymousId } from './identity.ts'
import {
  actions,
  createOperation,
  type Action,
  type Operation,
  type OperationType,
  type Relationship,
} from './operation.ts'
import { invalid, isFault, type Fault } from './fault.ts'
import { readRelationships } from './relationships.ts'
import { mergeOperation } from './v1.ts'
import { readAttributes, readOptionalId } from './values.ts'

// Spellings of document A.
const typeSynonyms: Readonly<Record<string, OperationType>> = { group: 'object' }
const actionSynonyms: Readonly<Record<string, Action>> = {
  add_relationship: 'add_relationships',
  delete_relationship: 'delete_relationships',
  remove_device: 'delete_device',
}

type OperationBase = Pick<Operation, 'type' | 'action' | 'person' | 'object'>

/** One v2 entity, e.g. `{type: 'person', action: 'identify', identifiers: {id: '42'}, attributes: {plan: 'pro'}}`. */
export function v2Operation(value: unknown, at: string): Operation | Fault {
  const where = at === '' ? '' : at.replace(/\.$/, '')
  if (!isCallObject(value)) return invalid(where, `must be an object, found ${describeJson(value)}`)
  const pair = readTypeAndAction(value, at)
  if (isFault(pair)) return pair
  const source: Body = { body: value, at }
  switch (pair.type) {
    case 'person':
      return pair.action === 'merge' ? mergeOperation(source) : personOperation(pair.action, source)
    case 'object':
      return objectOperation(pair.action, source)
    case 'delivery':
      return deliveryOperation(source)
  }
}

function readTypeAndAction(value: CallObject, at: string): { type: OperationType; action: Action } | Fault {
  const { type, action } = value
  if (typeof type !== 'string') return invalid(`${at}type`, `must be a string, found ${describeJson(type)}`)
  if (typeof action !== 'string') return invalid(`${at}action`, `must be a string, found ${describeJson(action)}`)
  if (type === 'identify' && action === 'merge') return { type: 'person', action: 'merge' }
  const known = Object.hasOwn(actions, type)
    ? (type as OperationType)
    : Object.hasOwn(typeSynonyms, type)
      ? typeSynonyms[type]
      : undefined
  if (known === undefined) return invalid(`${at}type`, `must be person, object or delivery, found ${quote(type)}`)
  const named = Object.hasOwn(actionSynonyms, action) ? actionSynonyms[action] : action
  const found = actions[known].find((candidate) => candidate === named)
  return found === undefined
    ? invalid(`${at}action`, `must be one of ${actions[known].join(', ')} for a ${known}, found ${quote(action)}`)
    : { type: known, action: found }
}

function personOperation(action: Exclude<Action, 'merge'>, source: Body): Operation | Fault {
  const person = personFromIdentifiers(source.body.identifiers, `${source.at}identifiers`)
  if (isFault(person)) return person
  switch (action) {
    case 'event':
    case 'page':
    case 'screen':
      return eventOperation({ type: 'person', action, person }, source)
    case 'add_device':
    case 'delete_device': {
      const device = readDevice(source, 'v2')
      return isFault(device) ? device : createOperation({ type: 'person', action, person, ...device })
    }
    case 'identify':
    case 'add_relationships':
    case 'delete_relationships':
      return relatedOperation({ type: 'person', action, person }, source)
    default: {
      const timestampMs = readOwnTime(source)
      return isFault(timestampMs) ? timestampMs : createOperation({ type: 'person', action, person, timestampMs })
    }
  }
}

function eventOperation(base: OperationBase, source: Body): Operation | Fault {
  const { body, at } = source
  const event = readEvent(source, 'attributes')
  const relationships = readBothRelationships(base, source, noAttributes)
  const anonymousId = readOptionalId(body.anonymous_id, at, 'anonymous_id')
  if (isFault(event)) return event
  if (isFault(relationships)) return relationships
  if (isFault(anonymousId)) return anonymousId
  const person = base.person === undefined ? undefined : withAnonymousId(base.person, anonymousId)
  return createOperation({ ...base, person, relationships, ...event })
}

function objectOperation(action: Action, source: Body): Operation | Fault {
  const object = objectFromIdentifiers(source.body.identifiers, `${source.at}identifiers`)
  if (isFault(object)) return object
  if (action === 'event') return eventOperation({ type: 'object', action, object }, source)
  const operation = relatedOperation({ type: 'object', action, object }, source)
  if (isFault(operation) || action !== 'identify_anonymous') return operation
  return identifyAnonymous(operation, source)
}

/** Identify, add_relationships and delete_relationships of a person or an object; object delete has none of them. */
function relatedOperation(base: OperationBase, source: Body): Operation | Fault {
  const { body, at } = source
  const attributes = readAttributes(body.attributes, at, 'attributes')
  if (isFault(attributes)) return attributes
  const relationships = base.action === 'delete' ? [] : readBothRelationships(base, source, attributes)
  const timestampMs = readOwnTime(source, attributes)
  if (isFault(relationships)) return relationships
  if (isFault(timestampMs)) return timestampMs
  const needed = base.action === 'add_relationships' || base.action === 'delete_relationships'
  if (needed && relationships.length === 0)
    return invalid(`${at}cio_relationships`, 'must hold at least one relationship')
  if (base.action !== 'identify' || base.person === undefined)
    return createOperation({ ...base, attributes: traitsOf(attributes), relationships, timestampMs })
  const identified = identifyPerson(base.person, attributes)
  const { person, traits } = identified
  return createOperation({ ...base, person, attributes: traits, relationships, timestampMs })
}

// v1 writes cio_relationships among the attributes; a v2 call that does so must not lose them.
function readBothRelationships(
  base: OperationBase,
  { body, at }: Body,
  attributes: CallObject,
): readonly Relationship[] | Fault {
  const other = base.type === 'person' ? 'object' : 'person'
  const change =
    base.action === 'add_relationships' ? 'add' : base.action === 'delete_relationships' ? 'delete' : undefined
  const field = 'cio_relationships'
  if (body[field] === undefined && attributes[field] === undefined) return []
  const own = readRelationships({ value: body[field], field: at + field, other, change })
  const inner = readRelationships({ value: attributes[field], field: `${at}attributes.${field}`, other, change })
  if (isFault(own)) return own
  return isFault(inner) ? inner : [...own, ...inner]
}

function identifyAnonymous(operation: Operation, { body, at }: Body): Operation | Fault {
  const anonymousId = readOptionalId(body.anonymous_id, at, 'anonymous_id')
  if (isFault(anonymousId)) return anonymousId
  const named = operation.relationships.some(({ person }) => person?.anonymousId !== undefined)
  if (anonymousId === undefined && !named)
    return invalid(`${at}anonymous_id`, 'is missing, and no relationship has one')
  const person = anonymousId === undefined ? undefined : withAnonymousId({ identifiers: {} }, anonymousId)
  return { ...operation, person }
}

function deliveryOperation({ body, at }: Body): Operation | Fault {
  if (!isCallObject(body.identifiers))
    return invalid(`${at}identifiers`, `must be an object, found ${describeJson(body.identifiers)}`)
  const deliveryId = body.identifiers.id
  const delivery = readDeliveryEvent({ body, at, deliveryId, idField: `${at}identifiers.id`, metricField: 'name' })
  return isFault(delivery) ? delivery : createOperation({ type: 'delivery', action: 'event', ...delivery })
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 60))
}
