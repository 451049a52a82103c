// Where the parts of a raw call are found in a record (mapping.md, "Raw calls"; setting `raw.call`): the names of parts and
// places, the presets, and the rules of a mapping. In: a preset's name or a mapping as it was written. Out: a CallMapping,
// or what is wrong with it. Pure data: it crosses to worker threads.

/** The parts of a call, named as the fields of our own raw record. */
export const callParts = ['method', 'path', 'body', 'source', 'id', 'received_at'] as const
export type CallPart = (typeof callParts)[number]

/**
 * One place of a record: in its value (keys with dots between them, `"call.user\.id"` for a key with a dot in it; a number
 * picks from a list; `true` is the whole value), the last header of a name, the key, a constant, the record's timestamp.
 */
export type CallPlace =
  | { readonly value: string | true }
  | { readonly header: string }
  | { readonly key: true }
  | { readonly constant: string }
  | { readonly timestamp: true }

/** By part the places to look in, in this order: the first one that holds something counts. Without `method` and `path`
 *  the body is a v2 entity or batch, which describes itself. */
export type CallMapping = Readonly<Partial<Record<CallPart, readonly CallPlace[]>>> & {
  readonly body: readonly CallPlace[]
}

/** Every preset but `envelope`, our own raw record, which is read without a mapping. */
const mappings = {
  v2: { body: [{ value: true }] },
  'http-log': {
    method: [{ header: 'method' }],
    path: [{ header: 'path' }],
    body: [{ value: true }],
    source: [{ header: 'source' }],
    id: [{ header: 'id' }],
    received_at: [{ header: 'received_at' }],
  },
  // Requests as clients describe them: `json` of one client, `data` of another.
  'segment-v1': {
    method: [{ value: 'method' }],
    path: [{ value: 'url' }, { value: 'path' }],
    body: [{ value: 'body' }, { value: 'json' }, { value: 'data' }],
    source: [{ value: 'source' }],
    id: [{ value: 'id' }],
    received_at: [{ value: 'received_at' }, { value: 'sentAt' }],
  },
} as const satisfies Record<string, CallMapping>

/** The presets of `raw.call`. */
export const callPresets = ['envelope', 'v2', 'http-log', 'segment-v1'] as const
export type CallPreset = (typeof callPresets)[number]

/** The setting `raw.call`. */
export type CallShape = CallPreset | CallMapping

/** The mapping of a shape; undefined for `envelope`. */
export function mappingOf(shape: CallShape): CallMapping | undefined {
  if (typeof shape !== 'string') return shape
  return shape === 'envelope' ? undefined : mappings[shape]
}

/** True where a record's value alone does not tell the call: its key or headers are looked at. */
export function needsRecord(shape: CallShape): boolean {
  const places = Object.values(mappingOf(shape) ?? {}).flat()
  return places.some((place) => 'header' in place || 'key' in place || 'timestamp' in place)
}

/** For people: `value "body"`, `the whole value`, `header "x-method"`, `the key`, `constant "PUT"`, `the timestamp`. */
export function placeText(place: CallPlace): string {
  if ('value' in place) return place.value === true ? 'the whole value' : `value ${JSON.stringify(place.value)}`
  if ('header' in place) return `header ${JSON.stringify(place.header)}`
  if ('key' in place) return 'the key'
  return 'constant' in place ? `constant ${JSON.stringify(place.constant)}` : 'the timestamp'
}

/** What may stand at a part of a mapping, for messages to whoever wrote it. */
export const placesAllowed = (part: CallPart): string =>
  `one of {value: a.b.c}, {header: NAME}, {key: true}, {constant: TEXT}${part === 'body' ? ', {value: true}' : ''}${
    part === 'received_at' ? ', {timestamp: true}' : ''
  }, or a list of them`

/** A part of a mapping as it was written, one place or a list -> its places; undefined where it is none. Never throws. */
export function readPlaces(part: CallPart, written: unknown): readonly CallPlace[] | undefined {
  const entries: readonly unknown[] = Array.isArray(written) ? written : [written]
  const places = entries.filter((entry): entry is CallPlace => isPlace(part, entry))
  return places.length > 0 && places.length === entries.length ? places : undefined
}

function isPlace(part: CallPart, entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null) return false
  const [only, ...others] = Object.entries(entry) as [string, unknown][]
  return only !== undefined && others.length === 0 && isNamed(part, ...only)
}

function isNamed(part: CallPart, kind: string, name: unknown): boolean {
  switch (kind) {
    case 'value':
      return name === true ? part === 'body' : isValuePath(name)
    case 'header':
    case 'constant':
      return typeof name === 'string' && name !== ''
    case 'key':
      return name === true
    case 'timestamp':
      return name === true && part === 'received_at'
    default:
      return false
  }
}

const isValuePath = (name: unknown): boolean => typeof name === 'string' && valuePath(name).every((key) => key !== '')

/** `'call.user\.id'` -> `['call', 'user.id']`. */
export function valuePath(text: string): readonly string[] {
  const keys: string[] = []
  let key = ''
  let isEscaped = false
  for (const letter of text) {
    if (letter === '.' && !isEscaped) {
      keys.push(key)
      key = ''
    } else if (letter !== '\\' || isEscaped) key += letter
    isEscaped = letter === '\\' && !isEscaped
  }
  return [...keys, key]
}
