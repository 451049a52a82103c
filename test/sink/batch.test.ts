import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { placeCall, planBatch, type BatchLimits, type BatchRules } from '../../src/sink/batch.ts'
import { outgoing, type OutgoingMessage } from '../../src/sink/outgoing.ts'
import { requestBody, requestFormats, sinkFormats } from '../../src/sink/request-format.ts'

const limits: BatchLimits = { maxBatchMessages: 4, maxBatchBytes: 100, maxCallBytes: 40, maxSingleBytes: 60 }
const rules: BatchRules = { limits, format: requestFormats.pipelines }
const envelope = '{"batch":[]}'.length
const rulesOf = (name: 'ndjson' | 'json-array') => ({ limits, format: requestFormats[name] })
const sized = (...sizes: readonly number[]) => sizes.map((bytes) => ({ bytes }))
const planned = (sizes: readonly number[], given: BatchRules = rules) => {
  const { calls, ...plan } = planBatch(sized(...sizes), given)
  return { take: calls.length, ...plan }
}

describe('placeCall', () => {
  test.each([
    [40, 'batch'],
    [41, 'alone'],
    [60, 'alone'],
    [61, 'too_large'],
  ] as const)('of %i bytes is %s', (bytes, placement) => {
    expect(placeCall(bytes, rules)).toBe(placement)
  })

  test('is alone for a call that no batch can hold', () => {
    expect(placeCall(30, { ...rules, limits: { ...limits, maxBatchBytes: 30 } })).toBe('alone')
  })
})

describe('planBatch', () => {
  test('of nothing takes nothing', () => {
    expect(planned([])).toEqual({ take: 0, bodyBytes: 0, alone: false, closed: null })
  })

  test('stays open while there is room', () => {
    expect(planned([10, 20])).toEqual({
      take: 2,
      bodyBytes: envelope + 31,
      alone: false,
      closed: null,
    })
  })

  test('closes at the number of messages', () => {
    expect(planned([1, 1, 1, 1, 1])).toEqual({
      take: 4,
      bodyBytes: envelope + 7,
      alone: false,
      closed: 'messages',
    })
  })

  test('fills a batch to the last byte', () => {
    const closed = { alone: false, closed: 'bytes' }
    expect(planned([30, 30, 26, 1])).toEqual({ take: 3, bodyBytes: 100, ...closed })
    expect(planned([30, 30, 27, 1])).toEqual({ take: 2, bodyBytes: 73, ...closed })
  })

  test('closes before a call that goes alone, which then is a request of its own', () => {
    expect(planned([10, 50, 10])).toEqual({
      take: 1,
      bodyBytes: envelope + 10,
      alone: false,
      closed: 'alone',
    })
    expect(planned([50, 10])).toEqual({ take: 1, bodyBytes: 50, alone: true, closed: 'alone' })
  })

  test('of other formats counts their own envelopes, with a call that goes alone too', () => {
    expect(planned([20, 20], rulesOf('json-array'))).toEqual({ take: 2, bodyBytes: 43, alone: false, closed: null })
    expect(planned([20, 20], rulesOf('ndjson'))).toEqual({ take: 2, bodyBytes: 42, alone: false, closed: null })
    expect(planned([58], rulesOf('json-array'))).toEqual({ take: 1, bodyBytes: 60, alone: true, closed: 'alone' })
    expect([placeCall(58, rulesOf('json-array')), placeCall(59, rulesOf('json-array'))]).toEqual(['alone', 'too_large'])
  })

  test('asks for no more candidates than it needs to know', () => {
    let asked = 0
    const candidates = {
      *[Symbol.iterator]() {
        for (;;) {
          asked++
          yield { bytes: 1 }
        }
      },
    }
    expect([planBatch(candidates, rules).calls.length, asked]).toEqual([4, 4])
  })
})

const toCall = (text: string) => {
  const message = outgoing(Buffer.from(JSON.stringify({ type: 'track', text }))) as OutgoingMessage
  return { text, message, bytes: message.bytes }
}

test.each(sinkFormats)(
  '%s: everything goes out in order, in bodies of the size planned, and never passes a limit',
  (name) => {
    const format = requestFormats[name]
    const own = { maxBatchMessages: 4, maxBatchBytes: 400, maxCallBytes: 150, maxSingleBytes: 200 }
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { maxLength: 30 })
    const sentAtMs = Date.UTC(2026, 0, 1)
    fc.assert(
      fc.property(texts, (drawn) => {
        const calls = drawn.map(toCall).filter(({ bytes }) => placeCall(bytes, { limits: own, format }) !== 'too_large')
        const sent: string[] = []
        for (let rest = calls; rest.length > 0;) {
          const plan = planBatch(rest, { limits: own, format })
          const messages = plan.calls.map(({ message }) => message)
          const body = requestBody(format, messages, { alone: plan.alone, sentAtMs })
          expect(plan.calls.length).toBeGreaterThan(0)
          expect(body.length).toBe(plan.bodyBytes)
          expect(body.length).toBeLessThanOrEqual(plan.alone ? own.maxSingleBytes : own.maxBatchBytes)
          expect(plan.calls.length).toBeLessThanOrEqual(own.maxBatchMessages)
          sent.push(...textsOf(body.toString(), name, plan.alone))
          rest = rest.slice(plan.calls.length)
        }
        expect(sent).toEqual(calls.map(({ text }) => text))
      }),
    )
  },
)

function textsOf(body: string, name: (typeof sinkFormats)[number], alone: boolean): string[] {
  type Sent = { text: string; sentAt: string }
  const read = (): Sent[] => {
    if (name === 'ndjson')
      return body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Sent)
    const value = JSON.parse(body) as Sent | Sent[] | { batch: Sent[] }
    if (Array.isArray(value)) return value
    return 'batch' in value ? value.batch : [value]
  }
  expect(alone && name === 'pipelines').toBe(body.startsWith('{"type"') && name === 'pipelines')
  const all = read()
  expect(all.map(({ sentAt }) => sentAt)).toEqual(all.map(() => '2026-01-01T00:00:00.000Z'))
  return all.map(({ text }) => text)
}

test.each([
  ['pipelines', undefined, '/batch'],
  ['pipelines', 'group', '/group'],
  ['ndjson', undefined, ''],
  ['json-array', 'track', ''],
] as const)('%s: %s alone goes to %o', (name, alone, path) => {
  expect(requestFormats[name].path(alone)).toBe(path)
})
