import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson, stringifyJson } from '../../src/json.ts'
import { decodeCallText } from '../../src/translate/call-text.ts'
import { findPlaces } from '../../src/translate/message-places.ts'
import { messageBytes } from '../../src/translate/message-text.ts'
import type { Message } from '../../src/translate/message.ts'
import { translate } from '../../src/translate/translate.ts'
import { fixtureRows, origin } from './fixture-rows.ts'

const messages: readonly Message[] = fixtureRows.flatMap(({ callText }) => {
  const decoded = decodeCallText(callText)
  const operations = decoded.ok ? translate(decoded.value, origin).operations : []
  return operations.flatMap((operation) => (operation.outcome === 'translated' ? operation.messages : []))
})

const newTime = '2030-12-31T23:59:59.999Z'

/** Its type, and the text with a new sentAt and without receivedAt; undefined where the places are not told. */
function cutAndSet(text: Buffer): readonly [type: string, text: string] | undefined {
  const places = findPlaces(text)
  if (places === undefined) return undefined
  const { type, sentAtStart, receivedAtStart, receivedAtEnd } = places
  const kept = [
    text.subarray(0, sentAtStart),
    Buffer.from(newTime),
    text.subarray(sentAtStart + newTime.length, receivedAtStart),
    text.subarray(receivedAtEnd),
  ]
  return [type, Buffer.concat(kept).toString()]
}

function expected(text: Buffer): readonly [string, string] {
  const { receivedAt: _, ...rest } = parseJson(text.toString()) as Message
  return [rest.type, stringifyJson({ ...rest, sentAt: newTime })]
}

test('the places of every message that comes of a fixture are told, and are the right ones', () => {
  expect(messages.length).toBeGreaterThan(50)
  expect(new Set(messages.map(({ type }) => type)).size).toBe(6)
  for (const message of messages) {
    const text = messageBytes(message)
    expect(cutAndSet(text)).toEqual(expected(text))
  }
})

const lookalike = fc.constantFrom(
  'Z","receivedAt":"',
  '"sentAt":"2024-03-01T00:00:00.121Z","receivedAt":"2024-03-01T00:00:00.121Z","context":{"journeys":{"identifiers":',
  '{"type":"track","messageId":"',
)
const time = fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
const envelope = fc.record({ sentAt: time, receivedAt: time, context: fc.constant({ journeys: { identifiers: {} } }) })
const value = fc.oneof(fc.jsonValue({ stringUnit: 'binary' }), lookalike, time, envelope)
const attributes = fc.dictionary(fc.oneof(fc.string(), lookalike), value)

test('whatever the attributes are, the places are the right ones, or are not told', () => {
  let told = 0
  fc.assert(
    fc.property(fc.constantFrom(...messages), attributes, fc.oneof(fc.string(), lookalike), (message, given, name) => {
      const text = messageBytes({ ...message, properties: given, traits: given, name, userId: name })
      const found = cutAndSet(text)
      if (found === undefined) return
      told++
      expect(found).toEqual(expected(text))
    }),
    { numRuns: 2_000 },
  )
  expect(told).toBeGreaterThan(500)
})

const times = '"timestamp":"T","originalTimestamp":"T","sentAt":"T","receivedAt":"T"'.replaceAll('T', newTime)
const longTime = times.replace('sentAt":"', 'sentAt":"+01')
const tail = '"context":{"journeys":{"identifiers":{}}},"integrations":{}}'

test.each([
  ['another order of members', `{"messageId":"m","type":"track",${times},${tail}`],
  ['an unknown type', `{"type":"trick","messageId":"m",${times},${tail}`],
  ['blanks', `{"type": "track", "messageId": "m",${times},${tail}`],
  ['no sentAt before receivedAt', `{"type":"track","messageId":"m",${times.replace('sentAt', 'sendAt')},${tail}`],
  ['a time of another length', `{"type":"track","messageId":"m",${longTime},${tail}`],
  ['no context', `{"type":"track","messageId":"m",${times}}`],
  ['members twice', `{"type":"track","messageId":"m","traits":{${times},${tail},${times},${tail}`],
  ['a text that ends early', `{"type":"track","messageId":"m",${times.slice(0, -5)}`],
  ['nothing', ''],
])('the places of a text with %s are not told', (_, text) => {
  expect(findPlaces(Buffer.from(text))).toBeUndefined()
})

test('and they are of the same text as it is written', () => {
  expect(findPlaces(Buffer.from(`{"type":"track","messageId":"m",${times},${tail}`))).toEqual({
    type: 'track',
    sentAtStart: 151,
    receivedAtStart: 176,
    receivedAtEnd: 216,
  })
})
