import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { createShareGuard } from '../../src/processor/dead-letter-share.ts'
import { processRecord, tooLargeRecord, type Processed } from '../../src/processor/topology.ts'
import { deadLetterEncoder } from '../../src/schemas/dead-letter-value.ts'
import { rawRecord, topologySettings } from '../support/raw-records.ts'

const settings = topologySettings()
const good = processRecord(rawRecord({ method: 'PUT', path: '/api/v1/customers/42', body: {} }), settings)
const unreadable = processRecord(rawRecord('{'), settings)
const invalid = processRecord(rawRecord({ method: 'POST', path: '/api/v1/customers/42/dance' }), settings)
const tooLarge = tooLargeRecord(rawRecord('{}'), settings)

/** Sees records of partition 0 from offset 0 on; gives the offset at which it was too much, and the error. */
function seeAll(maxShare: number, records: readonly Processed[]) {
  const guard = createShareGuard(maxShare)
  for (const [offset, processed] of records.entries()) {
    try {
      guard.see(processed, { topic: 'raw', partition: 0, offset })
    } catch (error) {
      return { offset, error }
    }
  }
  return undefined
}

const times = (count: number, processed: Processed): Processed[] => Array.from({ length: count }, () => processed)

test('the samples are what they are meant to be', () => {
  expect([good, unreadable, invalid, tooLarge].map(({ slot }) => slot)).toEqual([
    'translated',
    'dead-letter',
    'dead-letter',
    'dead-letter',
  ])
})

describe('a share of dead letters', () => {
  test('says nothing before 100 records, and then names what it found, what is allowed and the usual reason', () => {
    expect(seeAll(0.2, [...times(9, unreadable), tooLarge, ...times(90, invalid)])).toEqual({
      offset: 99,
      error: new TrackbridgeError(
        'TB_DEAD_LETTER_SHARE',
        '100 of the last 100 raw records (100 %) are dead letters; deadLetters.maxShare allows 20 %. Most frequent reason: invalid (90, as raw partition raw/0 offset 10). The chunk is not written, nothing is skipped',
        { context: { topic: 'raw', partition: 0, offset: 10 } },
      ),
    })
  })

  test.each([
    ['written in Avro', { encodeDeadLetter: deadLetterEncoder(7) }, 'unreadable'],
    ['left out by conditions', { select: () => true }, 'left out'],
  ])('tells the reason of dead letters that are %s', (_case, changes, reason) => {
    const lost = processRecord(rawRecord('{'), { ...settings, ...changes })
    expect(seeAll(0, times(100, lost))?.error).toMatchObject({
      message: expect.stringContaining(`Most frequent reason: ${reason} (100, as raw partition raw/0 offset 0).`),
    })
  })

  test.each([
    ['as much as is allowed', 0.29, [...times(29, invalid), ...times(71, good)], undefined],
    ['one more than is allowed', 0.29, [...times(30, invalid), ...times(70, good)], 99],
    ['nothing allowed, and one in a hundred', 0, [invalid, ...times(99, good)], 99],
    ['nothing allowed, and none', 0, times(5_000, good), undefined],
    ['all allowed, and all', 1, times(5_000, invalid), undefined],
    ['a wave of them after many good ones', 0.5, [...times(5_000, good), ...times(600, invalid)], 5_500],
    [
      'a wave that has left the window',
      0.5,
      [...times(2_000, good), ...times(500, invalid), ...times(1_000, good), ...times(500, invalid)],
      undefined,
    ],
  ])('%s', (_name, maxShare, records, offset) => {
    expect(seeAll(maxShare, records)?.offset).toBe(offset)
  })

  test('is passed exactly when more of the last 1,000 are dead letters than is allowed', () => {
    const flows = fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.boolean()), { maxLength: 15 })
    fc.assert(
      fc.property(flows, fc.integer({ min: 0, max: 100 }), (flow, percent) => {
        const records = flow.flatMap(([count, isGood]) => times(count, isGood ? good : invalid))
        const expected = records.findIndex((_, index) => {
          const window = records.slice(Math.max(0, index - 999), index + 1)
          const share = window.filter((one) => one === invalid).length / window.length
          return window.length >= 100 && share > percent / 100
        })
        expect(seeAll(percent / 100, records)?.offset ?? -1).toBe(expected)
      }),
      { numRuns: 30 },
    )
  })
})

test('a record that is seen again counts once: one bad record in a chunk that is tried for ever is no broken deploy', () => {
  const guard = createShareGuard(0.1)
  for (let offset = 0; offset < 100; offset++) guard.see(good, { topic: 'raw', partition: 0, offset })
  for (let time = 0; time < 1_000; time++) guard.see(invalid, { topic: 'raw', partition: 0, offset: 100 })
  expect(() => guard.see(good, { topic: 'raw', partition: 1, offset: 0 })).not.toThrow()
})

test('partitions of two topics with the same number count apart', () => {
  const guard = createShareGuard(0.5)
  for (let offset = 0; offset < 60; offset++) guard.see(invalid, { topic: 'raw', partition: 0, offset })
  const seeOther = () => {
    for (let offset = 0; offset < 40; offset++) guard.see(invalid, { topic: 'other', partition: 0, offset })
  }
  expect(seeOther).toThrow('100 of the last 100 raw records')
})

test('a partition that comes back counts from wherever it comes back', () => {
  const guard = createShareGuard(0.5)
  for (let offset = 0; offset < 99; offset++) guard.see(invalid, { topic: 'raw', partition: 0, offset })
  guard.forget({ topic: 'raw', partition: 0 })
  expect(() => guard.see(invalid, { topic: 'raw', partition: 0, offset: 5 })).toThrow('100 of the last 100 raw records')
})

test('once it is passed no partition goes on', () => {
  const guard = createShareGuard(0.5)
  const see = (partition: number) => () => {
    for (let offset = 0; offset < 100; offset++) guard.see(invalid, { topic: 'raw', partition, offset })
  }
  expect(see(0)).toThrow('100 of the last 100')
  expect(() => guard.see(good, { topic: 'raw', partition: 1, offset: 0 })).toThrow('100 of the last 100')
})
