import { expect, onTestFinished, test } from 'vitest'
import type { ReplayNote } from '../../src/replay/replay-note.ts'
import { createReplayStore, rangeName, replayGroup, type StoredReplay } from '../../src/replay/replay-store.ts'
import { createMemoryBroker } from '../support/memory-broker.ts'

const note: ReplayNote = {
  stage: 'translate',
  from: 'earliest',
  to: 'latest',
  destinations: [],
  filter: [],
  topics: ['raw', 'more'],
  begun: '2026-11-21T10:00:00.000Z',
}
const replay: StoredReplay = {
  note,
  ranges: [
    { topic: 'more', partition: 0, from: 0, to: 0 },
    { topic: 'raw', partition: 0, from: 5, to: 9 },
    { topic: 'raw', partition: 1, from: 3, to: 3 },
  ],
}
const group = replayGroup('tb', 'spring')

async function setUp() {
  const broker = createMemoryBroker()
  for (const topic of ['raw', 'more']) broker.createTopic(topic, 2)
  const admin = await broker.admin()
  onTestFinished(async () => {
    await admin.close()
    expect(broker.open()).toBe(0)
  })
  const join = async () => {
    const consumer = await broker.consume(
      { group, topics: ['raw'], concurrency: 1, sessionTimeoutMs: 6_000, maxWaitMs: 1, maxBytesPerPartition: 1 },
      { onAssignment: () => undefined, onBatch: async () => undefined },
    )
    onTestFinished(() => consumer.stop())
  }
  return { store: createReplayStore(admin, group), broker, join }
}

test('nothing is found before anything was begun', async () => {
  const { store } = await setUp()
  expect(await store.find(['raw'])).toBeUndefined()
})

test('what was begun is found by any of its topics, with positions at its beginning', async () => {
  const { store, broker } = await setUp()
  expect(group).toBe('tb.replay.spring')
  expect(await store.begin(replay)).toBe(true)
  expect([await store.find(['raw']), await store.find(['more', 'raw'])]).toEqual([replay, replay])
  expect(await store.positions(replay)).toEqual(
    new Map([
      ['more/0', 0],
      ['raw/0', 5],
      ['raw/1', 3],
    ]),
  )
  expect(broker.committed('tb.replay.spring.window', 'raw')).toEqual(
    new Map([
      [0, 9],
      [1, 3],
    ]),
  )
})

test('positions that Kafka has forgotten are missing', async () => {
  const { store } = await setUp()
  expect(await store.positions(replay)).toEqual(new Map())
})

test('while somebody works on it, it cannot be begun anew, and nothing is changed', async () => {
  const { store, join } = await setUp()
  await store.begin(replay)
  await join()
  const other = { note: { ...note, begun: '2026-11-22T10:00:00.000Z' }, ranges: replay.ranges.slice(1) }
  expect(await store.begin(other)).toBe(false)
  expect(await store.find(['raw'])).toEqual(replay)
})

test('of a replay that was begun again with other topics the newer one counts', async () => {
  const { store } = await setUp()
  await store.begin(replay)
  const newer = {
    note: { ...note, topics: ['raw'], begun: '2026-11-22T10:00:00.000Z' },
    ranges: replay.ranges.slice(1),
  }
  await store.begin(newer)
  expect([await store.find(['raw']), await store.find(['more', 'raw'])]).toEqual([newer, newer])
})

test('done is noted while others are still in the group, and stays', async () => {
  const { store, join } = await setUp()
  await store.begin(replay)
  await join()
  const done = { ...replay, note: { ...note, done: '2026-11-21T11:00:00.000Z' } }
  await store.refresh(done)
  expect(await store.find(['raw'])).toEqual(done)
  expect(replay.ranges.map(rangeName)).toEqual(['more/0', 'raw/0', 'raw/1'])
})
