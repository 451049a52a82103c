import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bytesOf,
  cutText,
  deadLetterRecord,
  maxAnswerBytes,
  maxMessageBytes,
  type DeadLetter,
  type DeadLetterInput,
} from '../../src/records/dead-letter.ts'

const input: DeadLetterInput = {
  source: {
    topic: 'cio.pipelines.main',
    partition: 3,
    offset: 7,
    timestamp: Date.UTC(2026, 10, 21, 10),
    key: Buffer.from('42'),
    value: Buffer.from('{"type":"track"}'),
    headers: [['tb-mid', Buffer.from('01H')]],
  },
  reason: 'rejected',
  message: 'the API refuses this track message with status 400',
  stage: 'sink',
  destination: 'main',
  attempt: 2,
  answer: { status: 400, body: '{"meta":{"errors":["event is required"]}}' },
  at: Date.UTC(2026, 10, 21, 10, 0, 1),
}

const letterOf = (changes: Partial<DeadLetterInput>): DeadLetter =>
  JSON.parse(deadLetterRecord({ ...input, ...changes }).value) as DeadLetter

const withSource = (changes: Partial<DeadLetterInput['source']>): DeadLetter =>
  letterOf({ source: { ...input.source, ...changes } })

describe('dead letter', () => {
  test('tells what failed, where it stood, why, and what the API said', () => {
    expect(deadLetterRecord(input)).toEqual({
      key: Buffer.from('42'),
      headers: { 'tb-src': 'cio.pipelines.main:3:7' },
      value: JSON.stringify({
        reason: 'rejected',
        message: 'the API refuses this track message with status 400',
        stage: 'sink',
        source: { topic: 'cio.pipelines.main', partition: 3, offset: 7, timestamp: '2026-11-21T10:00:00.000Z' },
        destination: 'main',
        attempt: 2,
        answer: { status: 400, body: '{"meta":{"errors":["event is required"]}}' },
        key: '42',
        keyEncoding: 'utf8',
        value: '{"type":"track"}',
        valueEncoding: 'utf8',
        headers: [['tb-mid', '01H', 'utf8']],
        failedAt: '2026-11-21T10:00:01.000Z',
      }),
    })
  })

  test('names the field at fault where there is one and leaves out the answer where there is none', () => {
    const { answer: _, ...withoutAnswer } = input
    expect(JSON.parse(deadLetterRecord({ ...withoutAnswer, stage: 'process', field: 'body.id' }).value)).toEqual({
      ...letterOf({ stage: 'process', field: 'body.id' }),
      answer: undefined,
      field: 'body.id',
    })
    expect(deadLetterRecord(withoutAnswer).value).not.toContain('"answer"')
  })

  test('gives back every byte of key, value and headers', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      fc.constantFrom(Buffer.from([0xef, 0xbb, 0xbf, 0x61]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.alloc(0)),
    )
    const nullable = fc.option(bytes)
    fc.assert(
      fc.property(nullable, nullable, fc.array(fc.tuple(fc.string(), nullable)), (key, value, headers) => {
        const letter = withSource({ key, value, headers })
        expect({
          key: bytesOf(letter.key, letter.keyEncoding),
          value: bytesOf(letter.value, letter.valueEncoding),
          headers: letter.headers.map(([name, text, encoding]) => [name, bytesOf(text, encoding)]),
        }).toEqual({ key, value, headers })
      }),
    )
  })

  test('is base64 only where the bytes are no text', () => {
    const letter = withSource({ key: Buffer.from('Zoë\u0000'), value: Buffer.from([0xff, 0xfe]) })
    expect([letter.key, letter.keyEncoding, letter.value, letter.valueEncoding]).toEqual([
      'Zoë\u0000',
      'utf8',
      '//4=',
      'base64',
    ])
  })

  test('passes the replay and the trace on as headers, and nothing else', () => {
    const headers = [
      ['tb-replay', Buffer.from('run-1')],
      ['traceparent', Buffer.from('00-a-b-01')],
      ['other', Buffer.from('x')],
    ] as const
    expect(deadLetterRecord({ ...input, source: { ...input.source, headers } }).headers).toEqual({
      'tb-src': 'cio.pipelines.main:3:7',
      'tb-replay': Buffer.from('run-1'),
      traceparent: Buffer.from('00-a-b-01'),
    })
  })

  test('cuts the message at 2 KB and the answer at 4 KB', () => {
    const letter = letterOf({ message: 'é'.repeat(5_000), answer: { status: 400, body: 'é'.repeat(5_000) } })
    expect(letter.message).toBe('é'.repeat(maxMessageBytes / 2))
    expect(letter.answer).toEqual({ status: 400, body: 'é'.repeat(maxAnswerBytes / 2) })
  })

  test('survives a record timestamp that is no date', () => {
    expect(withSource({ timestamp: 2 ** 63 }).source.timestamp).toBe(null)
  })
})

describe('cutText', () => {
  test('gives the longest beginning that fits and never splits a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.nat(40), (text, maxBytes) => {
        const cut = cutText(text, maxBytes)
        expect(text.startsWith(cut)).toBe(true)
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes)
        const [next = ''] = text.slice(cut.length)
        expect(cut === text || Buffer.byteLength(cut + next) > maxBytes).toBe(true)
      }),
    )
  })
})
