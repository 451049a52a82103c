import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { outgoing } from '../../src/sink/outgoing.ts'

const sentAtMs = Date.UTC(2026, 10, 21, 10, 0, 0, 5)

function render(text: string): string {
  const message = outgoing(Buffer.from(text))
  return message.ok ? message.render(sentAtMs) : `not ok: ${message.why}`
}

test('receivedAt goes, sentAt becomes the time of the attempt, the rest stays to the last digit', () => {
  expect(
    render(
      '{"type":"track","messageId":"m1","userId":"42","event":"é","properties":{"n":12345678901234567890.10,"e":1e400},' +
        '"timestamp":"2026-01-01T00:00:00.000Z","sentAt":"2026-01-02T00:00:00.000Z","receivedAt":"2026-01-02T00:00:00.000Z",' +
        '"context":{"receivedAt":1,"sentAt":2},"__proto__":{"a":1}}',
    ),
  ).toBe(
    '{"type":"track","messageId":"m1","userId":"42","event":"é","properties":{"n":12345678901234567890.10,"e":1e400},' +
      '"timestamp":"2026-01-01T00:00:00.000Z","sentAt":"2026-11-21T10:00:00.005Z",' +
      '"context":{"receivedAt":1,"sentAt":2},"__proto__":{"a":1}}',
  )
})

test.each([
  ['{"type":"page"}', '{"type":"page","sentAt":"2026-11-21T10:00:00.005Z"}'],
  ['{"sentAt":null,"type":"page"}', '{"sentAt":"2026-11-21T10:00:00.005Z","type":"page"}'],
  ['{"type":"page","sentAt":1.0}', '{"type":"page","sentAt":"2026-11-21T10:00:00.005Z"}'],
])('%s is sent as %s', (text, sent) => {
  expect(render(text)).toBe(sent)
})

test('type, messageId and the size of every attempt are told', () => {
  const message = outgoing(Buffer.from('{"type":"alias","messageId":"m1","userId":"Zoë"}'))
  expect(message.ok && [message.type, message.messageId, message.bytes]).toEqual([
    'alias',
    'm1',
    Buffer.byteLength('{"type":"alias","messageId":"m1","userId":"Zoë","sentAt":"2026-11-21T10:00:00.005Z"}'),
  ])
})

test.each([
  [null, 'the record has no value; expected the JSON of a Pipelines message'],
  [Buffer.from([0x7b, 0xff]), 'the value is not valid UTF-8'],
  [Buffer.from('{"type":'), 'the value is not JSON'],
  [Buffer.alloc(0), 'the value is not JSON'],
  [Buffer.from('[1]'), 'the value is an array; expected the JSON object of a Pipelines message'],
  [Buffer.from('null'), 'the value is null; expected the JSON object of a Pipelines message'],
  [Buffer.from('1.0'), 'the value is a number; expected the JSON object of a Pipelines message'],
  [Buffer.from('{}'), '"type" is nothing; allowed are identify, track, page, screen, group, alias'],
  [
    Buffer.from('{"type":"secret"}'),
    '"type" is an unknown text; allowed are identify, track, page, screen, group, alias',
  ],
])('%o is unreadable and says why without quoting it', (value, why) => {
  expect(outgoing(value)).toEqual({ ok: false, why })
})

test('a value nested a hundred thousand levels deep is unreadable, not a crash', () => {
  const deep = `{"type":"track","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  expect(outgoing(Buffer.from(deep))).toEqual({ ok: false, why: 'the value is nested too deeply to be written again' })
})

test('the size told is the size sent, and everything else is byte for byte the same', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (members) => {
      const { sentAt: _sentAt, receivedAt: _receivedAt, type: _type, ...rest } = members
      const before = JSON.stringify({ ...rest, type: 'group', receivedAt: 'r', sentAt: 's' })
      const message = outgoing(Buffer.from(before))
      const sent = message.ok ? message.render(sentAtMs) : message.why
      expect(sent).toBe(JSON.stringify({ ...rest, type: 'group', sentAt: '2026-11-21T10:00:00.005Z' }))
      expect(message.ok && message.bytes).toBe(Buffer.byteLength(sent))
    }),
  )
})
