// JSON texts -> bytes of UTF-8, piece by piece, in memory that many texts share: no string is joined, copied into one and
// encoded for them, which a single letter beyond Latin-1 makes twice as dear. One text at a time: openText, writes,
// closeText. A text that is never closed is overwritten by the next. The memory is freed when the last text in it is.
import { stringifyJson } from '../json.ts'

/** Bytes `start` to `end` of a buffer. */
export interface Span {
  bytes: Buffer
  start: number
  end: number
}

const slabBytes = 1 << 18
let slab = Buffer.allocUnsafeSlow(slabBytes)
let start = 0
let end = 0

/** Begins a text. */
export function openText(): void {
  // One that was made for a long text must not live as long as the short ones after it.
  if (slab.length > slabBytes) {
    slab = Buffer.allocUnsafeSlow(slabBytes)
    end = 0
  }
  start = end
}

/** The text. */
export function closeText(): Buffer {
  return slab.subarray(start, end)
}

/** Ends the text: `span` is where it stands. */
export function closeInto(span: Span): void {
  span.bytes = slab
  span.start = start
  span.end = end
}

/** Bytes written since openText. */
export const writtenBytes = (): number => end - start

/** One byte, 0 to 255. */
export function writeByte(byte: number): void {
  reserve(1)
  slab[end++] = byte
}

/** A short ASCII text behind a byte that is twice its length, as Avro has it; false, and nothing is written, for others. */
export function writeCounted(text: string): boolean {
  const { length } = text
  if (length > 63) return false
  reserve(length + 1)
  const target = slab
  let at = end
  target[at++] = 2 * length
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index)
    if (unit > 0x7f) return false
    target[at++] = unit
  }
  end = at
  return true
}

/** Any text as it is. */
export function writeUtf8(text: string): void {
  reserve(text.length * 3)
  end += slab.write(text, end)
}

/** Bytes as they are, such as those of a text that never changes. */
export function writeBytes(bytes: Uint8Array): void {
  reserve(bytes.length)
  slab.set(bytes, end)
  end += bytes.length
}

/** Those of a span. */
export function writeSpan(bytes: Buffer, from: number, to: number): void {
  reserve(to - from)
  bytes.copy(slab, end, from, to)
  end += to - from
}

/** A few characters, all of them ASCII. */
export function writeAscii(text: string): void {
  const { length } = text
  reserve(length)
  const target = slab
  let at = end
  for (let index = 0; index < length; index++) target[at++] = text.charCodeAt(index)
  end = at
}

/** JSON text of a string. */
export function writeQuoted(text: string): void {
  const { length } = text
  reserve(length + 2)
  const target = slab
  let at = end
  target[at++] = 0x22
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index)
    // Control characters, quotation marks, backslashes, and all beyond ASCII.
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit > 0x7e) return writeJson(text)
    target[at++] = unit
  }
  target[at++] = 0x22
  end = at
}

/** JSON text of any value. */
export function writeJson(value: unknown): void {
  const text = stringifyJson(value)
  // No character of JavaScript's takes more.
  reserve(text.length * 3)
  end += slab.write(text, end)
}

function reserve(bytes: number): void {
  if (end + bytes > slab.length) grow(bytes)
}

function grow(bytes: number): void {
  const written = end - start
  const larger = Buffer.allocUnsafeSlow(Math.max(slabBytes, (written + bytes) * 2))
  slab.copy(larger, 0, start, end)
  slab = larger
  start = 0
  end = written
}
