import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeJsonText, parseJson, stringifyJson } from '../../src/json.ts'
import { closeText, openText, writeQuoted } from '../../src/translate/byte-writer.ts'
import { scanCall } from '../../src/translate/call-scanner.ts'
import { decodeCallText } from '../../src/translate/call-text.ts'
import { messageText } from '../../src/translate/message-text.ts'
import { outcomeLine } from '../../src/translate/outcome-line.ts'
import { translate } from '../../src/translate/translate.ts'
import { fixtureRows, origin } from '../translate/fixture-rows.ts'

const mutation = fc.record({
  at: fc.nat(),
  length: fc.nat(3),
  text: fc.constantFrom('', ' ', '"', ',', '0', '\\', '}', 'é'),
})
const callTexts = fc.constantFrom(...fixtureRows.map(({ callText }) => callText))

/** A fixture's text, and the same with a few characters changed anywhere. */
const mutatedTexts = fc
  .tuple(callTexts, fc.array(mutation, { maxLength: 3 }))
  .map(([callText, mutations]) => mutations.reduce(mutate, callText))

function mutate(text: string, { at, length, text: inserted }: { at: number; length: number; text: string }): string {
  const start = at % (text.length + 1)
  return text.slice(0, start) + inserted + text.slice(start + length)
}

function expectSameText(text: string): void {
  if (text.isWellFormed() && scanCall(Buffer.from(text)) !== undefined)
    expect(stringifyJson(parseJson(text))).toBe(text)
}

test('a text that the scanner takes is one that JSON.stringify prints again to the character', () => {
  fc.assert(fc.property(mutatedTexts, expectSameText), { numRuns: 3000 })
  fc.assert(fc.property(fc.json({ stringUnit: 'binary' }), expectSameText), { numRuns: 1000 })
})

function lineOf(decoded: ReturnType<typeof decodeJsonText>): string {
  return decoded.ok ? outcomeLine(translate(decoded.value, origin)) : decoded.reason
}

test('a call that is read verbatim becomes the same bytes as one that JSON.parse reads', () => {
  for (const { callText, name } of fixtureRows)
    expect(lineOf(decodeCallText(callText)), name).toBe(lineOf(decodeJsonText(callText)))
  fc.assert(
    fc.property(mutatedTexts, (text) => {
      expect(lineOf(decodeCallText(text))).toBe(lineOf(decodeJsonText(text)))
    }),
    { numRuns: 3000 },
  )
})

test("a message's text is what JSON.stringify prints of it", () => {
  let messages = 0
  for (const { callText, name } of fixtureRows) {
    const decoded = decodeCallText(callText)
    const operations = decoded.ok ? translate(decoded.value, origin).operations : []
    for (const operation of operations) {
      for (const message of operation.outcome === 'translated' ? operation.messages : []) {
        expect(messageText(message), name).toBe(JSON.stringify(message))
        messages++
      }
    }
  }
  expect(messages).toBeGreaterThan(400)
})

test('a quoted text is what JSON.stringify prints of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      openText()
      writeQuoted(text)
      expect(closeText().toString()).toBe(JSON.stringify(text))
    }),
  )
})
