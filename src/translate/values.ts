// Reading single JSON values of a call: ids, names, attribute objects. Each gives the value or a Fault that names the
// field (mapping.md, "v2 operations": ids and names). The field is `at` and `key` together, which only a fault puts together.
import { describeJson, numberText } from '../json.ts'
import { isCallObject, noAttributes, type CallObject } from './call-object.ts'
import { invalid, type Fault } from './fault.ts'

/** Non-empty text of a string or number, digits kept; undefined for everything else. */
export function idText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  return numberText(value)
}

/** An id that must be there. `null` counts as absent. */
export function readId(value: unknown, at: string, key = ''): string | Fault {
  return idText(value) ?? invalid(at + key, `must be a non-empty string or a number, found ${describeJson(value)}`)
}

/** An id that may be absent or null. */
export function readOptionalId(value: unknown, at: string, key = ''): string | undefined | Fault {
  return value === undefined || value === null ? undefined : readId(value, at, key)
}

/** Event, page and screen names: trimmed, not blank (T). */
export function readName(value: unknown, at: string, key = ''): string | Fault {
  const name = idText(value)?.trim()
  if (name) return name
  const found = typeof value === 'string' ? 'a blank string' : describeJson(value)
  return invalid(at + key, `must be a string that is not blank, found ${found}`)
}

/** An object of attributes; absent and null count as none. */
export function readAttributes(value: unknown, at: string, key = ''): CallObject | Fault {
  if (value === undefined || value === null) return noAttributes
  return isCallObject(value) ? value : invalid(at + key, `must be an object, found ${describeJson(value)}`)
}
