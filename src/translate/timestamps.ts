// When: Unix seconds, milliseconds or ISO 8601 -> milliseconds since 1970 -> ISO 8601 with milliseconds, UTC
// (mapping.md, "When").
import { describeJson, numberText } from '../json.ts'
import { invalid, type Fault } from './fault.ts'

/** The end of the year 9999: later times have no ISO 8601 form that every reader knows. */
export const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
// 10^11 seconds lie beyond the year 5000, 10^11 milliseconds in 1973: the size tells which one is meant.
const firstMilliseconds = 1e11
const decimal = /^[+-]?\d+(\.\d+)?$/
const iso = /^\d{4}-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i

/** Milliseconds since 1970, or undefined when it is no time between 1970 and 9999. `0`, `"1361205308.5"` are times. */
export function parseTime(value: unknown): number | undefined {
  const ms = typeof value === 'number' ? parseUnix(value) : parseTimeText(value)
  return ms !== undefined && ms >= 0 && ms <= lastMs ? ms : undefined
}

/** A time that may be absent or null: milliseconds, undefined, or a Fault. */
export function readTime(value: unknown, field: string): number | undefined | Fault {
  if (value === undefined || value === null) return undefined
  return (
    parseTime(value) ??
    invalid(field, `must be Unix seconds or an ISO 8601 time between 1970 and 9999, ${found(value)}`)
  )
}

function found(value: unknown): string {
  const shown = typeof value === 'string' ? JSON.stringify(value) : (numberText(value) ?? describeJson(value))
  return `found ${shown.slice(0, 60)}`
}

function parseTimeText(value: unknown): number | undefined {
  const text = typeof value === 'string' ? value.trim() : numberText(value)
  if (text === undefined) return undefined
  return decimal.test(text) ? parseUnix(Number(text)) : parseIso(text)
}

const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))
const dayMs = 86_400_000
let knownDay = -1
let knownDate = ''

/** `1692886462000` -> "2023-08-24T14:14:22.000Z", as Date.toISOString gives it but in a quarter of the time: the date is
 *  remembered from call to call, for most records are of one day (bench/translate.ts; two or three times a message). */
export function toIso(ms: number): string {
  const day = Math.floor(ms / dayMs)
  if (day !== knownDay) {
    knownDate = new Date(ms).toISOString().slice(0, 11)
    knownDay = day
  }
  const seconds = Math.floor((ms - day * dayMs) / 1000)
  const minutes = Math.floor(seconds / 60)
  const clock = `${twoDigits[Math.floor(minutes / 60)]}:${twoDigits[minutes % 60]}:${twoDigits[seconds % 60]}`
  return `${knownDate}${clock}.${String(1000 + (ms % 1000)).slice(1)}Z`
}

function parseUnix(number: number): number {
  return number >= firstMilliseconds ? Math.floor(number) : Math.round(number * 1000)
}

function parseIso(text: string): number {
  const match = iso.exec(text)
  if (match === null) return Number.NaN
  const zoned = text.length > 10 && match[3] === undefined ? `${text}Z` : text
  const ms = Date.parse(zoned.toUpperCase().replace(' ', 'T'))
  return isCalendarDay(text) ? ms : Number.NaN
}

// Date.parse turns 30 February into 2 March; an event must not change its day.
function isCalendarDay(text: string): boolean {
  const day = Date.parse(text.slice(0, 10))
  return !Number.isNaN(day) && new Date(day).toISOString().startsWith(text.slice(0, 10))
}
