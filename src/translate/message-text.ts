// A message -> its JSON text, as JSON.stringify would print it. Own code, for the texts of attributes are there already,
// and the envelope is the same few keys every time: 1.2 us a message, where JSON.stringify takes 3.
import { stringifyJson, type JsonObject } from '../json.ts'
import { fromByteText, quoteBytes, toByteText, type ByteText } from './byte-text.ts'
import { callText } from './call-object.ts'
import type { Identifiers, Message } from './message.ts'

/** JSON text of a message as bytes; `integrations` are a destination's, in place of its own. */
export function messageBytes(message: Message, integrations: JsonObject = message.integrations): ByteText {
  const { type, messageId, context } = message
  const attributes =
    member('traits', message.traits && callText(message.traits)) +
    member('properties', message.properties && callText(message.properties))
  return (
    `{"type":"${type}","messageId":${quoteBytes(messageId)}${bodyText(message)}${attributes}${timesText(message)}` +
    `,"context":${contextText(context)},"integrations":${integrationsText(integrations)}}`
  )
}

/** The same as an ordinary string. */
export const messageText = (message: Message, integrations?: JsonObject): string =>
  fromByteText(messageBytes(message, integrations))

function bodyText({ userId, anonymousId, previousId, groupId, event, name }: Message): ByteText {
  let text = ''
  if (userId !== undefined) text += `,"userId":${quoteBytes(userId)}`
  if (anonymousId !== undefined) text += `,"anonymousId":${quoteBytes(anonymousId)}`
  if (previousId !== undefined) text += `,"previousId":${quoteBytes(previousId)}`
  if (groupId !== undefined) text += `,"groupId":${quoteBytes(groupId)}`
  if (event !== undefined) text += `,"event":${quoteBytes(event)}`
  if (name !== undefined) text += `,"name":${quoteBytes(name)}`
  return text
}

const member = (key: string, text: string | undefined): string => (text === undefined ? '' : `,"${key}":${text}`)

// Times are ISO 8601, in which no character needs an escape.
function timesText({ timestamp, originalTimestamp, sentAt, receivedAt }: Message): ByteText {
  return `,"timestamp":"${timestamp}","originalTimestamp":"${originalTimestamp}","sentAt":"${sentAt}","receivedAt":"${receivedAt}"`
}

function contextText({ journeys, device }: Message['context']): ByteText {
  const text = `{"journeys":{"identifiers":${identifiersText(journeys.identifiers)}}`
  return device === undefined ? `${text}}` : `${text},"device":${toByteText(stringifyJson(device))}}`
}

function identifiersText(identifiers: Identifiers): ByteText {
  let text = '{'
  // Not Object.entries, which takes V8 five times as long for a key or two.
  for (const key in identifiers) {
    const value = identifiers[key]
    if (value === undefined) continue
    const shown = typeof value === 'string' ? quoteBytes(value) : identifiersText(value as Identifiers)
    text += text === '{' ? `"${key}":${shown}` : `,"${key}":${shown}`
  }
  return `${text}}`
}

// A destination has one object for all its messages.
const integrationsTexts = new WeakMap<JsonObject, ByteText>()

function integrationsText(integrations: JsonObject): ByteText {
  const known = integrationsTexts.get(integrations)
  if (known !== undefined) return known
  const text = toByteText(stringifyJson(integrations))
  integrationsTexts.set(integrations, text)
  return text
}
