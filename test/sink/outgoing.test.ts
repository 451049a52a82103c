import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { outgoing, putMessage, type OutgoingMessage } from '../../src/sink/outgoing.ts'
import { messageBytes } from '../../src/translate/message-text.ts'
import type { Message } from '../../src/translate/message.ts'

const written = '2026-01-02T03:04:05.678Z'
const trackMessage: Message = {
  type: 'track',
  messageId: 'm1',
  userId: '42',
  event: 'é',
  properties: { sentAt: written },
  timestamp: written,
  originalTimestamp: written,
  sentAt: written,
  receivedAt: written,
  context: { journeys: { identifiers: { id: '42' } } },
  integrations: { All: true },
}
const sentAtMs = Date.UTC(2026, 10, 21, 10, 0, 0, 5)

function render(text: string): string {
  const message = outgoing(Buffer.from(text))
  if (!message.ok) return `not ok: ${message.why}`
  // A second attempt and a place other than the first, as in a batch.
  const body = Buffer.alloc(message.bytes + 3, '-')
  putMessage(message, '2000-01-01T00:00:00.000Z', body, 1)
  expect(putMessage(message, new Date(sentAtMs).toISOString(), body, 1)).toBe(1 + message.bytes)
  expect([body.toString('latin1', 0, 1), body.toString('latin1', 1 + message.bytes)]).toEqual(['-', '--'])
  return body.toString('utf8', 1, 1 + message.bytes)
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
  ['{ "type": "page", "sentAt": null }', '{"type":"page","sentAt":"2026-11-21T10:00:00.005Z"}'],
  [
    '{"receivedAt":{"a":[1]},"type":"page","sentAt":"2000-01-01T00:00:00.000Z","userId":"1"}',
    '{"type":"page","sentAt":"2026-11-21T10:00:00.005Z","userId":"1"}',
  ],
  [
    '{"type":"page","sentAt":"2000-01-01T00:00:00.000Z","receivedAt":"x"}',
    '{"type":"page","sentAt":"2026-11-21T10:00:00.005Z"}',
  ],
  [
    '{"type":"page","receivedAt":"x","sentAt":"2000-01-01T00:00:00.000Z"}',
    '{"type":"page","sentAt":"2026-11-21T10:00:00.005Z"}',
  ],
  [
    '{"type":"screen","type":"page","sentAt":"2000-01-01T00:00:00.000Z"}',
    '{"type":"page","sentAt":"2026-11-21T10:00:00.005Z"}',
  ],
])('%s is sent as %s', (text, sent) => {
  expect(render(text)).toBe(sent)
})

test.each([
  ['{"type":"alias","userId":"Zoë","previousId":"anon-1"}', ['"Zo\xc3\xab"', '"anon-1"']],
  ['{"type":"group","groupId":"acme","userId":"42","anonymousId":"a"}', ['"42"', '"a"']],
  ['{"type":"group","groupId":"acme"}', ['"acme"']],
  ['{"type":"track"}', []],
])('%s is about the ids %j, read by scanning', (text, ids) => {
  const withTime = text.replace('{', '{"sentAt":"2000-01-01T00:00:00.000Z",')
  const message = outgoing(Buffer.from(withTime), { withIds: true })
  expect(message.ok && [message.type, message.ids]).toEqual([(JSON.parse(text) as { type: string }).type, ids])
})

test('a message that `process` has written goes out the same, found by its shape or read', () => {
  const text = messageBytes(trackMessage)
  const { ids: _, ...found } = outgoing(text) as OutgoingMessage
  const { ids, ...read } = outgoing(text, { withIds: true }) as OutgoingMessage
  expect([found, ids]).toEqual([read, ['"42"']])
})

test('and by parsing', () => {
  const message = outgoing(Buffer.from('{ "type": "alias", "userId": 7, "previousId": "anon-1" }'), { withIds: true })
  expect(message.ok && message.ids).toEqual(['7', '"anon-1"'])
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

test('everything else is byte for byte the same, wherever sentAt and receivedAt stand', () => {
  const time = '2000-01-01T00:00:00.000Z'
  const placed = fc.tuple(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(8), fc.nat(8))
  fc.assert(
    fc.property(placed, fc.option(fc.constantFrom(time, 's', 3), { nil: undefined }), ([members, one, two], sentAt) => {
      const { sentAt: _sentAt, receivedAt: _receivedAt, type: _type, ...rest } = members
      const entries: [string, unknown][] = [...Object.entries(rest), ['type', 'group']]
      if (sentAt !== undefined) entries.splice(one, 0, ['sentAt', sentAt])
      const before = JSON.stringify(Object.fromEntries(entries.toSpliced(two, 0, ['receivedAt', { a: 'r' }])))
      const wanted = entries.map(
        ([key, value]) => [key, key === 'sentAt' ? '2026-11-21T10:00:00.005Z' : value] as const,
      )
      if (sentAt === undefined) wanted.push(['sentAt', '2026-11-21T10:00:00.005Z'])
      expect(render(before)).toBe(JSON.stringify(Object.fromEntries(wanted)))
    }),
  )
})
