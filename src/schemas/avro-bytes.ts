// Avro's binary primitives, read one after the other from a record's value. In: bytes. Out: numbers, texts, spans.
// Whatever cannot be read throws a RangeError whose message says why, for the dead letter. Pure.
// Ruled by the Avro 1.12 specification, "Binary encoding".
import { isUtf8, readNumber } from '../json.ts'

/** Where reading stands in a value. */
export interface Tap {
  readonly bytes: Buffer
  at: number
  /** Items that may still be read: items of some types take no bytes, and a count of 2^40 of them would fill the memory. */
  items: number
  /** Levels that may still be opened. */
  levels: number
}

const itemsWithoutBytes = 100_000
const maxLevels = 256

/** A tap at `at`. */
export const openTap = (bytes: Buffer, at: number): Tap => ({
  bytes,
  at,
  items: bytes.length + itemsWithoutBytes,
  levels: maxLevels,
})

/** One byte. */
export function readByte(tap: Tap): number {
  const byte = tap.bytes[tap.at++]
  if (byte === undefined) throw endsEarly()
  return byte
}

/** Skips so many bytes; gives the place where they begin. */
export function skipBytes(tap: Tap, count: number): number {
  const start = tap.at
  if (count > tap.bytes.length - start) throw endsEarly()
  tap.at = start + count
  return start
}

const endsEarly = (): RangeError => new RangeError('the value ends before its schema does')

// Seven bytes hold 49 bits, which a double adds up exactly.
const exactBytes = 7
const mostBytes = 10

/** An int or long: a number where that is exact, else a JSON number with every digit. */
export function readLong(tap: Tap): unknown {
  const start = tap.at
  let sum = 0
  let factor = 1
  for (let count = 1; count <= exactBytes; count++) {
    const byte = readByte(tap)
    sum += (byte & 0x7f) * factor
    if (byte < 0x80) return sum % 2 === 0 ? sum / 2 : -(sum + 1) / 2
    factor *= 128
  }
  tap.at = start
  return readNumber(String(readBigLong(tap)))
}

/** The same for arithmetic. */
export function readBigLong(tap: Tap): bigint {
  let sum = 0n
  for (let count = 0; count < mostBytes; count++) {
    const byte = readByte(tap)
    sum |= BigInt(byte & 0x7f) << BigInt(7 * count)
    if (byte < 0x80) {
      const whole = BigInt.asUintN(64, sum)
      return (whole & 1n) === 0n ? whole >> 1n : -((whole + 1n) >> 1n)
    }
  }
  throw new RangeError('a number in the value is longer than 64 bits')
}

/** A long that counts something: never below 0 where `least` is not. */
export function readCount(tap: Tap, least = 0): number {
  const count = readLong(tap)
  if (typeof count !== 'number' || count < least) throw new RangeError('a length in the value is no length')
  return count
}

/** A double of 8 bytes or a float of 4. JSON has no NaN and no infinities: these are texts, as in Avro's own JSON. */
export function readFloat(tap: Tap, bytes: 4 | 8): number | string {
  const start = skipBytes(tap, bytes)
  const number = bytes === 8 ? tap.bytes.readDoubleLE(start) : shortestFloat(tap.bytes.readFloatLE(start))
  return Number.isFinite(number) ? number : String(number)
}

// 0.1 as a float is 0.10000000149011612 as a double; whoever wrote 0.1 shall read 0.1.
function shortestFloat(float: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const shorter = Number(float.toPrecision(digits))
    if (Math.fround(shorter) === float) return shorter
  }
  return float
}

/** Length of the string or bytes that come next; the tap stands at their first byte. */
export function readLength(tap: Tap): number {
  const length = readCount(tap)
  if (length > tap.bytes.length - tap.at) throw endsEarly()
  return length
}

/** A string. */
export function readText(tap: Tap): string {
  const start = skipBytes(tap, readLength(tap))
  return textOf(tap.bytes, start, tap.at)
}

const shortText = 64

// Node's own toString spends as long on the name of the encoding as on a text of this length.
type Latin1 = Buffer & { latin1Slice(start: number, end: number): string }

/** Bytes as text. Throws RangeError when they are no UTF-8: Node would put replacement characters. */
export function textOf(bytes: Buffer, start: number, end: number): string {
  if (end - start <= shortText && isAscii(bytes, start, end)) return (bytes as Latin1).latin1Slice(start, end)
  if (!isUtf8(bytes.subarray(start, end))) throw new RangeError('a text in the value is not valid UTF-8')
  return bytes.toString('utf8', start, end)
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  let all = 0
  for (let at = start; at < end; at++) all |= bytes[at] ?? 0
  return all < 0x80
}

/** Goes over the items of an array or map, block by block. */
export function eachItem(tap: Tap, visit: () => void): void {
  enter(tap)
  for (let count = readLong(tap); count !== 0; count = readLong(tap)) {
    if (typeof count !== 'number') throw new RangeError('a length in the value is no length')
    // A block that tells its bytes, for those who skip it.
    if (count < 0) readCount(tap)
    const items = Math.abs(count)
    tap.items -= items
    if (tap.items < 0) throw new RangeError('a list in the value is longer than the value')
    for (let item = 0; item < items; item++) visit()
  }
  tap.levels++
}

/** One level deeper; leave it by `tap.levels++`. */
export function enter(tap: Tap): void {
  if (--tap.levels < 0) throw new RangeError(`the value is nested deeper than ${maxLevels} levels`)
}
