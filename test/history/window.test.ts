import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePlace, parsePoint, placeText, resolveWindow, type Point } from '../../src/history/window.ts'

const nowMs = Date.parse('2026-03-10T00:00:00Z')

test.each([
  ['earliest', { kind: 'earliest' }],
  ['latest', { kind: 'latest' }],
  ['2026-03-01', { kind: 'time', timestampMs: Date.parse('2026-03-01T00:00:00Z') }],
  ['2026-03-01T12:30', { kind: 'time', timestampMs: Date.parse('2026-03-01T12:30:00Z') }],
  ['2026-03-01T12:30:00.5+02:00', { kind: 'time', timestampMs: Date.parse('2026-03-01T10:30:00.500Z') }],
  ['-90s', { kind: 'time', timestampMs: nowMs - 90_000 }],
  ['-7d', { kind: 'time', timestampMs: nowMs - 7 * 86_400_000 }],
  ['cio.raw_1-a:3:1200', { kind: 'place', topic: 'cio.raw_1-a', partition: 3, offset: 1_200 }],
] as const)('%s is understood', (text, point) => {
  expect(parsePoint(text, '--from', nowMs)).toEqual(point)
})

test.each(['', 'yesterday', '2026-13-01', '-7y', '7d', 'raw:3', 'raw:x:1', '1772323200000'])(
  '%j is refused',
  (text) => {
    expect(() => parsePoint(text, '--to', nowMs)).toThrowError(`--to is "${text}"; allowed are a time`)
  },
)

test('the text of a place reads as the same place', () => {
  const places = fc.record({
    topic: fc.stringMatching(/^[\w.-]{1,249}$/),
    partition: fc.integer({ min: 0, max: 999_999_999 }),
    offset: fc.integer({ min: 0, max: 999_999_999_999_999 }),
  })
  fc.assert(
    fc.property(places, (place) => {
      expect(parsePlace(placeText(place))).toEqual(place)
    }),
  )
})

// Partition 0 keeps offsets 100 to 200, partition 1 offsets 0 to 50. A record each millisecond.
const admin = {
  watermarks: async () =>
    new Map([
      [1, { earliest: 0, lastStable: 50 }],
      [0, { earliest: 100, lastStable: 200 }],
    ]),
  offsetsSince: async (_: string, timestampMs: number) =>
    new Map([
      [0, Math.min(200, Math.max(100, timestampMs))],
      [1, Math.min(50, timestampMs)],
    ]),
}
const time = (timestampMs: number): Point => ({ kind: 'time', timestampMs })
const earliest: Point = { kind: 'earliest' }
const latest: Point = { kind: 'latest' }
const place = (partition: number, offset: number): Point => ({ kind: 'place', topic: 'raw', partition, offset })

test.each([
  ['everything', earliest, latest, [100, 200, true], [0, 50, false]],
  ['nothing yet', latest, latest, [200, 200, false], [50, 50, false]],
  ['a time to a time', time(20), time(130), [100, 130, true], [20, 50, false]],
  ['a time after the first record kept', time(101), latest, [101, 200, false], [50, 50, false]],
  ['a time before all that is kept', time(0), time(10), [100, 100, false], [0, 10, false]],
  ['one place on', place(0, 150), latest, [150, 200, false], [50, 50, false]],
  ['a place that is gone', place(0, 40), latest, [100, 200, true], [50, 50, false]],
  ['up to a place', earliest, place(1, 30), [100, 200, true], [0, 30, false]],
  ['one record', place(1, 7), place(1, 8), [200, 200, false], [7, 8, false]],
  ['a place beyond the end', earliest, place(1, 300), [100, 200, true], [0, 50, false]],
  ['an end that is gone', earliest, earliest, [100, 100, false], [0, 0, false]],
])('%s becomes ranges', async (_, from, to, ...expected) => {
  const ranges = await resolveWindow(admin, ['raw'], { from, to })
  expect(ranges.map((range) => [range.topic, range.partition, range.from, range.to, range.isCut])).toEqual([
    ['raw', 0, ...expected[0]],
    ['raw', 1, ...expected[1]],
  ])
})

test('a place of another topic or partition is refused', async () => {
  const message = 'there is no partition raw/2 here; the topics are: raw'
  await expect(resolveWindow(admin, ['raw'], { from: place(2, 1), to: latest })).rejects.toThrowError(message)
})

test('an end before the beginning is refused', async () => {
  await expect(resolveWindow(admin, ['raw'], { from: time(2), to: time(1) })).rejects.toThrowError(
    '--to is before --from',
  )
})
