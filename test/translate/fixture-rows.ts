// Reads the rows of test/fixtures/calls (format: README.md there) and runs one through the translator as the CLI does:
// bytes in, printed line out. Numbers are compared by their digits, with a JSON reader of its own.
import { readdirSync, readFileSync } from 'node:fs'
import { decodeCall } from '../../src/translate/call-text.ts'
import { outcomeLine } from '../../src/translate/outcome-line.ts'
import { translate } from '../../src/translate/translate.ts'

type AllSettings = NonNullable<Parameters<typeof translate>[2]>
export type Settings = Partial<AllSettings>

export interface Row {
  readonly file: string
  readonly name: string
  /** The raw record's text, as it would lie on the topic. */
  readonly callText: string
  /** The printed line with placeholders, its numbers made comparable by `comparable`. */
  readonly expected: unknown
  readonly settings: Settings
  readonly examples: readonly string[]
}

interface StoredRow {
  name: string
  call?: unknown
  callText?: string
  expected: unknown
  settings?: Settings
  examples?: string[]
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown
const parseWith = JSON.parse as (text: string, reviver: Reviver) => unknown
const numbers = JSON as unknown as { rawJSON: (text: string) => unknown }

const withDigitsToCompare: Reviver = (_key, value, { source = '' }) =>
  typeof value === 'number' && String(value) !== source ? `number ${source}` : value

const withDigitsToPrint: Reviver = (_key, value, { source = '' }) =>
  typeof value === 'number' ? numbers.rawJSON(source) : value

const documentedDefaults: AllSettings = { relationshipDelete: 'track', relationshipTraitsKey: 'relationship_traits' }

const folder = new URL('../fixtures/calls/', import.meta.url)

/** Where every fixture's record lies. */
export const origin = {
  topic: 'cio.track.raw',
  partition: 0,
  offset: 0,
  timestampMs: Date.parse('2023-08-24T14:15:22.000Z'),
}

const withNesting = (text: string) =>
  text.replaceAll(/\\?"@nested:(\d+)\\?"/g, (_match, levels: string) => `${'['.repeat(+levels)}1${']'.repeat(+levels)}`)

const withNumbers = (text: string) => text.replaceAll(/"@number:([^"]+)"/g, '$1')

const textOf = (value: unknown) => withNumbers(withNesting(JSON.stringify(value)))

/** JSON text -> a value to compare: a number that JavaScript would print otherwise becomes `number <digits>`. */
export function comparable(text: string): unknown {
  return withPlainKeys(parseWith(text, withDigitsToCompare))
}

function withPlainKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPlainKeys)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key in Object.prototype ? `key ${key}` : key, withPlainKeys(item)]),
  )
}

/** Any object, but no array and no null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function rowsOf(file: string): Row[] {
  const stored = parseWith(readFileSync(new URL(file, folder), 'utf8'), withDigitsToPrint) as StoredRow[]
  return stored.map(({ name, call, callText, expected, settings = {}, examples = [] }) => ({
    file,
    name,
    callText: callText ?? textOf(call),
    expected: comparable(textOf(expected)),
    settings,
    examples,
  }))
}

export const fixtureFiles = readdirSync(folder).filter((file) => file.endsWith('.json'))

/** Every row of every file. */
export const fixtureRows: readonly Row[] = fixtureFiles.flatMap(rowsOf)

/** The printed line of one record's text, as JSON text without `line`. */
export function printedLine(callText: string, settings: Settings = {}, at: typeof origin = origin): string {
  const decoded = decodeCall(Buffer.from(callText))
  if (!decoded.ok) return JSON.stringify({ outcome: 'invalid', field: 'record', reason: decoded.reason })
  const given = Object.keys(settings).length === 0 ? undefined : { ...documentedDefaults, ...settings }
  return outcomeLine(translate(decoded.value, at, given))
}

/** The actual line with each placeholder of the expected one put where the actual value satisfies it. */
export function withPlaceholders(expected: unknown, actual: unknown): unknown {
  if (Array.isArray(actual)) {
    return actual.map((item, index) => withPlaceholders(Array.isArray(expected) ? expected[index] : undefined, item))
  }
  if (!isObject(actual) || !isObject(expected)) return actual
  const replaced = ([key, value]: [string, unknown]): [string, unknown] =>
    satisfies(key, expected[key], actual) ? [key, expected[key]] : [key, withPlaceholders(expected[key], value)]
  return Object.fromEntries(Object.entries(actual).map(replaced))
}

function satisfies(key: string, placeholder: unknown, holder: Record<string, unknown>): boolean {
  const value = holder[key]
  if (typeof placeholder !== 'string' || typeof value !== 'string') return false
  if (key === 'messageId' && placeholder === '<ulid>') return isUlidOfTime(value, holder['receivedAt'])
  if (key === 'anonymousId' && placeholder === '<messageId>') return value === holder['messageId']
  if (key !== 'reason' && key !== 'field') return false
  return (
    value !== '' &&
    new RegExp(
      `^${placeholder
        .split('*')
        .map((text) => text.replaceAll(/[^\w\s]/g, String.raw`\$&`))
        .join('.*')}$`,
      's',
    ).test(value)
  )
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Whether `id` is a ULID of 26 characters whose time part is the ISO time `receivedAt`. */
export function isUlidOfTime(id: string, receivedAt: unknown): boolean {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id)) return false
  const timeMs = id
    .slice(0, 10)
    .split('')
    .reduce((sum, letter) => sum * 32 + crockford.indexOf(letter), 0)
  return typeof receivedAt === 'string' && new Date(timeMs).toISOString() === receivedAt
}

/** The messages of a printed line. */
export function messagesOf(line: unknown): Record<string, unknown>[] {
  const messages = isObject(line) ? line['messages'] : undefined
  return Array.isArray(messages) ? messages.filter(isObject) : []
}
