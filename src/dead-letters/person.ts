// Whose a dead letter is: its key, and the persons whom its call or message is about, by every id that stands there. In: a
// letter and how calls are read. Out: ids. Attributes are not looked at, but for an email address: a product's id is no
// person. Persons of the objects' relationships are not whom the call is about.
import { createHash } from 'node:crypto'
import { decodeJson, isJsonObject, numberText, parseJson, stringifyJson, type DecodedJson } from '../json.ts'
import type { CallReading, DecodeAvro } from '../records/call-source.ts'
import type { Letter } from './letter.ts'

export interface PersonDeps {
  /** The call in an original of stage process, as the stream processor finds it. */
  readonly readCall: (record: Letter['source']) => CallReading
  /** An original in Avro, for messages; absent: they are not looked into. */
  readonly decodeAvro?: DecodeAvro | undefined
}

/** SHA-256 of an id in hex: what a mark names a person by. */
export const hashOf = (person: string): string => createHash('sha256').update(person).digest('hex')

/** Every id, each once; the key first. Never throws. */
export function personsOf(letter: Letter, deps: PersonDeps): readonly string[] {
  const { key } = letter.source
  const found = new Set<string>()
  const add = (value: unknown): void => {
    const id = typeof value === 'string' ? value : numberText(value)
    if (id !== undefined && id !== '') found.add(id)
  }
  if (key !== null) add(key.toString('utf8'))
  if (letter.stage === 'sink') addOfMessage(messageOf(letter, deps), add)
  else addOfCall(callOf(letter, deps), add)
  return [...found]
}

/** Which set of Track credentials made the call of stage process, where it says so. */
export function sourceOf(letter: Letter, deps: PersonDeps): string | undefined {
  const call = letter.stage === 'process' ? callOf(letter, deps) : undefined
  return isJsonObject(call) && typeof call['source'] === 'string' ? call['source'] : undefined
}

type Add = (value: unknown) => void

function callOf({ source }: Letter, { readCall }: PersonDeps): unknown {
  const reading = readCall(source)
  // Plain throughout: calls keep what the translation does not look at as text.
  if (reading.ok) return parseJson(stringifyJson(reading.value))
  return source.value === null ? undefined : valueOf(decodeJson(source.value))
}

function messageOf({ source: { value } }: Letter, { decodeAvro }: PersonDeps): unknown {
  if (value === null) return undefined
  if (value[0] !== 0) return valueOf(decodeJson(value))
  const record = decodeAvro === undefined ? undefined : valueOf(decodeAvro(value))
  const payload = isJsonObject(record) ? record['payload'] : undefined
  return typeof payload === 'string' ? valueOf(decodeJson(Buffer.from(payload))) : record
}

const valueOf = (decoded: DecodedJson): unknown => (decoded.ok ? decoded.value : undefined)

function addOfMessage(message: unknown, add: Add): void {
  if (!isJsonObject(message)) return
  for (const key of ['userId', 'anonymousId', 'previousId']) add(message[key])
  const { context, traits } = message
  if (isJsonObject(traits)) add(traits['email'])
  const journeys = isJsonObject(context) ? context['journeys'] : undefined
  if (isJsonObject(journeys)) addIdentifiers(journeys['identifiers'], add)
}

function addOfCall(call: unknown, add: Add): void {
  if (!isJsonObject(call)) return
  const { path, body } = call
  if (typeof path === 'string') for (const segment of idsInPath(path)) add(segment)
  const text = typeof body === 'string' ? valueOf(decodeJson(Buffer.from(body))) : body
  addOfEntity(text ?? call, add)
}

// `/api/v1/customers/42/events`: whoever follows "customers".
function idsInPath(path: string): readonly string[] {
  const [, id] = /\/customers\/([^/?#]+)/.exec(path) ?? []
  if (id === undefined) return []
  try {
    return [decodeURIComponent(id)]
  } catch {
    return [id]
  }
}

function addOfEntity(entity: unknown, add: Add): void {
  if (!isJsonObject(entity)) return
  const { batch, identifiers, primary, secondary, attributes, ids } = entity
  if (Array.isArray(batch)) for (const one of batch as readonly unknown[]) addOfEntity(one, add)
  for (const known of [identifiers, primary, secondary]) addIdentifiers(known, add)
  // At the top of an entity an `id` is that of the call or of an event.
  for (const key of namedIds) add(entity[key])
  if (isJsonObject(attributes)) add(attributes['email'])
  // Members of a segment.
  if (Array.isArray(ids)) for (const id of ids as readonly unknown[]) add(id)
}

const namedIds = ['email', 'cio_id', 'anonymous_id'] as const

function addIdentifiers(identifiers: unknown, add: Add): void {
  if (isJsonObject(identifiers)) for (const key of ['id', ...namedIds]) add(identifiers[key])
}
