// One call wherever its parts are found, for `explain`: the call in the form of our own raw record, and where each part of
// it was found. In: a decoded document and the shape of calls. Out: both. Pure. Ruled by mapping.md, "Raw calls".
import { parseJson, stringifyJson, type DecodedJson } from '../../json.ts'
import { mappingOf, placeText, type CallPart, type CallShape } from '../../records/call-mapping.ts'
import { createLineReader, type LineCall } from '../record-line.ts'

export interface FoundPart {
  readonly part: CallPart
  /** e.g. `header "x-method"`; null where it was found nowhere. */
  readonly place: string | null
  /** Every place of the mapping, in order. */
  readonly lookedIn: readonly string[]
}

export interface FoundCall {
  readonly call: LineCall
  /** Undefined for our own raw record, whose fields are the parts; empty where nothing could be looked for. */
  readonly parts?: readonly FoundPart[]
}

/** Never throws. */
export function findCall(decoded: DecodedJson, shape: CallShape): FoundCall {
  const readLine = createLineReader(shape)
  if (readLine === undefined || !decoded.ok) return { call: decoded }
  const parts: FoundPart[] = []
  const call = readLine(Buffer.from(stringifyJson(decoded.value)), (part, place) =>
    parts.push({ part, place: place === undefined ? null : placeText(place), lookedIn: placesOf(part, shape) }),
  )
  // Plain throughout: what is told of a call is looked up by any key.
  return { call: call.ok ? { ok: true, value: parseJson(stringifyJson(call.value)) } : call, parts }
}

const placesOf = (part: CallPart, shape: CallShape): readonly string[] =>
  (mappingOf(shape)?.[part] ?? []).map(placeText)
