// Reading single JSON values of a call: ids, names, attribute objects. Each gives the value or a Fault that names the
// field (mapping.md, "v2 operations": ids and names).
import { describeJson, isJsonObject, numberText, type JsonObject } from '../json.ts'
import { invalid, type Fault } from './fault.ts'

/** Non-empty text of a string or number, digits kept; undefined for everything else. */
export function idText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  return numberText(value)
}

/** An id that must be there. `null` counts as absent. */
export function readId(value: unknown, field: string): string | Fault {
  return idText(value) ?? invalid(field, `must be a non-empty string or a number, found ${describeJson(value)}`)
}

/** An id that may be absent or null. */
export function readOptionalId(value: unknown, field: string): string | undefined | Fault {
  return value === undefined || value === null ? undefined : readId(value, field)
}

/** Event, page and screen names: trimmed, not blank (T). */
export function readName(value: unknown, field: string): string | Fault {
  const name = idText(value)?.trim()
  if (name) return name
  const found = typeof value === 'string' ? 'a blank string' : describeJson(value)
  return invalid(field, `must be a string that is not blank, found ${found}`)
}

export const noAttributes: JsonObject = {}

/** An object of attributes; absent and null count as none. */
export function readAttributes(value: unknown, field: string): JsonObject | Fault {
  if (value === undefined || value === null) return noAttributes
  return isJsonObject(value) ? value : invalid(field, `must be an object, found ${describeJson(value)}`)
}

/** The object without some of its keys; the object itself where none of them is in it. A key `__proto__` survives. */
export function without(object: JsonObject, keys: readonly string[]): JsonObject {
  for (const key of keys) if (Object.hasOwn(object, key)) return copyWithout(object, keys)
  return object
}

function copyWithout(object: JsonObject, keys: readonly string[]): JsonObject {
  const rest: Record<string, unknown> = {}
  for (const key of Object.keys(object)) {
    if (keys.includes(key)) continue
    // An assignment to __proto__ would change the prototype.
    if (key === '__proto__') Object.defineProperty(rest, key, { value: object[key], enumerable: true })
    else rest[key] = object[key]
  }
  return rest
}
