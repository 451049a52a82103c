// Cutting and joining attributes on their way from call to message (mapping.md, "Identifiers leave the traits"): members
// leave them, a member is put first or last, two sets are merged. Of verbatim objects only the text is cut.
import { parseJson } from '../json.ts'
import { closeInto, openText, writeAscii, writeQuoted, writeSpan } from './byte-writer.ts'
import { isVerbatim, textOf, writeValue, type CallKey, type CallObject, type VerbatimObject } from './call-object.ts'
import { maxScanBytes } from './call-scanner.ts'
import { cutMembers } from './json-members.ts'

/** True for an object without any keys. */
export function isEmptyObject(object: CallObject): boolean {
  return isVerbatim(object) ? object.end - object.start === 2 : Object.keys(object).length === 0
}

/** The object without some of its keys; the object itself where none of them is in it. A key `__proto__` survives. */
export function without(object: CallObject, keys: readonly CallKey[]): CallObject {
  for (const key of keys) if (hasKey(object, key)) return copyWithout(object, keys)
  return object
}

function copyWithout(object: CallObject, keys: readonly CallKey[]): CallObject {
  if (isVerbatim(object) && object.end - object.start <= maxScanBytes) {
    const copy = { ...object }
    cutMembers(object, keys, copy)
    for (const key of keys) copy[key] = undefined
    return copy
  }
  const rest: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(plainOf(object))) {
    if ((keys as readonly string[]).includes(key)) continue
    // An assignment to __proto__ would change the prototype.
    if (key === '__proto__') Object.defineProperty(rest, key, { value, enumerable: true })
    else rest[key] = value
  }
  return rest
}

/** `attributes` with a member before all others; they do not have it. */
export function withFirst(key: CallKey, value: string, attributes: CallObject): CallObject {
  if (!isVerbatim(attributes)) return { [key]: value, ...attributes }
  openText()
  writeAscii(`{"${key}":`)
  writeQuoted(value)
  writeAscii(isEmptyObject(attributes) ? '' : ',')
  writeSpan(attributes.bytes, attributes.start + 1, attributes.end)
  return closeCopy(attributes, key, value)
}

/** `attributes` with a member after all others, or in the place of the one they have. */
export function withLast(attributes: CallObject, key: CallKey, value: unknown): CallObject {
  if (!isVerbatim(attributes) || hasKey(attributes, key)) return { ...plainOf(attributes), [key]: value }
  openText()
  writeSpan(attributes.bytes, attributes.start, attributes.end - 1)
  writeAscii(isEmptyObject(attributes) ? `"${key}":` : `,"${key}":`)
  writeValue(value)
  writeAscii('}')
  return closeCopy(attributes, key, value)
}

function closeCopy(object: VerbatimObject, key: CallKey, value: unknown): VerbatimObject {
  const copy = { ...object }
  closeInto(copy)
  copy[key] = value
  return copy
}

/** Both; where they have a key in common, that of `winner` in the place of the other. */
export function merge(first: CallObject, winner: CallObject): CallObject {
  return isEmptyObject(first) ? winner : { ...plainOf(first), ...plainOf(winner) }
}

/** True where the object has the key, whatever its value. */
export function hasKey(object: CallObject, key: CallKey): boolean {
  return isVerbatim(object) ? object[key] !== undefined : Object.hasOwn(object, key)
}

function plainOf(object: CallObject): CallObject {
  return isVerbatim(object) ? (parseJson(textOf(object)) as CallObject) : object
}
