import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RawView } from '../../src/audit/scene.ts'
import { cutSlices } from '../../src/audit/slices.ts'
import { emptyTally } from '../../src/audit/tally.ts'

const view = (partition: number, from: number, to: number): RawView => ({
  topic: 'raw',
  partition,
  from,
  to,
  windowTo: to,
  earliest: 0,
  isCut: false,
  end: to,
  isCompacted: false,
  tally: emptyTally(1),
})

const shown = (views: readonly RawView[], most: number) =>
  cutSlices(views, most).map((parts) => parts.map(({ view: { partition }, from, to }) => [partition, from, to]))

test.each([
  [
    'what fits together is one slice',
    100,
    [
      [
        [0, 0, 10],
        [1, 5, 25],
        [2, 0, 30],
      ],
    ],
  ],
  [
    'partitions stay whole where they fit',
    35,
    [
      [
        [0, 0, 10],
        [1, 5, 25],
      ],
      [[2, 0, 30]],
    ],
  ],
  [
    'a partition that fits nowhere is cut',
    12,
    [[[0, 0, 10]], [[1, 5, 17]], [[1, 17, 25]], [[2, 0, 12]], [[2, 12, 24]], [[2, 24, 30]]],
  ],
])('%s', (_, most, slices) => {
  expect(shown([view(2, 0, 30), view(0, 0, 10), view(1, 5, 25)], most)).toEqual(slices)
})

interface Part {
  readonly view: RawView
  readonly from: number
  readonly to: number
}

const offsets = (parts: readonly Part[]): readonly string[] =>
  parts.flatMap(({ view: { partition }, from, to }) =>
    Array.from({ length: to - from }, (_, at) => `${partition}:${from + at}`),
  )

test('every offset is in exactly one slice, no slice is larger than allowed or has two parts of one partition', () => {
  const windows = fc.array(fc.tuple(fc.nat(50), fc.nat(60)), { maxLength: 8 })
  fc.assert(
    fc.property(windows, fc.integer({ min: 1, max: 70 }), (list, most) => {
      const views = list.map(([from, length], partition) => view(partition, from, from + length))
      const slices = cutSlices(views, most)
      const wanted = offsets(views.map((one) => ({ view: one, from: one.from, to: one.to })))
      expect(slices.flatMap(offsets)).toEqual(wanted)
      expect(slices.filter((parts) => parts.length === 0 || offsets(parts).length > most)).toEqual([])
      expect(slices.filter((parts) => new Set(parts.map((part) => part.view)).size !== parts.length)).toEqual([])
    }),
  )
})
