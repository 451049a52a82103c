import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchBody, halve, placeCall, planBatch, type BatchLimits } from '../../src/sink/batch.ts'

const limits: BatchLimits = { maxBatchMessages: 4, maxBatchBytes: 100, maxCallBytes: 40, maxSingleBytes: 60 }
const envelope = '{"batch":[]}'.length
const sized = (...sizes: readonly number[]) => sizes.map((bytes) => ({ bytes }))

describe('placeCall', () => {
  test.each([
    [40, 'batch'],
    [41, 'alone'],
    [60, 'alone'],
    [61, 'too_large'],
  ] as const)('of %i bytes is %s', (bytes, placement) => {
    expect(placeCall(bytes, limits)).toBe(placement)
  })

  test('is alone for a call that no batch can hold', () => {
    expect(placeCall(30, { ...limits, maxBatchBytes: 30 })).toBe('alone')
  })
})

describe('planBatch', () => {
  test('of nothing takes nothing', () => {
    expect(planBatch([], limits)).toEqual({ take: 0, bodyBytes: 0, alone: false, closed: null })
  })

  test('stays open while there is room', () => {
    expect(planBatch(sized(10, 20), limits)).toEqual({
      take: 2,
      bodyBytes: envelope + 31,
      alone: false,
      closed: null,
    })
  })

  test('closes at the number of messages', () => {
    expect(planBatch(sized(1, 1, 1, 1, 1), limits)).toEqual({
      take: 4,
      bodyBytes: envelope + 7,
      alone: false,
      closed: 'messages',
    })
  })

  test('fills a batch to the last byte', () => {
    const closed = { alone: false, closed: 'bytes' }
    expect(planBatch(sized(30, 30, 26, 1), limits)).toEqual({ take: 3, bodyBytes: 100, ...closed })
    expect(planBatch(sized(30, 30, 27, 1), limits)).toEqual({ take: 2, bodyBytes: 73, ...closed })
  })

  test('closes before a call that goes alone, which then is a request of its own', () => {
    expect(planBatch(sized(10, 50, 10), limits)).toEqual({
      take: 1,
      bodyBytes: envelope + 10,
      alone: false,
      closed: 'alone',
    })
    expect(planBatch(sized(50, 10), limits)).toEqual({ take: 1, bodyBytes: 50, alone: true, closed: 'alone' })
  })

  test('takes everything in order and never passes a limit', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 45 }), { maxLength: 40 })
    fc.assert(
      fc.property(texts, (drawn) => {
        const calls = drawn
          .map((text) => JSON.stringify(text))
          .map((json) => ({ json, bytes: Buffer.byteLength(json) }))
          .filter(({ bytes }) => placeCall(bytes, limits) !== 'too_large')
        const sent: string[] = []
        for (let rest = calls; rest.length > 0;) {
          const plan = planBatch(rest, limits)
          const taken = rest.slice(0, plan.take).map(({ json }) => json)
          const body = plan.alone ? taken.join('') : batchBody(taken)
          expect(plan.take).toBeGreaterThan(0)
          expect(Buffer.byteLength(body)).toBe(plan.bodyBytes)
          expect(plan.bodyBytes).toBeLessThanOrEqual(plan.alone ? limits.maxSingleBytes : limits.maxBatchBytes)
          expect(plan.take).toBeLessThanOrEqual(limits.maxBatchMessages)
          sent.push(...taken)
          rest = rest.slice(plan.take)
        }
        expect(sent).toEqual(calls.map(({ json }) => json))
      }),
    )
  })
})

describe('halve', () => {
  test('gives two parts in order, neither of them empty', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 2 }), (calls) => {
        const [first, second] = halve(calls)
        expect([...first, ...second]).toEqual(calls)
        expect(Math.min(first.length, second.length)).toBeGreaterThan(0)
      }),
    )
  })
})
