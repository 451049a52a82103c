// Cutting and joining attributes on their way from call to message (mapping.md, "Identifiers leave the traits"): members
// leave them, a member is put first or last, two sets are merged. Of verbatim objects only the text is cut.
import { parseJson } from '../json.ts'
import { fromByteText, quoteBytes, type ByteText } from './byte-text.ts'
import { callText, isVerbatim, type CallKey, type CallObject, type VerbatimObject } from './call-object.ts'
import { cutMembers, maxScanBytes } from './call-scanner.ts'

/** True for an object without any keys. */
export function isEmptyObject(object: CallObject): boolean {
  return isVerbatim(object) ? object.text === '{}' : Object.keys(object).length === 0
}

/** The object without some of its keys; the object itself where none of them is in it. A key `__proto__` survives. */
export function without(object: CallObject, keys: readonly CallKey[]): CallObject {
  for (const key of keys) if (hasKey(object, key)) return copyWithout(object, keys)
  return object
}

function copyWithout(object: CallObject, keys: readonly CallKey[]): CallObject {
  if (isVerbatim(object) && object.text.length <= maxScanBytes) {
    const copy = copyOf(object, textWithout(object, keys))
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

function textWithout(object: VerbatimObject, keys: readonly CallKey[]): ByteText {
  const { text } = object
  const found = keys.filter((key) => object[key] !== undefined)
  const [key] = found
  if (key === undefined) return text
  // Where the member's text stands only once in the object, it is the member: a search takes a fifth of a scan.
  const member = `"${key}":${callText(object[key])}`
  const start = text.indexOf(member)
  if (found.length > 1 || start < 0 || text.indexOf(member, start + 1) >= 0) return cutMembers(text, keys)
  const end = start + member.length
  // With the comma after it, or else the one before it.
  if (text[end] === ',') return text.slice(0, start) + text.slice(end + 1)
  return text.slice(0, text[start - 1] === ',' ? start - 1 : start) + text.slice(end)
}

/** `attributes` with a member before all others; they do not have it. */
export function withFirst(key: CallKey, value: string, attributes: CallObject): CallObject {
  if (!isVerbatim(attributes)) return { [key]: value, ...attributes }
  const member = `"${key}":${quoteBytes(value)}`
  const copy = copyOf(attributes, isEmptyObject(attributes) ? `{${member}}` : `{${member},${attributes.text.slice(1)}`)
  copy[key] = value
  return copy
}

/** `attributes` with a member after all others, or in the place of the one they have. */
export function withLast(attributes: CallObject, key: CallKey, value: unknown): CallObject {
  if (!isVerbatim(attributes) || hasKey(attributes, key)) return { ...plainOf(attributes), [key]: value }
  const member = `"${key}":${callText(value)}`
  const { text } = attributes
  const copy = copyOf(attributes, isEmptyObject(attributes) ? `{${member}}` : `${text.slice(0, -1)},${member}}`)
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
  return isVerbatim(object) ? (parseJson(fromByteText(object.text)) as CallObject) : object
}

const copyOf = (object: VerbatimObject, text: ByteText): VerbatimObject => ({ ...object, text })
