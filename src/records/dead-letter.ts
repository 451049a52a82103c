// What stands on the dead-letter topic and on the unsupported topic: the source record untouched, where it stood, and why
// it went no further. In: a source record and the reason. Out: key, value and headers of the record to write. Process and
// sink write the same shape. Ruled by kafka.md, "Topics", and sink.md, "Behaviour".
import { headersOf, type RecordHeaders } from './headers.ts'

/** Texts longer than this are cut, in bytes of UTF-8; KB = 1,000 bytes, as everywhere in sink.md. */
export const maxMessageBytes = 2_000
export const maxAnswerBytes = 4_000

/** The record that failed, as it was read. `timestamp` is milliseconds since 1970. */
export interface SourceRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: RecordHeaders
}

export interface DeadLetterInput {
  readonly source: SourceRecord
  /** A code, e.g. `invalid`, `unreadable`, `rejected`, `too_large`; on the unsupported topic which kind of call it is. */
  readonly reason: string
  /** Path of the field at fault, e.g. `body.timestamp`. */
  readonly field?: string
  /** For people; cut at 2 KB. */
  readonly message: string
  readonly stage: 'process' | 'sink'
  /** Name of the destination; null where no single one is concerned. */
  readonly destination: string | null
  /** Which try failed, counted from 1. */
  readonly attempt: number
  /** Of a batch that failed in part: numbers, from 0, of the operations of which nothing was written. Absent: the whole
   *  record stands here, and nothing was written of it. Empty: something of every operation was. */
  readonly operations?: readonly number[]
  /** What the API said; the body is cut at 4 KB. */
  readonly answer?: { readonly status: number; readonly body: string }
  /** When it failed, milliseconds since 1970. Where the same input must give the same bytes: the record's own time. */
  readonly at: number
}

export type BytesEncoding = 'utf8' | 'base64'

/** The value of a dead letter as JSON, e.g. of a call the API refused:
 *  `{"reason":"rejected","message":"the API refused ...","stage":"sink","source":{"topic":"cio.pipelines.main",
 *  "partition":0,"offset":7,"timestamp":"2026-11-21T10:00:00.000Z"},"destination":"main","attempt":1,
 *  "answer":{"status":400,"body":"{}"},"key":"42","keyEncoding":"utf8","value":"{...}","valueEncoding":"utf8",
 *  "headers":[["tb-mid","01H...","utf8"]],"failedAt":"2026-11-21T10:00:01.000Z"}` */
export interface DeadLetter {
  readonly reason: string
  readonly field?: string
  readonly message: string
  readonly stage: 'process' | 'sink'
  /** `timestamp` is null where Kafka's number is no date. */
  readonly source: {
    readonly topic: string
    readonly partition: number
    readonly offset: number
    readonly timestamp: string | null
  }
  readonly destination: string | null
  readonly attempt: number
  readonly operations?: readonly number[]
  readonly answer?: { readonly status: number; readonly body: string }
  readonly key: string | null
  readonly keyEncoding: BytesEncoding
  readonly value: string | null
  readonly valueEncoding: BytesEncoding
  readonly headers: readonly (readonly [key: string, value: string | null, encoding: BytesEncoding])[]
  readonly failedAt: string | null
}

/** The value of a dead letter in another format than JSON. */
export type EncodeDeadLetter = (input: DeadLetterInput) => Buffer

/** Key, value (JSON text of a DeadLetter, or what `encode` gives) and headers of the record to write. */
export interface DeadLetterRecord {
  readonly key: Buffer | null
  readonly value: string | Buffer
  readonly headers: Readonly<Record<string, Buffer | string>>
}

/** Promises that `bytesOf` gives back every byte of key, value and headers. The record's key is the source's; headers
 *  are `tb-src` (`topic:partition:offset`) and, where the source has them, `tb-replay` and `traceparent`. */
export function deadLetterRecord(input: DeadLetterInput, encode: EncodeDeadLetter | undefined): DeadLetterRecord
export function deadLetterRecord(input: DeadLetterInput): DeadLetterRecord & { readonly value: string }
export function deadLetterRecord(input: DeadLetterInput, encode?: EncodeDeadLetter): DeadLetterRecord {
  const { source } = input
  return { key: source.key, value: encode?.(input) ?? letterText(input), headers: headersFor(source) }
}

function letterText(input: DeadLetterInput): string {
  const { source } = input
  const [key, keyEncoding] = encodeBytes(source.key)
  const [value, valueEncoding] = encodeBytes(source.value)
  const letter: DeadLetter = {
    reason: input.reason,
    ...(input.field === undefined ? {} : { field: input.field }),
    message: cutText(input.message, maxMessageBytes),
    stage: input.stage,
    source: {
      topic: source.topic,
      partition: source.partition,
      offset: source.offset,
      timestamp: toIsoTime(source.timestamp),
    },
    destination: input.destination,
    attempt: input.attempt,
    ...(input.operations === undefined ? {} : { operations: input.operations }),
    ...(input.answer === undefined
      ? {}
      : { answer: { status: input.answer.status, body: cutText(input.answer.body, maxAnswerBytes) } }),
    key,
    keyEncoding,
    value,
    valueEncoding,
    headers: headersOf(source).map(([name, bytes]) => [name, ...encodeBytes(bytes)] as const),
    failedAt: toIsoTime(input.at),
  }
  return JSON.stringify(letter)
}

/** The bytes behind `key`, `value` or a header of a dead letter; null stays null. */
export function bytesOf(text: string | null, encoding: BytesEncoding): Buffer | null {
  return text === null ? null : Buffer.from(text, encoding)
}

/** The longest beginning of `text` that fits into `maxBytes` of UTF-8 without splitting a character. */
export function cutText(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}

// ignoreBOM keeps a leading byte order mark; without it three bytes would be lost.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text where the bytes are UTF-8, else base64: `bytesOf` gives them back. */
export function encodeBytes(bytes: Buffer | null): readonly [text: string | null, encoding: BytesEncoding] {
  if (bytes === null) return [null, 'utf8']
  try {
    return [strictUtf8.decode(bytes), 'utf8']
  } catch {
    return [bytes.toString('base64'), 'base64']
  }
}

// Producers may set any 64-bit number as the timestamp of a record; a bad one must not stop the dead letter.
function toIsoTime(ms: number): string | null {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

function headersFor(source: SourceRecord): Record<string, Buffer | string> {
  const passed = headersOf(source).filter(
    (header): header is readonly [string, Buffer] =>
      (header[0] === 'tb-replay' || header[0] === 'traceparent') && header[1] !== null,
  )
  return { 'tb-src': `${source.topic}:${source.partition}:${source.offset}`, ...Object.fromEntries(passed) }
}
