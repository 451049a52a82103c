// Chunks of bytes -> blocks of whole lines, large enough that handing one to another thread costs nothing beside the
// work on it. A line that is too long is told and not kept. Pure but for its own state.
import { lineFeed, maxLineBytes } from '../lines.ts'

export interface Block {
  /** Number of its first line, from 1. */
  readonly firstLine: number
  /** The whole of its own buffer, which may be transferred. Only the last line of the input may lack its line feed. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A line of which only the length is left. */
export interface TooLongLine {
  readonly number: number
  readonly tooLongBytes: number
}

export interface BlockCutter {
  /** The blocks that are full with this chunk. */
  push(chunk: Buffer): readonly (Block | TooLongLine)[]
  /** True while there are whole lines to flush. */
  hasLines(): boolean
  /** The whole lines so far, although they do not fill a block. */
  flush(): readonly (Block | TooLongLine)[]
  /** All that is left. */
  end(): readonly (Block | TooLongLine)[]
}

export interface BlockLimits {
  /** A block ends with the line that makes it as large as this. */
  readonly blockBytes: number
  readonly maxBytesALine?: number
}

/** Memory: one block and one line of at most `maxBytesALine`, in bytes without its line feed. */
export function createBlockCutter({ blockBytes, maxBytesALine = maxLineBytes }: BlockLimits): BlockCutter {
  const whole = createBlockList()
  const open = createPile()

  /** Adds the lines of a chunk that end in it; gives the place of the first byte after them. */
  function addLines(chunk: Buffer): number {
    let [kept, start] = [0, 0]
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      const lineBytes = open.bytes() + end - start
      if (lineBytes > maxBytesALine) {
        whole.add(chunk.subarray(kept, start))
        whole.addTooLong(lineBytes)
        open.clear()
        kept = end + 1
      } else {
        open.moveTo(whole)
        whole.countLine()
      }
      start = end + 1
      if (whole.bytes() + start - kept < blockBytes) continue
      whole.add(chunk.subarray(kept, start))
      whole.cut()
      kept = start
    }
    whole.add(chunk.subarray(kept, start))
    return start
  }

  return {
    push(chunk) {
      open.add(chunk.subarray(addLines(chunk)))
      if (open.bytes() > maxBytesALine) open.forget()
      return whole.takeBlocks()
    },
    hasLines: () => whole.hasLines(),
    flush() {
      whole.cut()
      return whole.takeBlocks()
    },
    end() {
      const lastBytes = open.bytes()
      if (lastBytes > maxBytesALine) whole.addTooLong(lastBytes)
      else if (lastBytes > 0) {
        open.moveTo(whole)
        whole.countLine()
      }
      whole.cut()
      return whole.takeBlocks()
    },
  }
}

/** Whole lines, in numbered blocks; those after the last block are still being piled up. */
function createBlockList() {
  const pile = createPile()
  let firstLine = 1
  let lines = 0
  let blocks: (Block | TooLongLine)[] = []

  function cut(): void {
    if (lines > 0) blocks.push({ firstLine, bytes: pile.take() })
    firstLine += lines
    lines = 0
  }

  return {
    bytes: () => pile.bytes(),
    add: (piece: Buffer): void => pile.add(piece),
    countLine: () => void lines++,
    hasLines: () => lines > 0,
    cut,
    addTooLong(tooLongBytes: number): void {
      cut()
      blocks.push({ number: firstLine++, tooLongBytes })
    },
    takeBlocks(): readonly (Block | TooLongLine)[] {
      const taken = blocks
      blocks = []
      return taken
    },
  }
}

/** Pieces of bytes and the length of all of them; a forgotten pile knows its length alone. */
function createPile() {
  let pieces: Buffer[] = []
  let length = 0
  const pile = {
    bytes: () => length,
    add(piece: Buffer): void {
      length += piece.length
      if (piece.length > 0) pieces.push(piece)
    },
    forget(): void {
      pieces = []
    },
    clear(): void {
      pieces = []
      length = 0
    },
    moveTo(other: { add(piece: Buffer): void }): void {
      if (length === 0) return
      for (const piece of pieces) other.add(piece)
      pile.clear()
    },
    take(): Uint8Array<ArrayBuffer> {
      const bytes = new Uint8Array(length)
      let at = 0
      for (const piece of pieces) {
        bytes.set(piece, at)
        at += piece.length
      }
      pile.clear()
      return bytes
    },
  }
  return pile
}
