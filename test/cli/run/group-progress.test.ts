import { expect, test } from 'vitest'
import { createGroupProgress } from '../../../src/cli/run/group-progress.ts'
import type { ConsumerBatch } from '../../../src/kafka/broker.ts'

const group = 'tb.process'
const source = { topic: 'raw', partition: 0 }
const member = { assignment: 1, memberId: 'm', generation: 1 }

const batch = (from: number, next: number): ConsumerBatch => ({
  ...source,
  member,
  fetchedOffset: from,
  nextOffset: next,
  highWatermark: next,
  continuous: true,
  records: [{ offset: from, timestamp: from * 10, key: null, value: null, headers: [] }],
})

const partitionOf = (progress: ReturnType<typeof createGroupProgress>) => progress.reports()[0]?.partitions[0]

test('lag is known once position and end are; the position begins where the first fetch does', () => {
  const progress = createGroupProgress()
  progress.assigned(group, [source])
  const unknown = { ...source, position: null, lastStable: null, lag: null, oldestMs: null }
  expect(progress.reports()).toEqual([{ group, partitions: [unknown] }])
  progress.fetched(group, batch(4, 6))
  progress.learned(group, 'raw', { ends: new Map([[0, { earliest: 0, lastStable: 10 }]]), committed: new Map() })
  expect(partitionOf(progress)).toEqual({ ...source, position: 4, lastStable: 10, lag: 6, oldestMs: 40 })
})

test.each([
  [new Map([[0, 7]]), 7, 3],
  [new Map<number, number>(), 2, 8],
])('without a fetch the position is what was committed, else the start: %j', (committed, position, lag) => {
  const progress = createGroupProgress()
  progress.assigned(group, [source])
  progress.learned(group, 'raw', { ends: new Map([[0, { earliest: 2, lastStable: 10 }]]), committed })
  expect(partitionOf(progress)).toEqual({ ...source, position, lastStable: 10, lag, oldestMs: null })
})

test('the oldest record is the first of the oldest fetch that is not done with', () => {
  const progress = createGroupProgress()
  progress.assigned(group, [source])
  progress.fetched(group, batch(0, 5))
  progress.fetched(group, batch(5, 9))
  const oldest = () => partitionOf(progress)?.oldestMs
  expect(oldest()).toBe(0)
  progress.done(group, source, 4)
  expect(oldest()).toBe(0)
  progress.done(group, source, 5)
  expect(oldest()).toBe(50)
  progress.fetched(group, batch(7, 9))
  progress.done(group, source, 7)
  expect(oldest()).toBe(70)
  progress.done(group, source, 9)
  expect(oldest()).toBe(null)
})

test('a partition that leaves is forgotten, one that stays keeps its place', () => {
  const progress = createGroupProgress()
  progress.assigned(group, [source, { topic: 'raw', partition: 1 }])
  progress.fetched(group, batch(3, 5))
  progress.assigned(group, [source])
  progress.done(group, { topic: 'raw', partition: 1 }, 8)
  const kept = { ...source, position: 3, lastStable: null, lag: null, oldestMs: 30 }
  expect([progress.reports(), progress.version()]).toEqual([[{ group, partitions: [kept] }], 2])
})

test('what has been fetched since the last question counts as well: no less lags than waits here', () => {
  const progress = createGroupProgress()
  progress.assigned(group, [source])
  progress.fetched(group, batch(4, 8))
  progress.learned(group, 'raw', { ends: new Map([[0, { earliest: 0, lastStable: 8 }]]), committed: new Map() })
  progress.fetched(group, batch(8, 20))
  expect(partitionOf(progress)).toEqual({ ...source, position: 4, lastStable: 20, lag: 16, oldestMs: 40 })
  progress.done(group, source, 20)
  expect(partitionOf(progress)).toEqual({ ...source, position: 20, lastStable: 20, lag: 0, oldestMs: null })
})
