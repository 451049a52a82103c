// Byte texts: strings that hold UTF-8 bytes, one character a byte ("é" is the two characters "\u00c3\u00a9"). Calls are
// read and messages are written as such, for V8 cuts, joins and copies strings of one byte a character twice as fast as
// those of two, which a single letter beyond Latin-1 would make of a whole call; and their bytes are there already when a
// record wants them. ASCII is the same in both. Only what rules read of a call is decoded.

/** A string of bytes, 0 to 255 each. What is called `text` elsewhere is an ordinary string. */
export type ByteText = string

/** "é" -> its two bytes. Lone surrogates become U+FFFD: none of JSON's own texts has one (stringifyJson). */
export function toByteText(text: string): ByteText {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

export function fromByteText(bytes: ByteText): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')
}

/** JSON text of a string, as bytes: `say "é"` -> `"say \\"Ã©\\""`. */
export function quoteBytes(text: string): ByteText {
  const { length } = text
  for (let at = 0; at < length; at++) {
    const unit = text.charCodeAt(at)
    // Control characters, quotation marks, backslashes, and all beyond ASCII.
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit > 0x7e) return toByteText(JSON.stringify(text))
  }
  // To call JSON.stringify takes five times as long for the few characters of an id.
  return `"${text}"`
}

function isAscii(text: string): boolean {
  const { length } = text
  for (let at = 0; at < length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}
