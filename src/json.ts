// JSON in and out that keeps every digit: the only JSON code for calls and messages (mapping.md, "Every other attribute
// passes unchanged"). A number that a double would change (12345678901234567890, 1.0, 1e400) is kept as its source text
// in a JSON.rawJSON object; every other value is plain. Use isJsonObject and numberText to tell them apart.
import { isUtf8 } from 'node:buffer'

export { isUtf8 }

export type JsonObject = Readonly<Record<string, unknown>>

// TypeScript's libraries do not know JSON source text access yet (Node 22 and later have it).
const json = JSON as typeof JSON & {
  rawJSON(text: string): Readonly<{ rawJSON: string }>
  isRawJSON(value: unknown): value is Readonly<{ rawJSON: string }>
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
}

/** Deepest nesting of a call, in containers. Deeper ones are refused before they can exhaust a stack. */
export const maxNesting = 256

// Finds a number in an object that JSON.parse and JSON.stringify might not give back as it was: 16 digits or more, an
// exponent, a fraction that ends in zero, more zeros than a double prints, minus zero. A hit inside a string only costs
// time. Worth it: 0.6 us for a call of 440 bytes, where parsing with a reviver costs 10 us more than without. No `\s*`:
// V8 searches a pattern that must begin with one of two characters a third faster.
const unfaithfulNumber =
  /[:,[](?:\s+-?|-)?(?:\d[\d.]{15}|\d+(?:[eE]|\.(?:\d*(?:0[,}\]\s]|[eE])|000000))|(?<=-)0[,}\]\s])/

/** Parses JSON text; throws SyntaxError. A leading byte order mark is allowed. */
export function parseJson(text: string): unknown {
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  const faithful = source.startsWith('{') && !unfaithfulNumber.test(source)
  return faithful ? JSON.parse(source) : json.parse(source, keepDigits)
}

function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  const source = context.source
  return typeof value === 'number' && source !== undefined && String(value) !== source ? json.rawJSON(source) : value
}

/** The value of the source text of a number, as parseJson gives it. */
export function readNumber(source: string): unknown {
  const whole = readWhole(source)
  if (whole >= 0) return whole
  const number = Number(source)
  return String(number) === source ? number : json.rawJSON(source)
}

// Nearly all that rules read are times in whole seconds: digit by digit these take half the time. 15 digits a double
// always keeps. Below 0 for every other number.
function readWhole(source: string): number {
  const { length } = source
  if (length > 15) return -1
  let number = 0
  for (let at = 0; at < length; at++) {
    const digit = source.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return -1
    number = number * 10 + digit
  }
  return number
}

/** JSON text of a value made of plain values and numbers kept by parseJson. */
export function stringifyJson(value: unknown): string {
  return JSON.stringify(value)
}

export type DecodedJson =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string }

/** Bytes of a record value -> JSON value, or why not: invalid UTF-8, broken JSON, nesting deeper than 256. Never throws. */
export function decodeJson(bytes: Uint8Array): DecodedJson {
  if (!isUtf8(bytes)) return { ok: false, reason: 'is not valid UTF-8' }
  return decodeJsonText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
}

/** The same for text. */
export function decodeJsonText(text: string): DecodedJson {
  if (nestsDeeper(text, maxNesting)) return { ok: false, reason: `is nested deeper than ${maxNesting} levels` }
  try {
    return { ok: true, value: parseJson(text) }
  } catch (error) {
    return { ok: false, reason: `is not JSON: ${(error as SyntaxError).message}` }
  }
}

/** True for JSON objects: not for arrays, null, or numbers kept as text. */
export function isJsonObject(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  // A number kept as text has no prototype; V8 sees that ten times as fast as it answers isRawJSON.
  return Object.getPrototypeOf(value) !== null || !json.isRawJSON(value)
}

/** Decimal text of a JSON number, every digit kept (`1.50` -> "1.50"), exponents written out; undefined for others. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  if (!json.isRawJSON(value)) return undefined
  return /e/i.test(value.rawJSON) ? String(Number(value.rawJSON)) : value.rawJSON
}

/** For messages to people: the JSON type of a value, e.g. "an array". */
export function describeJson(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (value === '') return 'an empty string'
  if (Array.isArray(value)) return 'an array'
  if (isJsonObject(value)) return 'an object'
  if (typeof value === 'string') return 'a string'
  return typeof value === 'boolean' ? String(value) : 'a number'
}

function nestsDeeper(text: string, limit: number): boolean {
  // Shorter ones could not even close what they open.
  if (text.length <= 2 * limit) return false
  return countUpTo(text, '{', limit) + countUpTo(text, '[', limit) > limit && deepest(text) > limit
}

// indexOf is a memory scan in native code: far cheaper than a loop over characters, which most calls then never need.
function countUpTo(text: string, character: string, limit: number): number {
  let count = 0
  for (let at = text.indexOf(character); at >= 0 && count <= limit; at = text.indexOf(character, at + 1)) count++
  return count
}

const structure = /"(?:[^"\\]|\\.)*"?|[{}[\]]/gs

function deepest(text: string): number {
  let depth = 0
  let most = 0
  for (const [token] of text.matchAll(structure)) {
    if (token === '{' || token === '[') most = Math.max(most, ++depth)
    else if (token === '}' || token === ']') depth--
  }
  return most
}
