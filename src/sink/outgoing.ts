// PURE: a record of a destination topic -> the message as it is sent. receivedAt is the server's to set and goes; sentAt
// becomes the time of the attempt, or the API's clock-skew correction would shift a backfill by months; all the rest
// stays byte for byte. Ruled by sink.md, "Facts of the API", and mapping.md, "When".
import { describeJson, isJsonObject, isUtf8, parseJson, stringifyJson, type JsonObject } from '../json.ts'
import { findPlaces } from '../translate/message-places.ts'
import { visitMembers } from '../translate/json-members.ts'
import { noTime } from '../translate/message-text.ts'
import { messageTypes, type MessageType } from '../translate/message.ts'

/** A message ready to be sent any number of times. */
export interface OutgoingMessage {
  readonly ok: true
  readonly type: MessageType
  /** Size of its JSON as it is sent, in bytes: the same for every attempt. */
  readonly bytes: number
  /** JSON texts of the ids it is about, e.g. `['"42"', '"anon-7"']`; of an alias both sides. Empty if not asked for. */
  readonly ids: readonly string[]
  /** JSON in which 24 bytes from `sentAtStart` on are a time, and those from `cutStart` to `cutEnd` are not sent. */
  readonly text: Buffer
  readonly sentAtStart: number
  readonly cutStart: number
  readonly cutEnd: number
}

export type Outgoing = OutgoingMessage | { readonly ok: false; readonly why: string }

/** Reads the value of a record. Never throws: what is no message says why, without quoting it. */
export function outgoing(value: Buffer | null, { withIds = false }: { readonly withIds?: boolean } = {}): Outgoing {
  if (value === null) return { ok: false, why: 'the record has no value; expected the JSON of a Pipelines message' }
  if (!isUtf8(value)) return { ok: false, why: 'the value is not valid UTF-8' }
  return (withIds ? undefined : ownMessage(value)) ?? scanMessage(value, withIds) ?? parseMessage(value, withIds)
}

const noIds: readonly string[] = []

// What `process` has written, by its shape: what stands between is taken as it is. Should it be broken all the same, the API
// refuses it, and it is a dead letter with the API's answer.
function ownMessage(text: Buffer): OutgoingMessage | undefined {
  const places = findPlaces(text)
  if (places === undefined) return undefined
  const { type, sentAtStart, receivedAtStart: cutStart, receivedAtEnd: cutEnd } = places
  return { ok: true, type, bytes: text.length - (cutEnd - cutStart), ids: noIds, text, sentAtStart, cutStart, cutEnd }
}

/** Writes a message into a body, with the time of the attempt (as toISOString gives it). Returns where it ends. */
export function putMessage(message: OutgoingMessage, time: string, body: Buffer, start: number): number {
  const { text, bytes, sentAtStart, cutStart, cutEnd } = message
  text.copy(body, start, 0, cutStart)
  text.copy(body, start + cutStart, cutEnd)
  const isBehindCut = sentAtStart >= cutEnd
  const timeStart = start + sentAtStart - (isBehindCut ? cutEnd - cutStart : 0)
  // So short a text takes a loop a fifth of the time of a call.
  for (let index = 0; index < time.length; index++) body[timeStart + index] = time.charCodeAt(index)
  return start + bytes
}

const keysOfIds = ['userId', 'anonymousId', 'previousId'] as const
const readKeys = [...keysOfIds, 'groupId', 'type', 'sentAt', 'receivedAt'] as const

// Compact JSON in which only one member is cut and one overwritten: none of it is decoded. 1.4 us a
// message of 600 bytes, where parsing and printing it takes 9 us. `undefined`: to be parsed.
function scanMessage(value: Buffer, withIds: boolean): OutgoingMessage | undefined {
  const ids: string[] = []
  let group = ''
  let type: MessageType | undefined
  let [sentAtStart, cutStart, cutEnd] = [-1, 0, 0]
  let seen = 0
  let isRepeated = false
  const isWhole = visitMembers(value, (keyStart, keyEnd, start, end) => {
    const key = findText(value, keyStart, keyEnd, keysByLength)
    if (key === undefined) return
    const bit = 1 << readKeys.indexOf(key)
    isRepeated ||= (seen & bit) !== 0
    seen |= bit
    if (key === 'type') type = findText(value, start + 1, end - 1, typesByLength)
    else if (key === 'sentAt') sentAtStart = end - start === noTime.length + 2 ? start + 1 : -1
    // With the comma before it, or behind it where it comes first.
    else if (key === 'receivedAt') [cutStart, cutEnd] = keyStart === 2 ? [1, end + 1] : [keyStart - 2, end]
    else if (!withIds) return
    else if (key === 'groupId') group = value.toString('latin1', start, end)
    else ids.push(value.toString('latin1', start, end))
  })
  if (!isWhole || type === undefined || sentAtStart < 0 || isRepeated) return undefined
  if (ids.length === 0 && group !== '') ids.push(group)
  const bytes = value.length - (cutEnd - cutStart)
  return { ok: true, type, bytes, ids, text: value, sentAtStart, cutStart, cutEnd }
}

/** Texts of ASCII by their length. */
type ByLength<T extends string> = readonly (readonly T[])[]

const byLength = <T extends string>(texts: readonly T[]): ByLength<T> =>
  Array.from({ length: 1 + Math.max(...texts.map(({ length }) => length)) }, (_, length) =>
    texts.filter((text) => text.length === length),
  )

const keysByLength = byLength(readKeys)
const typesByLength = byLength(messageTypes)

/** The one of the texts that stands from `start` to `end`. */
function findText<T extends string>(value: Buffer, start: number, end: number, texts: ByLength<T>): T | undefined {
  const candidates = texts[end - start]
  if (candidates === undefined) return undefined
  for (const text of candidates) {
    let same = 0
    while (same < text.length && text.charCodeAt(same) === value[start + same]) same++
    if (same === text.length) return text
  }
  return undefined
}

function parseMessage(value: Buffer, withIds: boolean): Outgoing {
  let message: unknown
  try {
    message = parseJson(value.toString())
  } catch {
    // The parser's own message quotes the payload, which has no place in log lines.
    return { ok: false, why: 'the value is not JSON' }
  }
  if (!isJsonObject(message)) {
    return { ok: false, why: `the value is ${describeJson(message)}; expected the JSON object of a Pipelines message` }
  }
  const type = messageTypes.find((known) => known === message['type'])
  if (type === undefined) {
    const found = typeof message['type'] === 'string' ? 'an unknown text' : describeJson(message['type'])
    return { ok: false, why: `"type" is ${found}; allowed are ${messageTypes.join(', ')}` }
  }
  const printed = printMessage(Object.entries(message))
  if (printed === null) return { ok: false, why: 'the value is nested too deeply to be written again' }
  return {
    ok: true,
    type,
    ids: withIds ? idsOf(message) : [],
    ...printed,
    bytes: printed.text.length,
    cutStart: 0,
    cutEnd: 0,
  }
}

function idsOf(message: JsonObject): string[] {
  const given = (keys: readonly string[]): string[] =>
    keys.flatMap((key) => (message[key] === undefined ? [] : [stringifyJson(message[key])]))
  const ids = given(keysOfIds)
  return ids.length === 0 ? given(['groupId']) : ids
}

const member = ([key, value]: readonly [string, unknown]): string => `${stringifyJson(key)}:${stringifyJson(value)}`

function printMessage(
  entries: readonly (readonly [string, unknown])[],
): Pick<OutgoingMessage, 'text' | 'sentAtStart'> | null {
  const kept = entries.filter(([key]) => key !== 'receivedAt')
  const found = kept.findIndex(([key]) => key === 'sentAt')
  const at = found === -1 ? kept.length : found
  try {
    const head = `{${[...kept.slice(0, at).map(member), '"sentAt":"'].join(',')}`
    const tail = `${['"', ...kept.slice(at + 1).map(member)].join(',')}}`
    return { text: Buffer.from(head + noTime + tail), sentAtStart: Buffer.byteLength(head) }
  } catch {
    // JSON.stringify recurses; JSON.parse does not, so thousands of levels come this far.
    return null
  }
}
