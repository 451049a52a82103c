// Dead letters as lines of NDJSON, for mending by hand, and back. In: a letter, or a line. Out: a line with everything in
// it, every byte, and the letter's own place; or a mended original, or what is wrong with the line. Pure.
import { decodeJson, isJsonObject, stringifyJson, type JsonObject } from '../json.ts'
import { parsePlace, placeText, type Place } from '../history/window.ts'
import { encodeBytes } from '../records/dead-letter.ts'
import { bytesIn, headersIn, numbersIn } from '../records/dead-letter-reading.ts'
import { headersOf, type Header } from '../records/headers.ts'
import type { Letter } from './letter.ts'
import type { LetterState } from './mark-index.ts'

/** One letter as data: what `export` prints on a line and `show --json` has. */
export function exportedLetter(letter: Letter, state: LetterState): JsonObject {
  const { place, writtenAtMs, replay, source, at, ...known } = letter
  const [key, keyEncoding] = encodeBytes(source.key)
  const [value, valueEncoding] = encodeBytes(source.value)
  const { topic, partition, offset, timestamp } = source
  return {
    letter: placeText(place),
    state,
    writtenAt: isoOf(writtenAtMs),
    reason: known.reason,
    field: known.field ?? null,
    message: known.message,
    stage: known.stage,
    source: { topic, partition, offset, timestamp: isoOf(timestamp) },
    destination: known.destination,
    attempt: known.attempt,
    operations: known.operations ?? null,
    answer: known.answer ?? null,
    replay,
    failedAt: isoOf(at),
    key,
    keyEncoding,
    value,
    valueEncoding,
    headers: headersOf(source).map(([name, bytes]) => [name, ...encodeBytes(bytes)]),
  }
}

/** ISO 8601; null where Kafka's number is no date. */
export function isoOf(ms: number): string | null {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

/** A line that came back: which letter, and its original as it is now. */
export interface MendedLine {
  readonly number: number
  readonly place: Place
  /** Where the line says that the original stood. */
  readonly source: { readonly topic: unknown; readonly partition: unknown; readonly offset: unknown }
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  /** As in the letter; absent: all operations. */
  readonly operations: readonly number[] | undefined
}

export interface LineFault {
  readonly number: number
  readonly fault: string
}

/** A value that is no text but JSON stands for its text, so that it may be mended as what it is. */
export function parseMendedLine(bytes: Buffer, number: number): MendedLine | LineFault {
  const decoded = decodeJson(bytes)
  const line = decoded.ok && isJsonObject(decoded.value) ? decoded.value : undefined
  if (line === undefined) return { number, fault: decoded.ok ? 'is no JSON object' : decoded.reason }
  const place = typeof line['letter'] === 'string' ? parsePlace(line['letter']) : undefined
  if (place === undefined) return { number, fault: 'letter must be the place of a dead letter, TOPIC:PARTITION:OFFSET' }
  const source = isJsonObject(line['source']) ? line['source'] : {}
  const { topic, partition, offset } = source
  const original = originalIn(line)
  if (typeof original === 'string') return { number, fault: original }
  return { number, place, source: { topic, partition, offset }, ...original }
}

type Original = Pick<MendedLine, 'key' | 'value' | 'headers' | 'operations'>

function originalIn(line: JsonObject): Original | string {
  const key = bytesIn(line['key'], line['keyEncoding'] ?? 'utf8')
  const value = valueIn(line['value'], line['valueEncoding'] ?? 'utf8')
  const headers = headersIn(line['headers'])
  const { operations = null } = line
  const numbers = numbersIn(operations)
  if (key === undefined) return `key ${allowed.key}`
  if (value === undefined) return `value ${allowed.value}`
  if (headers === undefined) return `headers ${allowed.headers}`
  if (operations !== null && numbers === undefined) return 'operations must be numbers from 0, or null'
  return { key, value, headers, operations: numbers }
}

const allowed = {
  key: 'must be text or null, with keyEncoding utf8 or base64',
  value: 'must be text, JSON or null, with valueEncoding utf8 or base64',
  headers: 'must be a list of [name, text or null, "utf8" or "base64"]',
} as const

function valueIn(value: unknown, encoding: unknown): Buffer | null | undefined {
  if (typeof value === 'object' && value !== null) return Buffer.from(stringifyJson(value))
  return bytesIn(value, encoding)
}

/** The letter with its mended original, or what is wrong between both. */
export function mended(letter: Letter, line: MendedLine): Letter | string {
  const { topic, partition, offset } = letter.source
  const { source } = line
  if (source.topic !== topic || source.partition !== partition || source.offset !== offset)
    return `is not the letter at ${placeText(letter.place)}, whose original stood at ${topic}:${partition}:${offset}`
  if (letter.operations !== undefined && line.operations === undefined)
    return `operations must say which ones to run, as [${letter.operations.join(', ')}]: the others' messages are written already`
  const { key, value, headers, operations } = line
  const { operations: _before, ...rest } = letter
  return {
    ...rest,
    ...(operations === undefined ? {} : { operations }),
    source: { ...letter.source, key, value, headers },
  }
}
