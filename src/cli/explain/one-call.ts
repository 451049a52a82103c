// The one call that `explain` is given: the first line that is not blank, or a JSON document over several lines. In: an
// Input, of which no more is read than needed. Out: its JSON value or why there is none, and where it stands.
import { TrackbridgeError } from '../../errors.ts'
import { decodeJson, type DecodedJson } from '../../json.ts'
import type { Input } from '../input.ts'
import { createLineSplitter, type Line } from '../lines.ts'

export interface OneCall {
  readonly decoded: DecodedJson
  /** Number of the line on which it begins, from 1. */
  readonly line: number
  /** True when further lines were seen, which are not explained. */
  readonly hasMore: boolean
}

/** Longest document that is read. */
export const maxDocumentBytes = 16_000_000

/** Throws TB_INPUT_UNREADABLE where there are only blank lines, or none. */
export async function readOneCall(input: Input, maxBytes: number = maxDocumentBytes): Promise<OneCall> {
  const splitter = createLineSplitter(maxBytes)
  const chunks: Buffer[] = []
  const lines: Line[] = []
  let bytes = 0
  for await (const chunk of input.chunks) {
    chunks.push(chunk)
    bytes += chunk.length
    const hadNone = lines.length === 0
    lines.push(...splitter.push(chunk))
    const found = hadNone ? firstCall(lines) : undefined
    if (found !== undefined) return found
    if (bytes > maxBytes) return tooLong(lines, maxBytes)
  }
  const hadNone = lines.length === 0
  lines.push(...splitter.end())
  const [first] = lines
  if (first === undefined) throw new TrackbridgeError('TB_INPUT_UNREADABLE', `${input.name} holds no call, only blanks`)
  const whole = { decoded: decodeJson(Buffer.concat(chunks)), line: first.number, hasMore: false }
  return (hadNone ? firstCall(lines) : undefined) ?? whole
}

/** The first line, if it is a call by itself. */
function firstCall(lines: readonly Line[]): OneCall | undefined {
  const [first] = lines
  if (first === undefined || 'tooLongBytes' in first) return undefined
  const decoded = decodeJson(first.bytes)
  return decoded.ok ? { decoded, line: first.number, hasMore: lines.length > 1 } : undefined
}

// A file of many calls whose first line is broken looks like a document until here: then the line's own fault is told.
function tooLong([first]: readonly Line[], maxBytes: number): OneCall {
  const decoded = first !== undefined && 'bytes' in first ? decodeJson(first.bytes) : undefined
  const reason = `must be of at most ${maxBytes} bytes, found more`
  return { decoded: decoded ?? { ok: false, reason }, line: first?.number ?? 1, hasMore: true }
}
