import { expect, test } from 'vitest'
import { createFetchPositions, type Arrival, type FetchPositions } from '../../src/kafka/fetch-positions.ts'

const key = 'raw/0'
type Steps = (positions: FetchPositions) => void

const rows: readonly {
  readonly name: string
  readonly before: Steps
  readonly at: number
  readonly arrival: Arrival
}[] = [
  { name: 'the first batch of an assignment is first', before: () => undefined, at: 5, arrival: { type: 'first' } },
  {
    name: 'filtered records before the first batch leave it first',
    before: (positions) => positions.filtered(key, 9),
    at: 10,
    arrival: { type: 'first' },
  },
  {
    name: 'a batch where the resolved records end is continuous',
    before: (positions) => positions.movedTo(key, 7),
    at: 7,
    arrival: { type: 'continuous' },
  },
  {
    name: 'a batch after filtered records is continuous',
    before: (positions) => {
      positions.movedTo(key, 7)
      positions.filtered(key, 11)
    },
    at: 12,
    arrival: { type: 'continuous' },
  },
  {
    name: 'a batch after a seek back is continuous',
    before: (positions) => {
      positions.movedTo(key, 7)
      positions.movedTo(key, 2)
    },
    at: 2,
    arrival: { type: 'continuous' },
  },
  {
    name: 'a batch below what is done is stale and says where to resume',
    before: (positions) => positions.movedTo(key, 7),
    at: 5,
    arrival: { type: 'stale', resumeAt: 7 },
  },
  {
    name: 'filtered records of a stale fetch do not move the position back',
    before: (positions) => {
      positions.movedTo(key, 7)
      positions.filtered(key, 3)
    },
    at: 7,
    arrival: { type: 'continuous' },
  },
  {
    name: 'a batch beyond what is done says what is gone',
    before: (positions) => positions.movedTo(key, 7),
    at: 20,
    arrival: { type: 'gone', from: 7, until: 20, deleted: false },
  },
  {
    name: 'a reset before the first batch is a loss from an unknown offset',
    before: (positions) => positions.reset(key),
    at: 20,
    arrival: { type: 'gone', from: undefined, until: 20, deleted: false },
  },
  {
    name: 'a reset followed by filtered records still says what is gone',
    before: (positions) => {
      positions.movedTo(key, 7)
      positions.reset(key)
      positions.filtered(key, 19)
    },
    at: 20,
    arrival: { type: 'gone', from: 7, until: 20, deleted: true },
  },
  {
    name: 'a reset to below what is done is a partition that was cut',
    before: (positions) => {
      positions.movedTo(key, 7)
      positions.reset(key)
    },
    at: 0,
    arrival: { type: 'rewound', from: 7, to: 0 },
  },
  {
    name: 'another partition has its own position',
    before: (positions) => positions.movedTo('raw/1', 7),
    at: 9,
    arrival: { type: 'first' },
  },
]

test.each(rows)('$name', ({ before, at, arrival }) => {
  const positions = createFetchPositions()
  before(positions)
  expect(positions.arrived(key, at)).toEqual(arrival)
})

test('a batch that comes again unresolved is what it was', () => {
  const positions = createFetchPositions()
  expect([positions.arrived(key, 5), positions.arrived(key, 5)]).toEqual([{ type: 'first' }, { type: 'first' }])
})

test('a loss is told once', () => {
  const positions = createFetchPositions()
  positions.movedTo(key, 7)
  expect([positions.arrived(key, 20), positions.arrived(key, 20)]).toEqual([
    { type: 'gone', from: 7, until: 20, deleted: false },
    { type: 'first' },
  ])
})
