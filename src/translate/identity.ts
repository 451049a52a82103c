// Who: identifiers of a call -> userId, anonymousId and the identity as it came (mapping.md, "Who").
import { describeJson, type JsonObject } from '../json.ts'
import { without, withFirst } from './attributes.ts'
import { isCallObject, isVerbatim, type CallKey, type CallObject } from './call-object.ts'
import type { ObjectRef, Person } from './operation.ts'
import { invalid, isFault, unsupported, type Fault } from './fault.ts'
import { idText, readId, readOptionalId } from './values.ts'

const personKeys = ['id', 'email', 'cio_id', 'anonymous_id', 'phone'] as const
const cioPrefix = 'cio_'

type PersonKey = (typeof personKeys)[number]
type PersonIdentifiers = Readonly<Partial<Record<PersonKey, string>>>

/** v1 path identifier: a cio_id if it starts with "cio_", an email if it contains "@", else an id. */
export function personFromPath(text: string | undefined): Person | Fault {
  if (text === undefined || text === '' || text === cioPrefix) return invalid('path', 'has an empty person identifier')
  if (text.startsWith(cioPrefix)) return toPerson({ cio_id: text.slice(cioPrefix.length) })
  return toPerson(text.includes('@') ? { email: text } : { id: text })
}

/** v2 identifiers `{id: '42'}`. A phone alone is unsupported: guessing an id would create a second person. */
export function personFromIdentifiers(value: unknown, field: string): Person | Fault {
  if (!isCallObject(value)) return invalid(field, `must be an object, found ${describeJson(value)}`)
  const identifiers: Partial<Record<PersonKey, string>> = {}
  for (const key of personKeys) {
    if (value[key] === undefined || value[key] === null) continue
    const id = readId(value[key], field, `.${key}`)
    if (isFault(id)) return id
    identifiers[key] = key === 'cio_id' ? bareCioId(id) : id
  }
  const names = Object.keys(identifiers)
  if (names.length === 0) return invalid(field, 'must hold one of id, email, cio_id or anonymous_id')
  if (names.length === 1 && names[0] === 'phone') return unsupported('person identified by phone alone')
  return toPerson(identifiers)
}

/** An event that nobody is known for; its body may have an anonymous_id. */
export function anonymousPerson(anonymousId: string | undefined): Person {
  return anonymousId === undefined ? { identifiers: {} } : toPerson({ anonymous_id: anonymousId })
}

/** The same person with an anonymous_id that the body of the call gave. */
export function withAnonymousId(person: Person, anonymousId: string | undefined): Person {
  if (anonymousId === undefined) return person
  return { ...person, anonymousId, identifiers: { ...person.identifiers, anonymous_id: anonymousId } }
}

// No attributes in any call.
const notAttributes: readonly CallKey[] = ['cio_relationships', '_timestamp']

/** What is left of attributes without the relationships and the time that may stand among them. */
export function traitsOf(attributes: CallObject): CallObject {
  const isAll = attributes.cio_relationships === undefined && attributes._timestamp === undefined
  return isAll && isVerbatim(attributes) ? attributes : without(attributes, notAttributes)
}

/** An identify's person and traits from its address and attributes: identifiers leave the attributes, except where
 *  that would lose data (mapping.md, "Identifiers leave the traits, with exceptions"). */
export function identifyPerson(address: Person, attributes: CallObject): { person: Person; traits: CallObject } {
  const addressed = address.identifiers as PersonIdentifiers
  const joining = joiningIdentifiers(addressed, attributes)
  const person = joining === undefined ? address : toPerson({ ...addressed, ...joining })
  const leaving: CallKey[] = []
  // Key by key in full: to read a key by a name from a list takes V8 five times as long.
  if (leavesTraits('id', attributes.id, addressed, person)) leaving.push('id')
  if (leavesTraits('email', attributes.email, addressed, person)) leaving.push('email')
  if (leavesTraits('cio_id', attributes.cio_id, addressed, person)) leaving.push('cio_id')
  if (leavesTraits('anonymous_id', attributes.anonymous_id, addressed, person)) leaving.push('anonymous_id')
  const traits = leaving.length === 0 ? traitsOf(attributes) : without(attributes, [...notAttributes, ...leaving])
  const { email } = addressed
  const unsaid = email !== undefined && email !== person.userId && attributes.email === undefined
  return { person, traits: unsaid ? withFirst('email', email, traits) : traits }
}

/** Identifiers of the body that become part of who the person is. An email in the body is a trait, not an address. */
function joiningIdentifiers(addressed: PersonIdentifiers, attributes: CallObject): PersonIdentifiers | undefined {
  const id = addressed.id === undefined && addressed.email !== undefined ? idText(attributes.id) : undefined
  const cioId = addressed.cio_id === undefined ? idText(attributes.cio_id) : undefined
  const anonymousId = addressed.anonymous_id === undefined ? idText(attributes.anonymous_id) : undefined
  if (id === undefined && cioId === undefined && anonymousId === undefined) return undefined
  return {
    ...(id !== undefined && { id }),
    ...(cioId !== undefined && { cio_id: bareCioId(cioId) }),
    ...(anonymousId !== undefined && { anonymous_id: anonymousId }),
  }
}

/** An identifier leaves the traits (a phone never does: it is no identity in Pipelines) when it says no more than the person's identity does. In a call addressed by cio_id
 *  the identifiers of the body are the update, so they stay; one that contradicts the address stays as well. */
function leavesTraits(key: PersonKey, value: unknown, addressed: PersonIdentifiers, person: Person): boolean {
  const text = value === undefined ? undefined : idText(value)
  if (text === undefined) return false
  if (key === 'email') return text === person.userId
  const byCioIdAlone = addressed.cio_id !== undefined && addressed.id === undefined && addressed.email === undefined
  if (key === 'id' && byCioIdAlone) return false
  return person.identifiers[key] === (key === 'cio_id' ? bareCioId(text) : text)
}

/** Object identifiers `{object_type_id: '1', object_id: 'acme'}`; the type defaults to "1" (P). */
export function objectFromIdentifiers(value: unknown, field: string): ObjectRef | Fault {
  if (!isCallObject(value)) return invalid(field, `must be an object, found ${describeJson(value)}`)
  const typeId = readOptionalId(value.object_type_id, field, '.object_type_id')
  if (isFault(typeId)) return typeId
  if ((value.object_id ?? undefined) === undefined && idText(value.cio_object_id) !== undefined)
    return unsupported('object identified by cio_object_id alone')
  const id = readId(value.object_id, field, '.object_id')
  return isFault(id) ? id : { id, typeId: typeId ?? '1' }
}

/** `{object_type_id, object_id}`, as it stands in context.journeys.identifiers. */
export function objectIdentifiers(object: ObjectRef): JsonObject {
  return { object_type_id: object.typeId, object_id: object.id }
}

function toPerson(identifiers: PersonIdentifiers): Person {
  const { id, email, cio_id: cioId } = identifiers
  const userId = id ?? email ?? (cioId === undefined ? undefined : cioPrefix + cioId)
  return { userId, anonymousId: identifiers.anonymous_id, identifiers }
}

function bareCioId(text: string): string {
  return text.startsWith(cioPrefix) && text !== cioPrefix ? text.slice(cioPrefix.length) : text
}
