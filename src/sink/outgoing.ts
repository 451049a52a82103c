// PURE: a record of a destination topic -> the message as it is sent. receivedAt is the server's to set and goes; sentAt
// becomes the time of the attempt, or the API's clock-skew correction would shift a backfill by months; all the rest
// stays byte for byte. Ruled by sink.md, "Facts of the API", and mapping.md, "When".
import { describeJson, isJsonObject, parseJson, stringifyJson } from '../json.ts'
import { messageTypes, type MessageType } from '../translate/message.ts'

/** A message ready to be sent any number of times. */
export interface OutgoingMessage {
  readonly ok: true
  readonly type: MessageType
  /** For log lines; null where the message has none. */
  readonly messageId: string | null
  /** Size of what `render` gives, in bytes of UTF-8: the same for every attempt. */
  readonly bytes: number
  /** JSON text with the time of the attempt, milliseconds since 1970, as sentAt. */
  render(sentAtMs: number): string
}

export type Outgoing = OutgoingMessage | { readonly ok: false; readonly why: string }

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })
const isoTimeBytes = '2026-11-21T10:00:00.000Z'.length

/** Reads the value of a record. Never throws: what is no message says why, without quoting it. */
export function outgoing(value: Buffer | null): Outgoing {
  if (value === null) return { ok: false, why: 'the record has no value; expected the JSON of a Pipelines message' }
  const parsed = parse(value)
  if ('why' in parsed) return { ok: false, why: parsed.why }
  const message = parsed.value
  if (!isJsonObject(message)) {
    return { ok: false, why: `the value is ${describeJson(message)}; expected the JSON object of a Pipelines message` }
  }
  const type = messageTypes.find((known) => known === message['type'])
  if (type === undefined) {
    const found = typeof message['type'] === 'string' ? 'an unknown text' : describeJson(message['type'])
    return { ok: false, why: `"type" is ${found}; allowed are ${messageTypes.join(', ')}` }
  }
  const parts = aroundSentAt(Object.entries(message))
  if (parts === null) return { ok: false, why: 'the value is nested too deeply to be written again' }
  const { head, tail } = parts
  return {
    ok: true,
    type,
    messageId: typeof message['messageId'] === 'string' ? message['messageId'] : null,
    bytes: Buffer.byteLength(head) + isoTimeBytes + Buffer.byteLength(tail),
    render: (sentAtMs) => head + new Date(sentAtMs).toISOString() + tail,
  }
}

function parse(value: Buffer): { value: unknown } | { why: string } {
  let text: string
  try {
    text = strictUtf8.decode(value)
  } catch {
    return { why: 'the value is not valid UTF-8' }
  }
  try {
    return { value: parseJson(text) }
  } catch {
    // The parser's own message quotes the payload, which has no place in log lines.
    return { why: 'the value is not JSON' }
  }
}

const member = ([key, value]: readonly [string, unknown]): string => `${stringifyJson(key)}:${stringifyJson(value)}`

function aroundSentAt(entries: readonly (readonly [string, unknown])[]): { head: string; tail: string } | null {
  const kept = entries.filter(([key]) => key !== 'receivedAt')
  const found = kept.findIndex(([key]) => key === 'sentAt')
  const at = found === -1 ? kept.length : found
  try {
    const head = [...kept.slice(0, at).map(member), '"sentAt":"'].join(',')
    return { head: `{${head}`, tail: `${['"', ...kept.slice(at + 1).map(member)].join(',')}}` }
  } catch {
    // JSON.stringify recurses; JSON.parse does not, so thousands of levels come this far.
    return null
  }
}
