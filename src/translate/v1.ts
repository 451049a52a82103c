// Track v1: method, path and body -> operation (mapping.md, "v1 calls").
import { describeJson } from '../json.ts'
import { readDeliveryEvent, readDevice, readEvent, readOwnTime } from './events.ts'
import { anonymousPerson, identifyPerson, personFromIdentifiers, personFromPath, withAnonymousId } from './identity.ts'
import { createOperation, type Operation, type Person, type Relationship } from './operation.ts'
import { invalid, isFault, type Fault } from './fault.ts'
import type { RawCall } from './raw-call.ts'
import { readRelationships } from './relationships.ts'
import { readTime } from './timestamps.ts'
import type { PathTarget } from './v1-paths.ts'
import { readId, readOptionalId } from './values.ts'

type PersonTarget = Extract<PathTarget, { kind: 'person' }>
type V1Target = Exclude<PathTarget, { kind: 'entity' } | { kind: 'batch' } | { kind: 'unsupported' }>

export function v1Operation(target: V1Target, call: RawCall, parameters: readonly string[]): Operation | Fault {
  switch (target.kind) {
    case 'anonymous-event':
      return eventOperation(call, undefined)
    case 'merge':
      return mergeOperation(call)
    case 'metrics':
      return deliveryOperation(call, 'metric')
    case 'push-event':
      return deliveryOperation(call, 'event')
    case 'event':
    case 'person': {
      const person = personFromPath(parameters[0])
      if (isFault(person)) return person
      return target.kind === 'event'
        ? eventOperation(call, person)
        : personOperation(target.action, call, { person, token: parameters[1] })
    }
  }
}

function personOperation(
  action: PersonTarget['action'],
  call: RawCall,
  { person, token }: { person: Person; token: string | undefined },
): Operation | Fault {
  switch (action) {
    case 'identify':
      return identifyOperation(call, person)
    case 'add_device': {
      const device = readDevice(call, 'v1')
      return isFault(device) ? device : createOperation({ type: 'person', action, person, ...device })
    }
    case 'delete_device': {
      const deviceToken = readId(token, 'path')
      const timestampMs = readOwnTime(call)
      if (isFault(deviceToken)) return deviceToken
      if (isFault(timestampMs)) return timestampMs
      return createOperation({ type: 'person', action, person, device: { token: deviceToken }, timestampMs })
    }
    default: {
      const timestampMs = readOwnTime(call)
      return isFault(timestampMs) ? timestampMs : createOperation({ type: 'person', action, person, timestampMs })
    }
  }
}

function identifyOperation(call: RawCall, address: Person): Operation | Fault {
  const { body, at } = call
  const relationships = relationshipsOf(call)
  // In a v1 identify every key is an attribute: only _timestamp is the call's own time.
  const timestampMs = readTime(body._timestamp, at, '_timestamp')
  if (isFault(relationships)) return relationships
  if (isFault(timestampMs)) return timestampMs
  const { person, traits } = identifyPerson(address, body)
  return createOperation({ type: 'person', action: 'identify', person, attributes: traits, relationships, timestampMs })
}

const noRelationships: readonly Relationship[] = []

function relationshipsOf({ body, at }: RawCall): readonly Relationship[] | Fault {
  const value = body.cio_relationships
  if (value === undefined) return noRelationships
  return readRelationships({ value, field: `${at}cio_relationships`, other: 'object' })
}

function eventOperation(call: RawCall, known: Person | undefined): Operation | Fault {
  const event = readEvent(call, 'data')
  const relationships = relationshipsOf(call)
  const anonymousId = readOptionalId(call.body.anonymous_id, call.at, 'anonymous_id')
  if (isFault(event)) return event
  if (isFault(anonymousId)) return anonymousId
  if (isFault(relationships)) return relationships
  const kind = call.body.type
  const action = kind === 'page' || kind === 'screen' ? kind : 'event'
  const person = known === undefined ? anonymousPerson(anonymousId) : withAnonymousId(known, anonymousId)
  const { name, attributes, timestampMs, eventId } = event
  return createOperation({ type: 'person', action, person, relationships, name, attributes, timestampMs, eventId })
}

/** `{primary: {email: 'a@b.c'}, secondary: {id: '7'}}`, in v1 and v2 alike. */
export function mergeOperation(call: Pick<RawCall, 'body' | 'at'>): Operation | Fault {
  const { body, at } = call
  const person = personFromIdentifiers(body.primary, `${at}primary`)
  const secondary = personFromIdentifiers(body.secondary, `${at}secondary`)
  const timestampMs = readOwnTime(call)
  if (isFault(person)) return person
  if (isFault(secondary)) return secondary
  if (isFault(timestampMs)) return timestampMs
  const nameless = person.userId === undefined ? 'primary' : secondary.userId === undefined ? 'secondary' : undefined
  if (nameless !== undefined)
    return invalid(
      at + nameless,
      `must hold one of id, email or cio_id, found ${describeJson(body[nameless])} without one`,
    )
  return createOperation({ type: 'person', action: 'merge', person, secondary, timestampMs })
}

function deliveryOperation(call: RawCall, metricField: 'metric' | 'event'): Operation | Fault {
  const { body, at } = call
  const delivery = readDeliveryEvent({
    body,
    at,
    deliveryId: body.delivery_id,
    idField: `${at}delivery_id`,
    metricField,
  })
  return isFault(delivery) ? delivery : createOperation({ type: 'delivery', action: 'event', ...delivery })
}
