// Avro's logical types as JSON. The unit of a number stands in the schema, which JSON has not, so a time becomes text that
// needs none; a decimal becomes a number with every digit of its scale. Out: conversions of the underlying value. Pure.
//
//   timestamp-millis|-micros|-nanos "2026-11-21T10:00:00.000Z", local-timestamp-* the same without Z, date "2026-11-21",
//   time-* "10:00:00.000", decimal 12.50, uuid its text, duration "P1M2DT3.004S". Unknown ones count as if absent, as the
//   specification demands. Numbers of times beyond the year 9999 stay numbers.
import { readNumber } from '../json.ts'
import { lastMs, toIso } from '../translate/timestamps.ts'
import { readBigLong, readLength, readLong, skipBytes, type Tap } from './avro-bytes.ts'

/** Reads one value as JSON. */
export type Read = (tap: Tap) => unknown

/** The reader of an annotated type, e.g. `{type: 'long', logicalType: 'timestamp-millis'}`; undefined where there is none. */
export function logicalReader(schema: Readonly<Record<string, unknown>>): Read | undefined {
  const { type, logicalType, size } = schema
  if (typeof logicalType !== 'string') return undefined
  const name = `${String(type)} ${logicalType}`
  if (name === 'long timestamp-millis') return readMillis
  const unit = Object.hasOwn(units, name) ? units[name] : undefined
  if (unit !== undefined) return (tap) => unit(readBigLong(tap))
  if (logicalType === 'decimal') return decimalReader(schema)
  if (name === 'fixed uuid' && size === 16) return readUuid
  return name === 'fixed duration' && size === 12 ? readDuration : undefined
}

function decimalReader({ type, scale = 0, size }: Readonly<Record<string, unknown>>): Read | undefined {
  if (typeof scale !== 'number' || !Number.isSafeInteger(scale) || scale < 0) return undefined
  if (type === 'bytes') return (tap) => readDecimal(tap, undefined, scale)
  return type === 'fixed' ? (tap) => readDecimal(tap, Number(size), scale) : undefined
}

// The one that our own calls have, without arithmetic on big integers.
function readMillis(tap: Tap): unknown {
  const ms = readLong(tap)
  if (typeof ms !== 'number') return ms
  return ms >= 0 && ms <= lastMs ? toIso(ms) : timestamp(1n, 'Z')(BigInt(ms))
}

const dayMs = 86_400_000n
const lastDay = 2_932_896n

/** `perMs`: units in a millisecond, e.g. 1,000 for micros. */
const timestamp =
  (perMs: bigint, zone: 'Z' | '') =>
  (value: bigint): unknown => {
    const seconds = floorDivide(value, perMs * 1000n)
    const day = floorDivide(seconds, 86_400n)
    if (day < -719_162n || day > lastDay) return readNumber(String(value))
    const fraction = String(value - seconds * perMs * 1000n).padStart(digitsOf(perMs), '0')
    return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction}${zone}`
  }

const time =
  (perMs: bigint) =>
  (value: bigint): unknown => {
    const text = value >= 0n && value < dayMs * perMs ? timestamp(perMs, '')(value) : undefined
    return typeof text === 'string' ? text.slice(11) : readNumber(String(value))
  }

function date(days: bigint): unknown {
  const text = timestamp(1n, '')(days * dayMs)
  return typeof text === 'string' ? text.slice(0, 10) : readNumber(String(days))
}

const units: Readonly<Record<string, (value: bigint) => unknown>> = {
  'int date': date,
  'int time-millis': time(1n),
  'long time-micros': time(1_000n),
  'long timestamp-micros': timestamp(1_000n, 'Z'),
  'long timestamp-nanos': timestamp(1_000_000n, 'Z'),
  'long local-timestamp-millis': timestamp(1n, ''),
  'long local-timestamp-micros': timestamp(1_000n, ''),
  'long local-timestamp-nanos': timestamp(1_000_000n, ''),
}

const digitsOf = (perMs: bigint): number => String(perMs).length - 1 + 3

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient
}

function readDecimal(tap: Tap, fixedLength: number | undefined, scale: number): unknown {
  const length = fixedLength ?? readLength(tap)
  const start = skipBytes(tap, length)
  const hex = tap.bytes.toString('hex', start, start + length)
  const unscaled = hex === '' ? 0n : BigInt.asIntN(8 * length, BigInt(`0x${hex}`))
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return readNumber(`${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`)
}

function readUuid(tap: Tap): string {
  const hex = tap.bytes.toString('hex', skipBytes(tap, 16), tap.at)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function readDuration(tap: Tap): string {
  const start = skipBytes(tap, 12)
  const [months, days, ms] = [0, 4, 8].map((at) => tap.bytes.readUInt32LE(start + at))
  return `P${months}M${days}DT${(ms ?? 0) / 1000}S`
}
