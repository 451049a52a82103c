// A block of whole lines -> what `trackbridge translate` prints for them. Pure but for the tally it is given. Lines go
// through decoding, translating and printing 64 at a time: a processor's instruction cache holds each of these steps, but
// not all three, so that this is a seventh faster than line by line.
import { isUtf8 } from 'node:buffer'
import { decodeCall, decodeCallWithin } from '../../translate/call-text.ts'
import type { Block } from './blocks.ts'
import { createLineWriter } from './line-writer.ts'
import { isBlank, lineFeed, withoutMark, withoutReturn } from '../lines.ts'
import type { Tally, TallyCounter } from './tally.ts'
import { createLineReader, type ReadLine } from '../record-line.ts'
import { printLine, translateLine, type DecodedLine, type LineSettings } from './translate-line.ts'

/** What a worker thread gives back: all that translateBlock gave, and the sums. */
export interface TranslatedBlock {
  readonly output: readonly Uint8Array<ArrayBuffer>[]
  readonly tally: Tally
}

const groupLines = 64

/** Gives the output in pieces of about 128 KB, a longer one where a line is, so that few long results are held at a
 *  time; a line is in `tally` when its piece is given. Blank lines are counted and not printed. Never throws. */
export function* translateBlock(
  block: Block,
  settings: LineSettings,
  tally: TallyCounter,
): Generator<Uint8Array<ArrayBuffer>> {
  const nextLines = lineReader(block, createLineReader(settings.call ?? 'envelope'))
  const writer = createLineWriter()
  for (let lines = nextLines(); lines.length > 0; lines = nextLines()) {
    for (const translated of lines.map((line) => translateLine(line, settings))) {
      const printed = printLine(translated)
      if (!writer.hasRoom(printed.text)) yield writer.take()
      writer.add(printed.text)
      tally.add(printed)
    }
  }
  if (!writer.isEmpty()) yield writer.take()
}

/** Gives the next 64 lines that are not blank, then fewer, then none. */
function lineReader({ bytes, firstLine }: Block, readLine: ReadLine | undefined): () => readonly DecodedLine[] {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const marked = firstLine === 1 ? withoutMark(whole) : whole
  // A line feed is no part of a longer UTF-8 sequence: where the block is valid, every line of it is.
  const isValid = isUtf8(marked)
  let number = firstLine
  let start = 0

  function nextLine(): DecodedLine | undefined {
    const found = marked.indexOf(lineFeed, start)
    const lineEnd = found < 0 ? marked.length : found
    const from = start
    const end = withoutReturn(marked, from, lineEnd)
    start = lineEnd + 1
    const line = number++
    if (isBlank(marked, from, end)) return undefined
    const decoded =
      readLine?.(marked.subarray(from, end)) ??
      (isValid ? decodeCallWithin(marked, from, end) : decodeCall(marked.subarray(from, end)))
    return { number: line, byteLength: end - from, decoded }
  }

  return () => {
    const lines: DecodedLine[] = []
    while (lines.length < groupLines && start < marked.length) {
      const line = nextLine()
      if (line !== undefined) lines.push(line)
    }
    return lines
  }
}
