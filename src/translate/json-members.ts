// The members of a JSON object as places in its bytes, by the scanner of calls: what only passes is never decoded.
import { closeInto, openText, writeAscii, writeSpan, type Span } from './byte-writer.ts'
import { begin, hasEscape, maxScanBytes, skipString, skipValue } from './call-scanner.ts'

/** Where a member stands: its key without quotation marks, and its value. */
export type VisitMember = (keyStart: number, keyEnd: number, valueStart: number, valueEnd: number) => void

/** Calls `visit` for each member of the object that `text` is, in order. False where the scanner refuses the text
 *  (call-scanner.ts says which): then JSON.parse has the last word, and what was visited means nothing. A key may come
 *  twice. The text: valid UTF-8. */
export function visitMembers(text: Buffer, visit: VisitMember): boolean {
  const end = text.length
  if (end > maxScanBytes || text[0] !== openBrace) return false
  begin(text, 0, end)
  if (text[1] === closeBrace) return end === 2
  let at = 1
  for (;;) {
    const keyEnd = text[at] === quote ? skipString(at) : -1
    if (keyEnd < 0 || hasEscape || text[keyEnd] !== colon) return false
    const valueEnd = skipValue(keyEnd + 1, 1)
    if (valueEnd < 0) return false
    visit(at + 1, keyEnd - 1, keyEnd + 1, valueEnd)
    at = valueEnd + 1
    if (text[valueEnd] !== comma) return text[valueEnd] === closeBrace && at === end
  }
}

/** The text of a verbatim object without those members whose key is in `leaving`, written into `kept`. Of at most
 *  `maxScanBytes`. */
export function cutMembers({ bytes, start, end }: Span, leaving: readonly string[], kept: Span): void {
  begin(bytes, start, end)
  openText()
  let before = '{'
  let at = 0
  while (at < end - start - 2) {
    // At the brace or at the comma before a key.
    const from = ++at
    const keyEnd = skipString(from)
    at = skipValue(keyEnd + 1, 0)
    if (leaving.includes(bytes.toString('latin1', start + from + 1, start + keyEnd - 1))) continue
    writeAscii(before)
    writeSpan(bytes, start + from, start + at)
    before = ','
  }
  writeAscii(before === '{' ? '{}' : '}')
  closeInto(kept)
}

const [quote, colon, comma, openBrace, closeBrace] = [0x22, 0x3a, 0x2c, 0x7b, 0x7d]
