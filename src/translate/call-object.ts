// The JSON objects that rules read. Two kinds look alike to a rule: a plain object, as JSON.parse gives it, and a verbatim
// one, which has the keys that some rule reads and the object's source text for all the rest, so that attributes pass
// from call to message without being taken apart and put together again (call-scanner.ts makes them, attributes.ts cuts
// them). A rule can only read keys that stand here: the type says so.
import { isJsonObject, parseJson } from '../json.ts'
import { writeJson, writeSpan, type Span } from './byte-writer.ts'

/** Keys of calls that some rule of mapping.md reads. */
export const callKeys = [
  ...(['id', 'source', 'method', 'path', 'body', 'received_at', 'batch', 'type', 'action'] as const),
  ...(['timestamp', '_timestamp', 'name', 'data', 'attributes', 'anonymous_id', 'email', 'cio_id', 'phone'] as const),
  ...(['identifiers', 'object_type_id', 'object_id', 'cio_object_id', 'primary', 'secondary', 'url'] as const),
  ...(['cio_relationships', 'relationships', 'relationship_attributes'] as const),
  ...(['relationship_traits', 'relationshipAttributes'] as const),
  ...(['device', 'token', 'platform', 'last_used', 'device_id', 'device_token', 'recipient'] as const),
  ...(['delivery_id', 'metric', 'event', 'reason', 'href', 'action_value', 'actionValue'] as const),
]
export type CallKey = (typeof callKeys)[number]

/** An object of a call as rules see it. */
export type CallObject = Readonly<Partial<Record<CallKey, unknown>>>

/** The span: the whole object as JSON.stringify would print it. A key that the object does not have is undefined. */
export type VerbatimObject = Record<CallKey, unknown> & Span & { readonly toJSON: () => unknown }

/** True for JSON objects, plain or verbatim: not for arrays, null, or numbers kept as text. */
export function isCallObject(value: unknown): value is CallObject {
  return isVerbatim(value) || isJsonObject(value)
}

/** True for an object that has its source text. No JSON has a function in it, so none of a user can look like one. */
export function isVerbatim(value: unknown): value is VerbatimObject {
  return typeof value === 'object' && value !== null && (value as { toJSON?: unknown }).toJSON === toJSON
}

const noBytes = Buffer.alloc(0)

/** What a call without attributes has. */
export const noAttributes: CallObject = Object.assign(createVerbatim(), { bytes: Buffer.from('{}'), end: 2 })

/** Writes the JSON text of a value of a call. */
export function writeValue(value: unknown): void {
  if (isVerbatim(value)) writeSpan(value.bytes, value.start, value.end)
  else writeJson(value)
}

/** JSON text of a verbatim object. */
export const textOf = ({ bytes, start, end }: Span): string => bytes.toString('utf8', start, end)

// For JSON.stringify: what `explain` and tests print is the same as what the hot path writes.
function toJSON(this: VerbatimObject): unknown {
  return parseJson(textOf(this))
}

/** One without text or keys, for its reader to fill in. All are of one shape, so that to read a key is one machine
 *  instruction; a literal, for V8 makes no object faster (0.04 us, a spread of as many keys takes 0.1). */
export function createVerbatim(): VerbatimObject {
  return {
    bytes: noBytes,
    start: 0,
    end: 0,
    toJSON,
    id: undefined,
    source: undefined,
    method: undefined,
    path: undefined,
    body: undefined,
    received_at: undefined,
    batch: undefined,
    type: undefined,
    action: undefined,
    timestamp: undefined,
    _timestamp: undefined,
    name: undefined,
    data: undefined,
    attributes: undefined,
    anonymous_id: undefined,
    email: undefined,
    cio_id: undefined,
    phone: undefined,
    identifiers: undefined,
    object_type_id: undefined,
    object_id: undefined,
    cio_object_id: undefined,
    primary: undefined,
    secondary: undefined,
    url: undefined,
    cio_relationships: undefined,
    relationships: undefined,
    relationship_attributes: undefined,
    relationship_traits: undefined,
    relationshipAttributes: undefined,
    device: undefined,
    token: undefined,
    platform: undefined,
    last_used: undefined,
    device_id: undefined,
    device_token: undefined,
    recipient: undefined,
    delivery_id: undefined,
    metric: undefined,
    event: undefined,
    reason: undefined,
    href: undefined,
    action_value: undefined,
    actionValue: undefined,
  }
}
