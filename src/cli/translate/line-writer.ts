// Lines, in bytes -> pieces of bytes, many lines each. Pure but for its own state.
import { lineFeed } from '../lines.ts'

export interface LineWriter {
  /** False when what there is must be taken before this line is added. */
  hasRoom(line: Buffer): boolean
  /** Adds a line and the line feed after it. */
  add(line: Buffer): void
  isEmpty(): boolean
  /** All lines since the last time, in a buffer of their own, which may be transferred. */
  take(): Uint8Array<ArrayBuffer>
}

// Enough for one system call to carry many lines; more would not be faster.
const pieceBytes = 131_072

/** Pieces are of `bytes` at most, but for a line that needs more. */
export function createLineWriter(bytes: number = pieceBytes): LineWriter {
  let piece = Buffer.alloc(0)
  let length = 0
  return {
    hasRoom: (line) => length === 0 || length + line.length + 1 <= piece.length,
    add(line) {
      if (length === 0) piece = Buffer.from(new ArrayBuffer(Math.max(bytes, line.length + 1)))
      length += line.copy(piece, length)
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
