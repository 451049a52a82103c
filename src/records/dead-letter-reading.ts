// The value of a record on the dead-letter or unsupported topic -> the dead letter in it, every byte of the original as it
// was. In: the JSON text, or the fields of another format. Out: what deadLetterRecord was given, or undefined where the
// value is none of ours. Pure; never throws. Ruled by kafka.md, "Topics".
import { isJsonObject, type JsonObject } from '../json.ts'
import { bytesOf, type BytesEncoding, type DeadLetterInput } from './dead-letter.ts'
import type { Header } from './headers.ts'

/** What a value holds, in whatever format: bytes are bytes, the rest is not checked yet. */
export interface LetterFields {
  readonly reason: unknown
  readonly field: unknown
  readonly message: unknown
  readonly stage: unknown
  readonly topic: unknown
  readonly partition: unknown
  readonly offset: unknown
  /** ISO 8601, or null. */
  readonly timestamp: unknown
  readonly destination: unknown
  readonly attempt: unknown
  readonly operations: unknown
  readonly answer: { readonly status: unknown; readonly body: unknown } | undefined
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  /** ISO 8601, or null. */
  readonly failedAt: unknown
}

/** `recordTimestampMs`: of the record that holds the letter, which stands in for times that were no dates. */
export function readLetterText(value: Buffer, recordTimestampMs: number): DeadLetterInput | undefined {
  const letter = parsed(value)
  if (letter === undefined || !isJsonObject(letter['source'])) return undefined
  const { source, answer } = letter
  const [key, content, headers] = [
    bytesIn(letter['key'], letter['keyEncoding']),
    bytesIn(letter['value'], letter['valueEncoding']),
    headersIn(letter['headers']),
  ]
  if (key === undefined || content === undefined || headers === undefined) return undefined
  const { topic, partition, offset, timestamp } = source
  const { reason, field, message, stage, destination, attempt, operations, failedAt } = letter
  const known = { reason, field, message, stage, destination, attempt, operations, failedAt }
  const answered = isJsonObject(answer) ? { status: answer['status'], body: answer['body'] } : undefined
  const fields = { ...known, topic, partition, offset, timestamp, answer: answered, key, value: content, headers }
  return toLetter(fields, recordTimestampMs)
}

// Numbers of ours are never so large that their digits would need keeping.
function parsed(value: Buffer): JsonObject | undefined {
  try {
    const letter: unknown = JSON.parse(value.toString('utf8'))
    return isJsonObject(letter) ? letter : undefined
  } catch {
    return undefined
  }
}

/** Bytes as a dead letter in JSON has them: a text, or null, and its encoding; undefined for anything else. */
export function bytesIn(text: unknown, encoding: unknown): Buffer | null | undefined {
  if (text === null) return null
  if (typeof text !== 'string' || (encoding !== 'utf8' && encoding !== 'base64')) return undefined
  return bytesOf(text, encoding satisfies BytesEncoding)
}

/** `[["tb-mid","01H...","utf8"]]`; undefined for anything else. */
export function headersIn(list: unknown): readonly Header[] | undefined {
  if (!Array.isArray(list)) return undefined
  const headers: Header[] = []
  for (const entry of list as readonly unknown[]) {
    const [name, text, encoding]: readonly unknown[] = Array.isArray(entry) ? entry : []
    const bytes = bytesIn(text, encoding)
    if (typeof name !== 'string' || bytes === undefined) return undefined
    headers.push([name, bytes])
  }
  return headers
}

/** The letter, or undefined where a field is not what ours are. */
export function toLetter(fields: LetterFields, recordTimestampMs: number): DeadLetterInput | undefined {
  const { reason, message, stage, topic, partition, offset, destination, attempt } = fields
  if (typeof reason !== 'string' || typeof message !== 'string' || typeof topic !== 'string') return undefined
  if (stage !== 'process' && stage !== 'sink') return undefined
  if (!isCount(partition) || !isCount(offset) || !isCount(attempt)) return undefined
  const { key, value, headers } = fields
  return {
    source: { topic, partition, offset, timestamp: timeIn(fields.timestamp, recordTimestampMs), key, value, headers },
    reason,
    message,
    stage,
    destination: typeof destination === 'string' ? destination : null,
    attempt,
    ...optional(fields),
    at: timeIn(fields.failedAt, recordTimestampMs),
  }
}

function optional({
  field,
  operations,
  answer,
}: LetterFields): Pick<DeadLetterInput, 'field' | 'operations' | 'answer'> {
  const numbers = numbersIn(operations)
  const { status, body } = answer ?? {}
  return {
    ...(typeof field === 'string' ? { field } : {}),
    ...(numbers === undefined ? {} : { operations: numbers }),
    ...(typeof status === 'number' ? { answer: { status, body: typeof body === 'string' ? body : '' } } : {}),
  }
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/** Whole numbers from 0, or undefined. */
export function numbersIn(value: unknown): readonly number[] | undefined {
  return Array.isArray(value) && value.every(isCount) ? value : undefined
}

function timeIn(iso: unknown, otherwiseMs: number): number {
  const ms = typeof iso === 'string' ? Date.parse(iso) : NaN
  return Number.isNaN(ms) ? otherwiseMs : ms
}
