import { expect, test } from 'vitest'
import {
  printLine,
  printTooLongLine,
  translateLine,
  type PrintedLine,
} from '../../../src/cli/translate/translate-line.ts'
import { defaultMappingSettings } from '../../../src/translate/mapping-table.ts'

const settings = { topic: 'calls.ndjson', timestampMs: 0, mapping: defaultMappingSettings }
const asText = (line: PrintedLine) => ({ ...line, text: line.text.toString() })
const printed = (value: unknown) => {
  const byteLength = JSON.stringify(value).length
  return asText(printLine(translateLine({ number: 3, byteLength, decoded: { ok: true, value } }, settings)))
}
const person = { type: 'person', action: 'delete', identifiers: { id: '1' } }

test('a line that was too long to keep is told by its length', () => {
  expect(asText(printTooLongLine(7, 70_000_001))).toEqual({
    text: '{"line":7,"outcome":"invalid","field":"record","reason":"must be of at most 64000000 bytes, found 70000001"}',
    outcome: 'invalid',
    messages: 0,
    isInPart: false,
  })
})

test.each([
  ['a call that is translated', person, ['translated', 1, false]],
  ['a batch that is translated', { batch: [person, person] }, ['translated', 2, false]],
  ['a batch that is translated in part', { batch: [{}, person] }, ['translated', 1, true]],
  [
    'an operation of which a part is unsupported',
    {
      type: 'object',
      action: 'identify',
      identifiers: { object_id: 'a' },
      cio_relationships: [{ identifiers: { id: '1' } }, { identifiers: { phone: '2' } }],
    },
    ['translated', 1, true],
  ],
  ['an unsupported call', { method: 'GET', path: '/auth' }, ['unsupported', 0, false]],
  ['an invalid call', {}, ['invalid', 0, false]],
])('%s is counted', (_, value, counts) => {
  const { outcome, messages, isInPart } = printed(value)
  expect([outcome, messages, isInPart]).toEqual(counts)
})

test('a call whose messages are more text than one line can hold is reported, not written and not fatal', () => {
  const call = {
    type: 'object',
    action: 'identify',
    identifiers: { object_id: 'a' },
    attributes: { text: 'x'.repeat(1_000_000) },
    cio_relationships: Array.from({ length: 50_000 }, (_, id) => ({ identifiers: { id } })),
  }
  expect(printed(call)).toEqual({
    text: '{"line":3,"outcome":"invalid","field":"record","reason":"becomes more text than one line can hold, which is 500000000 bytes"}',
    outcome: 'invalid',
    messages: 0,
    isInPart: false,
  })
})
