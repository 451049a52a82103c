// Bytes or text of a raw call -> its value, for `translate`: verbatim objects where that can be, else what JSON.parse
// gives; or why there is none. Ruled by mapping.md, "Raw calls".
import { decodeJson, decodeJsonText, isUtf8, type DecodedJson } from '../json.ts'
import { scanCall } from './call-scanner.ts'

/** As decodeJson, but for the translation alone: a verbatim object has no keys that no rule reads. Never throws. */
export function decodeCall(bytes: Buffer): DecodedJson {
  const value = isUtf8(bytes) ? scanCall(bytes) : undefined
  return value === undefined ? decodeJson(bytes) : { ok: true, value }
}

/** The same for the bytes from `start` to `end`, which are known to be UTF-8. */
export function decodeCallWithin(bytes: Buffer, start: number, end: number): DecodedJson {
  const value = scanCall(bytes, start, end)
  return value === undefined ? decodeJsonText(bytes.toString('utf8', start, end)) : { ok: true, value }
}

/** The same for text. */
export function decodeCallText(text: string): DecodedJson {
  // JSON.stringify prints half a surrogate pair as an escape; passed on as it is, it would be lost.
  const value = text.isWellFormed() ? scanCall(Buffer.from(text, 'utf8')) : undefined
  return value === undefined ? decodeJsonText(text) : { ok: true, value }
}
