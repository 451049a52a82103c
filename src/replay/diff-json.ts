// Two JSON values -> what differs, by path. Values are compared and not texts: the order of keys does not matter, the
// text of a number does: 1.0 is not 1, and every digit counts. Pure.
import { isJsonObject, parseJson, stringifyJson, type JsonObject } from '../json.ts'

/** e.g. `{path: 'traits.plan', here: '"free"', there: '"pro"'}`; a side that has nothing there is undefined. */
export interface Change {
  /** Keys with dots between them, indices in brackets: `context.items[2].sku`; keys with other signs in quotes. */
  readonly path: string
  readonly here: string | undefined
  readonly there: string | undefined
}

/** In the order of the first value, then what only the second one has. Empty: they are the same. */
export function diffJson(here: unknown, there: unknown): readonly Change[] {
  const changes: Change[] = []
  compare('', here, there, changes)
  return changes
}

function compare(path: string, here: unknown, there: unknown, changes: Change[]): void {
  if (isJsonObject(here) && isJsonObject(there)) compareObjects(path, here, there, changes)
  else if (Array.isArray(here) && Array.isArray(there)) compareLists(path, here, there, changes)
  else if (textOf(here) !== textOf(there)) changes.push({ path, here: textOf(here), there: textOf(there) })
}

function compareObjects(path: string, here: JsonObject, there: JsonObject, changes: Change[]): void {
  for (const key of Object.keys(here)) compare(member(path, key), here[key], own(there, key), changes)
  for (const key of Object.keys(there))
    if (!Object.hasOwn(here, key)) compare(member(path, key), undefined, there[key], changes)
}

// A key may be named __proto__, and then the other side seems to have it always.
const own = (object: JsonObject, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined)

function compareLists(path: string, here: readonly unknown[], there: readonly unknown[], changes: Change[]): void {
  const length = Math.max(here.length, there.length)
  for (let index = 0; index < length; index++) compare(`${path}[${index}]`, here[index], there[index], changes)
}

const textOf = (value: unknown): string | undefined => (value === undefined ? undefined : stringifyJson(value))

function member(path: string, key: string): string {
  if (!/^[\w$-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}

/** `items[2].sku` -> `items[*].sku`: the same path of all members of a list. */
export const withoutIndices = (path: string): string =>
  path.replaceAll(/\["(?:[^"\\]|\\.)*"\]|\[\d+\]/g, (found) => (found.startsWith('["') ? found : '[*]'))

/** A text that is the same for all values in which diffJson finds no difference. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (!isJsonObject(value)) return stringifyJson(value)
  const members = Object.keys(value)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`)
  return `{${members.join(',')}}`
}

/** What differs between two JSON texts; the first one is known to be JSON. A text that is none differs as a whole. Never
 *  throws. */
export function diffTexts(here: Buffer, there: Buffer): readonly Change[] {
  if (here.equals(there)) return []
  return (
    readOrUndefined(there, (value) => diffJson(parseJson(here.toString()), value)) ?? [
      { path: '', here: here.toString(), there: `not JSON: ${there.toString()}` },
    ]
  )
}

/** What `use` makes of the JSON in the bytes; undefined where there is none, or none that a stack can hold. */
export function readOrUndefined<T>(bytes: Buffer, use: (value: unknown) => T): T | undefined {
  try {
    return use(parseJson(bytes.toString()))
  } catch (error) {
    // Thousands of levels come through the parser, and then end in a RangeError.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
}
