import { expect, onTestFinished, test } from 'vitest'
import { silentLog } from '../../src/ops/log.ts'
import { reasonToHold, watchLiveLag } from '../../src/replay/live-lag.ts'
import { createFakeClock, runUntil, settle } from '../support/fake-clock.ts'
import { createMemoryBroker } from '../support/memory-broker.ts'

async function setUp() {
  const broker = createMemoryBroker()
  for (const topic of ['raw', 'main']) broker.createTopic(topic, 2)
  broker.append(Array.from({ length: 10 }, (_, index) => ({ topic: 'raw', partition: index % 2, value: 'v' })))
  const admin = await broker.admin()
  onTestFinished(() => admin.close())
  const commit = (next: number): Promise<void> =>
    admin.commitOffsets(
      'tb.process',
      'raw',
      new Map([
        [0, { next, note: '' }],
        [1, { next, note: '' }],
      ]),
    )
  return {
    admin,
    commit,
    groups: [
      { group: 'tb.process', topics: ['raw'] },
      { group: 'tb.sink.main', topics: ['main'] },
    ],
  }
}

test('a group that is further behind than allowed is a reason, summed over its partitions', async () => {
  const { admin, commit, groups } = await setUp()
  await commit(2)
  expect([await reasonToHold(admin, groups, 6), await reasonToHold(admin, groups, 5)]).toEqual([
    undefined,
    'tb.process is 6 behind, more than 5',
  ])
})

test('a group that has never committed is no reason', async () => {
  const { admin, groups } = await setUp()
  expect(await reasonToHold(admin, groups, 0)).toBeUndefined()
})

test('it is asked again and again, and the hold ends when the lag has gone', async () => {
  const { admin, commit, groups } = await setUp()
  const clock = createFakeClock()
  const stop = new AbortController()
  const holds: (string | undefined)[] = []
  await commit(0)
  const watching = watchLiveLag(
    { admin, clock, log: silentLog },
    { groups, maxLag: 4, hold: (why) => holds.push(why) },
    stop.signal,
  )
  await runUntil(clock, () => holds.length > 1)
  await commit(5)
  const before = holds.length
  await runUntil(clock, () => holds.length > before + 1)
  stop.abort()
  await watching
  await settle()
  expect([holds[0], holds.at(-1), clock.sleeping()]).toEqual(['tb.process is 10 behind, more than 4', undefined, 0])
})
