// Lines of text -> pieces of UTF-8. Each line is encoded by itself: put together first, one letter outside Latin-1 would
// make V8 hold, copy and encode all the lines of a piece with two bytes a character. Pure but for its own state.
import { lineFeed } from './lines.ts'

export interface LineWriter {
  /** False when what there is must be taken before this line is added. */
  hasRoom(line: string): boolean
  /** Adds a line and the line feed after it. */
  add(line: string): void
  isEmpty(): boolean
  /** All lines since the last time, in a buffer of their own, which may be transferred. */
  take(): Uint8Array<ArrayBuffer>
}

// Enough for one system call to carry many lines; more would not be faster.
const pieceBytes = 131_072
// Of one character of a JavaScript string.
const maxBytesACharacter = 3

/** Pieces are of `bytes` at most, but for a line that needs more. */
export function createLineWriter(bytes: number = pieceBytes): LineWriter {
  let piece = Buffer.alloc(0)
  let length = 0
  return {
    hasRoom: (line) => length === 0 || length + spaceFor(line) <= piece.length,
    add(line) {
      if (length === 0) piece = Buffer.from(new ArrayBuffer(sizeFor(line, bytes)))
      length += piece.write(line, length)
      piece[length++] = lineFeed
    },
    isEmpty: () => length === 0,
    take() {
      const taken = piece.subarray(0, length)
      piece = Buffer.alloc(0)
      length = 0
      return taken
    },
  }
}

const spaceFor = (line: string): number => line.length * maxBytesACharacter + 1

// A long line is counted, for three times its length may be gigabytes.
const sizeFor = (line: string, bytes: number): number =>
  spaceFor(line) <= bytes ? bytes : Math.max(bytes, Buffer.byteLength(line) + 1)
