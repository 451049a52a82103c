// What `translate` and `explain` read a call from, where it is not our own raw record (--call, raw.call): a line's value, or
// a whole record with headers and key, as `kcat -J` prints it. In: the decoded line. Out: a reading, as the stream
// processor has it for such a record. Pure. Ruled by mapping.md, "Raw calls".
import { decodeJson, isJsonObject, stringifyJson, type DecodedJson, type JsonObject } from '../json.ts'
import { needsRecord, type CallShape } from '../records/call-mapping.ts'
import { createCallReader, type CallReading, type CallRecord, type OnPart } from '../records/call-source.ts'
import type { Header } from '../records/headers.ts'
import { invalid, type Invalid } from '../translate/fault.ts'

/** A call, or why there is none; with `fault` where a part of it is at fault, else the line as a whole is. */
export type LineCall = DecodedJson | { readonly ok: false; readonly reason: string; readonly fault: Invalid }

/** Reads the bytes of one line or document. */
export type ReadLine = (bytes: Buffer, onPart?: OnPart) => LineCall

/** For people: what a line holds under a shape. */
export const recordForm = '{"value":...,"headers":{"NAME":"TEXT"},"key":"..."}, or what kcat -J prints'

/** Undefined for `envelope`, whose lines are calls themselves. */
export function createLineReader(shape: CallShape): ReadLine | undefined {
  if (shape === 'envelope') return undefined
  const readCall = createCallReader(shape)
  if (!needsRecord(shape)) return (value, onPart) => toLineCall(readCall({ value, key: null, headers: [] }, onPart))
  return (bytes, onPart) => {
    const decoded = decodeJson(bytes)
    if (!decoded.ok) return decoded
    const record = isJsonObject(decoded.value) ? recordOf(decoded.value) : undefined
    if (record === undefined) return { ok: false, reason: `must be a record: ${recordForm}` }
    return toLineCall(readCall(record, onPart))
  }
}

function toLineCall(reading: CallReading): LineCall {
  if (reading.ok) return reading
  switch (reading.kind) {
    case 'skipped':
      return { ok: false, reason: 'has no value: such a record is counted and skipped' }
    case 'unreadable':
      return { ok: false, reason: reading.reason }
    case 'invalid': {
      const { field, reason } = reading.fault
      return { ok: false, reason: `${field} ${reason}`, fault: reading.fault }
    }
  }
}

/** Undefined where it is no record. */
function recordOf(line: JsonObject): CallRecord | undefined {
  const { value, payload = value, key } = line
  const headers = headersIn(line['headers'])
  if (headers === undefined || (payload === undefined && headers.length === 0)) return undefined
  return { value: bytesOf(payload), key: bytesOf(key), headers }
}

// Text is the bytes themselves; whatever else stands there was JSON.
function bytesOf(content: unknown): Buffer | null {
  if (content === undefined || content === null) return null
  return Buffer.from(typeof content === 'string' ? content : stringifyJson(content))
}

/** `{"a":"1"}`, or as kcat prints them `["a","1"]`; undefined for anything else. */
function headersIn(headers: unknown): readonly Header[] | undefined {
  if (headers === undefined || headers === null) return []
  if (isJsonObject(headers)) return Object.entries(headers).map(([name, content]) => [name, bytesOf(content)])
  if (!Array.isArray(headers)) return undefined
  const flat: readonly unknown[] = headers
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[String(name), bytesOf(flat[at + 1])] as const] : []))
}

/** For the printed line: the fault as the one outcome of a call that could not be read. */
export const faultOf = (call: LineCall & { readonly ok: false }): Invalid =>
  'fault' in call ? call.fault : invalid('record', call.reason)
