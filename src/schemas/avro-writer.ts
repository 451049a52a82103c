// Avro's binary primitives, written straight into the memory of byte-writer.ts: no object is made for them. Pure.
// Ruled by the Avro 1.12 specification, "Binary encoding".
import {
  closeText,
  openText,
  writeAscii,
  writeByte,
  writeBytes,
  writeCounted,
  writeUtf8,
  writtenBytes,
} from '../translate/byte-writer.ts'
import { TrackbridgeError } from '../errors.ts'

// Twice a number below stays exact.
const largest = 2 ** 52

/** An int or long. */
export function writeLong(value: number): void {
  if (!Number.isInteger(value) || Math.abs(value) > largest)
    throw new TrackbridgeError('TB_BUG', `Avro long must be a whole number of at most 2^52, found ${value}`)
  writeDigits(value < 0 ? -2 * value - 1 : 2 * value)
}

// Below 2^28 by shifts: remainders of larger numbers take V8 ten times as long.
function writeDigits(number: number): void {
  let low = number % 0x1000_0000
  const high = (number - low) / 0x1000_0000
  for (let digit = 0; digit < 4; digit++) {
    if (low < 0x80 && high === 0) return writeByte(low)
    writeByte((low & 0x7f) | 0x80)
    low >>>= 7
  }
  writeDigits(high)
}

/** A string. */
export function writeText(text: string): void {
  if (writeCounted(text)) return
  if (isAscii(text)) {
    writeLong(text.length)
    writeAscii(text)
  } else {
    writeLong(Buffer.byteLength(text))
    writeUtf8(text)
  }
}

function isAscii(text: string): boolean {
  const { length } = text
  let all = 0
  for (let at = 0; at < length; at++) all |= text.charCodeAt(at)
  return all < 0x80
}

/** Writes a long of milliseconds for a time as messages have it, e.g. `2023-08-24T14:14:22.000Z`. A writer for each
 *  column: times come in order, so that mostly only minutes, seconds and milliseconds are new. */
export function timeWriter(): (iso: string) => void {
  let hour = 'none yet'
  let hourMs = 0
  return (iso) => {
    if (!iso.startsWith(hour)) {
      hour = iso.slice(0, 14)
      hourMs = Date.parse(`${hour}00:00.000Z`)
    }
    const seconds = (digit(iso, 14) * 10 + digit(iso, 15)) * 60 + digit(iso, 17) * 10 + digit(iso, 18)
    writeLong(hourMs + seconds * 1000 + digit(iso, 20) * 100 + digit(iso, 21) * 10 + digit(iso, 22))
  }
}

const digit = (text: string, at: number): number => text.charCodeAt(at) - 48

/** Bytes. */
export function writeSized(bytes: Uint8Array): void {
  writeLong(bytes.length)
  writeBytes(bytes)
}

/** A union of null and another type, whose value `write` writes. */
export function writeOptional<T>(value: T | null | undefined, write: (value: T) => void): void {
  if (value === null || value === undefined) return writeByte(0)
  writeByte(2)
  write(value)
}

const headerBytes = 5
/** Of a length below 2^34. */
const mostLengthBytes = 5
const gap = Buffer.alloc(headerBytes + mostLengthBytes)

/** A value whose first field is a text that `writeFirst` writes, so that its length is known only after: room is left in
 *  front for it, and for magic byte and schema id. `writeRest` writes the fields behind it. */
export function encodeTextFirst(schemaId: number, writeFirst: () => void, writeRest: () => void): Buffer {
  openText()
  writeBytes(gap)
  writeFirst()
  const length = writtenBytes() - gap.length
  writeRest()
  const bytes = closeText()
  let at = gap.length - sizeOf(length)
  const start = at - headerBytes
  bytes[start] = 0
  bytes.writeInt32BE(schemaId, start + 1)
  let rest = 2 * length
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) + 0x80
  bytes[at] = rest
  return bytes.subarray(start)
}

function sizeOf(length: number): number {
  let size = 1
  for (let rest = 2 * length; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}

/** A value that `write` writes, behind magic byte and schema id. */
export function encodeValue(schemaId: number, write: () => void): Buffer {
  openText()
  const header = Buffer.alloc(headerBytes)
  header.writeInt32BE(schemaId, 1)
  writeBytes(header)
  write()
  return closeText()
}
