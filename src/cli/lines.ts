// Chunks of bytes -> numbered lines. Pure but for its own state. Blank lines are counted and left out; CR LF ends a line
// as LF does; a byte order mark at the beginning goes; a line that is too long is told and not kept.

export type Line =
  { readonly number: number; readonly bytes: Buffer } | { readonly number: number; readonly tooLongBytes: number }

export interface LineSplitter {
  /** The lines that end in this chunk. */
  push(chunk: Buffer): readonly Line[]
  /** The last line, when no line break ends it. */
  end(): readonly Line[]
}

/** Longest line that is kept. A Track batch has 500 KB at most, a Kafka record 1 MB unless its topic allows more. */
export const maxLineBytes = 64_000_000

/** A byte that is in no UTF-8 sequence but its own. */
export const lineFeed = 0x0a
const carriageReturn = 0x0d
const blanks: readonly (number | undefined)[] = [0x20, 0x09, carriageReturn]

/** Lines are numbered from 1. Memory: one line, of at most `maxBytes`. */
export function createLineSplitter(maxBytes: number = maxLineBytes): LineSplitter {
  let number = 0
  let pieces: Buffer[] = []
  let length = 0

  function keep(piece: Buffer): void {
    length += piece.length
    if (length > maxBytes) pieces = []
    else if (piece.length > 0) pieces.push(piece)
  }

  function close(): Line | undefined {
    number++
    const [first] = pieces
    const whole = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces)
    const found = length
    pieces = []
    length = 0
    if (found > maxBytes) return { number, tooLongBytes: found }
    const unmarked = number === 1 ? withoutMark(whole) : whole
    const bytes = unmarked.subarray(0, withoutReturn(unmarked, 0, unmarked.length))
    return isBlank(bytes, 0, bytes.length) ? undefined : { number, bytes }
  }

  return {
    push(chunk) {
      const lines: Line[] = []
      let start = 0
      for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
        keep(chunk.subarray(start, end))
        const line = close()
        if (line !== undefined) lines.push(line)
        start = end + 1
      }
      keep(chunk.subarray(start))
      return lines
    },
    end() {
      const line = length === 0 ? undefined : close()
      return line === undefined ? [] : [line]
    },
  }
}

/** The bytes after a byte order mark, where there is one. */
export const withoutMark = (bytes: Buffer): Buffer =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes

/** Where the line from `start` to `end` ends without its carriage return. */
export const withoutReturn = (bytes: Buffer, start: number, end: number): number =>
  end > start && bytes[end - 1] === carriageReturn ? end - 1 : end

/** True when there are only blanks from `start` to `end`, or nothing. */
export function isBlank(bytes: Buffer, start: number, end: number): boolean {
  let at = start
  while (at < end && blanks.includes(bytes[at])) at++
  return at === end
}
