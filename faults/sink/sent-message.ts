// The body of a request -> its messages as texts, and what of a message must be the same in every attempt. By characters, not
// by the product's own JSON code, so that a digit, a space or an order that has changed is seen. Pure.
import { hash } from 'node:crypto'

/** Texts of the messages in `{"batch":[...]}`, or the body itself, where it is a single message. */
export function messageTexts(body: string, isBatch: boolean): readonly string[] {
  return isBatch ? elements(body, body.indexOf('[')) : [body]
}

/** Texts of the objects of the array that begins at `start`. */
function elements(text: string, start: number): readonly string[] {
  const found: string[] = []
  let depth = 0
  let begin = 0
  // Only what is structure: braces within strings are no structure.
  for (const { 0: token, index } of text.slice(start).matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token === '{' || token === '[') {
      depth++
      if (depth === 2) begin = start + index
    } else if (token === '}' || token === ']') {
      if (depth === 2) found.push(text.slice(begin, start + index + 1))
      depth--
    }
  }
  return found
}

const isoTime = String.raw`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`
const sentAt = new RegExp(`"sentAt":${isoTime}`)
const receivedAt = new RegExp(`,"receivedAt":${isoTime}`)

/** Digest of all but sentAt; of a message that came without sentAt it is like no other. */
export function digestOf(sent: string): string {
  return hash('sha1', sentAt.test(sent) ? sent.replace(sentAt, '"sentAt":*') : `no sentAt: ${sent}`, 'base64')
}

/** Digest of what is to be sent for the value of a record: receivedAt is the server's, and goes. */
export const digestToSend = (value: string): string => digestOf(value.replace(receivedAt, ''))

/** Who must get a message in order: user, else anonymous id, else group; of an alias both ids. */
export function personsOf(message: Readonly<Record<string, unknown>>): readonly string[] {
  const own = message['userId'] ?? message['anonymousId'] ?? message['groupId']
  const persons = message['type'] === 'alias' ? [own, message['previousId']] : [own]
  return persons.filter((person) => typeof person === 'string')
}
