import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLedger, type Expected, type Found } from '../../src/replay/diff-ledger.ts'
import { usedBytes } from '../support/heap.ts'

const message = (offset: number, messageId: string, value = '{"a":1,"b":2}', changes: Partial<Expected> = {}) => ({
  offset,
  messageId,
  type: 'track',
  value: Buffer.from(value),
  isAsked: true,
  ...changes,
})
const whole = (found: Found) => (found.state === 'expected' ? found.value?.toString() : found.state)
const isSame = (found: Found, value: string) => found.state === 'expected' && found.isSame(Buffer.from(value))

describe('a ledger', () => {
  test('gives a message whole once, and then says that it is settled', () => {
    const ledger = createLedger({ maxHeldBytes: 1_000 })
    ledger.add(message(5, 'a'))
    expect([whole(ledger.take(5, 'a')), whole(ledger.take(5, 'a'))]).toEqual(['{"a":1,"b":2}', 'settled'])
  })

  test('knows nothing of another offset or another id', () => {
    const ledger = createLedger({ maxHeldBytes: 1_000 })
    ledger.add(message(5, 'a'))
    expect([ledger.take(4, 'a'), ledger.take(6, 'a'), ledger.take(5, 'b')]).toEqual(
      [1, 2, 3].map(() => ({ state: 'unknown' })),
    )
  })

  test('gives one id of a raw record as often as it was added', () => {
    const ledger = createLedger({ maxHeldBytes: 1_000 })
    ledger.add(message(5, 'a', '1'))
    ledger.add(message(5, 'a', '2'))
    expect([1, 2, 3].map(() => whole(ledger.take(5, 'a')))).toEqual(['1', '2', 'settled'])
  })

  test('keeps of the oldest messages a hash, by which their meaning is compared', () => {
    const ledger = createLedger({ maxHeldBytes: 20 })
    for (const offset of [1, 2, 3]) ledger.add(message(offset, 'a'))
    const [first, second, third] = [1, 2, 3].map((offset) => ledger.take(offset, 'a'))
    expect([first, second, third].map((found) => found && whole(found))).toEqual([
      undefined,
      undefined,
      '{"a":1,"b":2}',
    ])
    expect([isSame(first!, '{ "b": 2, "a": 1 }'), isSame(second!, '{"a":1,"b":3}')]).toEqual([true, false])
  })

  test('lists what was not found, in order, but for what is not asked for', () => {
    const ledger = createLedger({ maxHeldBytes: 1_000 })
    ledger.add(message(1, 'a'))
    ledger.add(message(1, 'b', '{}', { type: 'identify' }))
    ledger.add(message(2, 'c', '{}', { isAsked: false }))
    ledger.add(message(3, 'd'))
    ledger.take(1, 'a')
    expect(ledger.take(2, 'c')).toEqual({ state: 'unasked' })
    const missing = [...ledger.missing()].map(({ offset, type, isOf }) => [offset, type, isOf('b'), isOf('d')])
    expect(missing).toEqual([
      [1, 'identify', true, false],
      [3, 'track', false, true],
    ])
  })

  test('finds every message of many, whatever the gaps between offsets and however little is kept whole', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(gaps, fc.integer({ min: 0, max: 400 }), (steps, maxHeldBytes) => {
        const ledger = createLedger({ maxHeldBytes })
        let offset = 0
        const added = steps.map((step, index) => message((offset += step), `m${index}`, `{"n":${index}}`))
        for (const one of added) ledger.add(one)
        for (const one of added.toReversed())
          expect(isSame(ledger.take(one.offset, one.messageId), String(one.value))).toBe(true)
        expect([...ledger.missing()]).toEqual([])
      }),
    )
  })

  test('holds more messages than one piece of memory takes', () => {
    const ledger = createLedger({ maxHeldBytes: 0 })
    for (let offset = 0; offset < 40_000; offset++) ledger.add(message(offset, `m${offset}`, '1'))
    expect(ledger.size()).toBe(40_000)
    const found = [0, 16_383, 16_384, 39_999].map((offset) => isSame(ledger.take(offset, `m${offset}`), '1'))
    expect(found).toEqual([true, true, true, true])
    expect([...ledger.missing()].length).toBe(39_996)
  })

  test('keeps of a message its own bytes, and not the large buffer that they are a part of', async () => {
    const before = usedBytes()
    const ledger = createLedger({ maxHeldBytes: 1_000_000 })
    for (let offset = 0; offset < 200; offset++)
      ledger.add({ ...message(offset, 'a'), value: Buffer.alloc(262_144, '1').subarray(0, 100) })
    // Memory of buffers is given back some time after they are collected.
    await expect.poll(() => usedBytes() - before).toBeLessThan(10_000_000)
    expect(whole(ledger.take(7, 'a'))).toBe('1'.repeat(100))
  })

  test('takes 25 bytes for a message that is not kept whole', async () => {
    const before = usedBytes()
    const ledger = createLedger({ maxHeldBytes: 0 })
    for (let offset = 0; offset < 200_000; offset++) ledger.add(message(offset, 'a', '1'))
    await expect.poll(() => usedBytes() - before).toBeLessThan(200_000 * 25 + 2_000_000)
    expect(ledger.size()).toBe(200_000)
  })
})
