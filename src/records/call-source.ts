// A raw record -> the call in it, wherever its parts are found (call-mapping.ts), in the form of our own raw record, which
// `translate` reads. So a call gives the same messages whatever it is wrapped in. In: value, key and headers. Out: a call,
// or why there is none. Pure. Ruled by mapping.md, "Raw calls".
import { decodeJson, isJsonObject, isUtf8, parseJson, type DecodedJson } from '../json.ts'
import { isCallObject, isVerbatim, textOf } from '../translate/call-object.ts'
import { decodeCall, decodeCallText } from '../translate/call-text.ts'
import { invalid, type Invalid } from '../translate/fault.ts'
import {
  mappingOf,
  placeText,
  valuePath,
  type CallMapping,
  type CallPart,
  type CallPlace,
  type CallShape,
} from './call-mapping.ts'
import { headersOf, type RecordHeaders } from './headers.ts'

/** What of a record a call is read from. */
export interface CallRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: RecordHeaders
}

/** `skipped`: a record without a value that is no call. `unreadable`: the value as a whole. `invalid`: a part of the call
 *  is missing or no text; the fault names it and where it was looked for. */
export type CallReading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly kind: 'skipped' }
  | { readonly ok: false; readonly kind: 'unreadable'; readonly reason: string }
  | { readonly ok: false; readonly kind: 'invalid'; readonly fault: Invalid }

/** Told of every part that was found, and where; `place` is undefined for one that was not. */
export type OnPart = (part: CallPart, place: CallPlace | undefined) => void

/** Never throws; same record, same call. */
export type ReadCall = (record: CallRecord, onPart?: OnPart) => CallReading

/** A value in Avro -> what would stand there as JSON: our own raw call, or a record of another schema. */
export type DecodeAvro = (value: Buffer) => DecodedJson

/** Which values are read: `json`, `avro`, or both, told by the first byte. */
export type ValueFormat = 'auto' | 'json' | 'avro'

/** Reads calls of one shape. `decodeAvro`: for values that begin with a zero byte, which are unreadable without it. */
export function createCallReader(shape: CallShape, decodeAvro?: DecodeAvro, format: ValueFormat = 'auto'): ReadCall {
  const mapping = mappingOf(shape)
  const read = mapping === undefined ? readEnvelope : mappedReader(compile(mapping))
  return (record, onPart) => {
    const opened = wrongFormat(record.value, format) ?? openValue(record.value, decodeAvro)
    return typeof opened === 'string' ? { ok: false, kind: 'unreadable', reason: opened } : read(record, opened, onPart)
  }
}

/** The bytes of a JSON text, what an Avro value holds, or null. */
type OpenedValue = Buffer | { readonly record: unknown } | null

function wrongFormat(value: Buffer | null, format: ValueFormat): string | undefined {
  if (format === 'avro' && value !== null && value[0] !== 0)
    return 'the value is not Avro (it does not begin with a zero byte), which raw.format demands'
  if (format === 'json' && value?.[0] === 0)
    return 'the value looks like Avro (it begins with a zero byte), not like JSON, which raw.format demands'
  return undefined
}

function openValue(value: Buffer | null, decodeAvro: DecodeAvro | undefined): OpenedValue | string {
  // Confluent's wire format begins with a zero byte, which no JSON does.
  if (value?.[0] !== 0) return value
  if (decodeAvro === undefined) return 'the value looks like Avro (it begins with a zero byte), not like JSON'
  const decoded = decodeAvro(value)
  if (!decoded.ok) return `the value ${decoded.reason}`
  return { record: decoded.value }
}

type Read = (record: CallRecord, value: OpenedValue, onPart: OnPart | undefined) => CallReading

const readEnvelope: Read = (_record, value) => {
  if (value === null) return { ok: false, kind: 'skipped' }
  if (!Buffer.isBuffer(value)) return { ok: true, value: value.record }
  const decoded = decodeCall(value)
  return decoded.ok ? decoded : { ok: false, kind: 'unreadable', reason: `the value ${decoded.reason}` }
}

/** A place with all that can be made ready before the first record. */
type ReadyPlace = CallPlace & { readonly keys: readonly string[] }

interface Compiled {
  /** In the order in which faults are told. */
  readonly parts: readonly (readonly [CallPart, readonly ReadyPlace[]])[]
  /** The body says by itself what is called for. */
  readonly isV2: boolean
  /** Keys are looked up in the value. */
  readonly readsKeys: boolean
}

function compile(mapping: CallMapping): Compiled {
  const order = ['method', 'path', 'body', 'source', 'id', 'received_at'] as const
  const parts = order.flatMap((part) => {
    const places = mapping[part]?.map((place) => ({ ...place, keys: keysOf(place) }))
    return places === undefined ? [] : [[part, places] as const]
  })
  const readsKeys = parts.some(([, places]) => places.some(({ keys }) => keys.length > 0))
  return { parts, isV2: mapping.method === undefined && mapping.path === undefined, readsKeys }
}

const keysOf = (place: CallPlace): readonly string[] =>
  'value' in place && place.value !== true ? valuePath(place.value) : []

function mappedReader(compiled: Compiled): Read {
  const { parts, isV2, readsKeys } = compiled
  return (record, value, onPart) => {
    const sight = lookAt(record, value, readsKeys)
    if (typeof sight === 'string') return { ok: false, kind: 'unreadable', reason: `the value ${sight}` }
    const { call, isInHeaders, ...faults } = collect(compiled, sight, onPart)
    if (value === null && !isInHeaders) return { ok: false, kind: 'skipped' }
    const fault = faults.firstFault ?? missing(isV2 ? ['body'] : ['method', 'path'], call, parts)
    if (fault !== undefined) return { ok: false, kind: 'invalid', fault }
    return { ok: true, value: isV2 ? { ...call, ...v2Request(call.body) } : call }
  }
}

type Call = Partial<Record<CallPart, unknown>>

interface Collected {
  readonly call: Call
  readonly firstFault: Invalid | undefined
  /** A call may do without a body, so a record without a value may be one; but a tombstone has a key too, and constants
   *  are everywhere: only a header tells. */
  readonly isInHeaders: boolean
}

function collect({ parts }: Compiled, sight: Sight, onPart: OnPart | undefined): Collected {
  const call: Call = {}
  let firstFault: Invalid | undefined
  let isInHeaders = false
  for (const [part, places] of parts) {
    const found = findPart(part, places, sight)
    const place = 'place' in found ? found.place : undefined
    onPart?.(part, place)
    if (place !== undefined && 'header' in place) isInHeaders ||= essential.has(part)
    if ('fault' in found) firstFault ??= found.fault
    else if ('content' in found) call[part] = found.content
  }
  return { call, firstFault, isInHeaders }
}

const essential: ReadonlySet<CallPart> = new Set(['method', 'path', 'body'])

/** A record while its parts are looked for. */
interface Sight extends CallRecord {
  readonly opened: OpenedValue
  /** The value for keys to be looked up in. */
  readonly tree: unknown
}

/** Or what is wrong with the value. */
function lookAt({ key, headers, value }: CallRecord, opened: OpenedValue, readsKeys: boolean): Sight | string {
  const sight = { key, headers, value, opened }
  if (opened === null || !readsKeys) return { ...sight, tree: undefined }
  if (!Buffer.isBuffer(opened)) return { ...sight, tree: opened.record }
  const decoded = decodeJson(opened)
  return decoded.ok ? { ...sight, tree: decoded.value } : decoded.reason
}

type Found =
  { readonly place: CallPlace; readonly content: unknown } | { readonly fault: Invalid } | { readonly no: true }

const nowhere: Found = { no: true }

function findPart(part: CallPart, places: readonly ReadyPlace[], sight: Sight): Found {
  for (const place of places) {
    const found = findAt(part, place, sight)
    if (!('no' in found)) return found
  }
  return nowhere
}

function findAt(part: CallPart, place: ReadyPlace, sight: Sight): Found {
  if ('constant' in place) return { place, content: place.constant }
  // The record's own timestamp is what a call without received_at has.
  if ('timestamp' in place) return { place, content: undefined }
  if ('key' in place) return findText(part, place, sight.key)
  if ('header' in place) return findText(part, place, lastHeader(sight, place.header))
  if (place.value === true) return findWhole(part, place, sight)
  const content = lookUp(sight.tree, place.keys)
  return isNothing(content) ? nowhere : { place, content }
}

const isNothing = (content: unknown): boolean => content === undefined || content === null || content === ''

function findText(part: CallPart, place: CallPlace, bytes: Buffer | null): Found {
  if (bytes === null || bytes.length === 0) return nowhere
  if (isUtf8(bytes)) return { place, content: bytes.toString('utf8') }
  return { fault: invalid(part, `is not valid UTF-8 in ${placeText(place)}`) }
}

// As Kafka's own clients do it: of several headers of a name the last one counts.
const lastHeader = (sight: Sight, name: string): Buffer | null =>
  headersOf(sight).findLast(([known]) => known === name)?.[1] ?? null

function findWhole(part: CallPart, place: CallPlace, { opened }: Sight): Found {
  if (opened === null || (Buffer.isBuffer(opened) && isBlank(opened))) return nowhere
  if (!Buffer.isBuffer(opened)) return { place, content: opened.record }
  // Verbatim where that can be: the bytes of the body are not taken apart.
  const decoded = decodeCall(opened)
  if (!decoded.ok) return { fault: invalid(part, decoded.reason) }
  // A text within JSON text is no body; as a text it would be taken for JSON text.
  return { place, content: typeof decoded.value === 'string' ? opened.toString('utf8') : decoded.value }
}

const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))

function lookUp(tree: unknown, keys: readonly string[]): unknown {
  let at = tree
  for (const key of keys) {
    // Such an object only has the keys that rules read.
    if (isVerbatim(at)) at = parseJson(textOf(at))
    if (Array.isArray(at)) at = /^\d+$/.test(key) ? (at as readonly unknown[])[Number(key)] : undefined
    else at = isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined
  }
  return at
}

function missing(needed: readonly CallPart[], call: Call, parts: Compiled['parts']): Invalid | undefined {
  const part = needed.find((one) => call[one] === undefined)
  if (part === undefined) return undefined
  const places = parts.find(([one]) => one === part)?.[1] ?? []
  return invalid(part, `is missing: looked for it in ${places.map(placeText).join(', then in ')}`)
}

// As our own raw record tells entities from batches: by the batch.
function v2Request(body: unknown): { readonly method: string; readonly path: string } {
  const decoded = typeof body === 'string' ? decodeCallText(body) : ({ ok: true, value: body } as const)
  const isBatch = decoded.ok && isCallObject(decoded.value) && decoded.value.batch !== undefined
  return { method: 'POST', path: isBatch ? '/api/v2/batch' : '/api/v2/entity' }
}
