import { expect, onTestFinished, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { silentLog } from '../../src/ops/log.ts'
import { createReplayStore, type ReplayStore, type StoredReplay } from '../../src/replay/replay-store.ts'
import { createReplayWatch } from '../../src/replay/replay-watch.ts'
import { createFakeClock, runUntil, settle } from '../support/fake-clock.ts'
import { createMemoryBroker } from '../support/memory-broker.ts'
import { createRecordingLog } from '../support/recording-log.ts'

const replay: StoredReplay = {
  note: {
    stage: 'translate',
    from: 'earliest',
    to: 'latest',
    destinations: [],
    filter: [],
    topics: ['raw'],
    begun: '2026-11-21T10:00:00.000Z',
  },
  ranges: [
    { topic: 'raw', partition: 0, from: 1, to: 4 },
    { topic: 'raw', partition: 1, from: 0, to: 0 },
  ],
}

async function setUp(changes: Partial<ReplayStore> = {}, log = silentLog) {
  const clock = createFakeClock()
  const broker = createMemoryBroker()
  broker.createTopic('raw', 2)
  broker.append(Array.from({ length: 3 }, () => ({ topic: 'raw', value: 'v' })))
  const [admin, history] = [await broker.admin(), await broker.history()]
  const store = { ...createReplayStore(admin, 'g'), ...changes }
  await store.begin(replay)
  const at = (next: number): Promise<void> => admin.commitOffsets('g', 'raw', new Map([[0, { next, note: '' }]]))
  const stop = new AbortController()
  onTestFinished(async () => {
    stop.abort()
    await settle()
    await Promise.all([admin.close(), history.close()])
    expect([broker.open(), clock.sleeping()]).toEqual([0, 0])
  })
  const watch = createReplayWatch({ clock, log, store, history }, replay)
  return { watch, at, stop, clock, broker, store }
}

/** A marker takes the offset behind the records. */
function appendMarker({ broker }: Pick<Awaited<ReturnType<typeof setUp>>, 'broker'>): Promise<unknown> {
  const session = broker.session({
    delivery: 'exactly-once',
    transactionalId: 'writer',
    transactionTimeoutMs: 1_000,
    commit: 'partition',
    group: 'other',
    source: { topic: 'raw', partition: 0 },
  })
  broker.faults.sessionCommit = () => 'aborted'
  const record = { topic: 'raw', partition: 0, key: null, value: 'aborted', timestamp: 0, headers: {} }
  return session
    .init()
    .then(() => session.commit({ records: [record], next: 0, member: { assignment: 0, memberId: '', generation: 0 } }))
    .then(() => session.close())
}

test('progress is counted in offsets of the window, by partition and in all', async () => {
  const { watch, at } = await setUp()
  expect(watch.progress()).toMatchObject({ offsets: 3, doneOffsets: 0, isDone: false })
  await at(3)
  expect(await watch.look()).toEqual({
    partitions: [
      { topic: 'raw', partition: 0, from: 1, to: 4, next: 3, isDone: false },
      { topic: 'raw', partition: 1, from: 0, to: 0, next: 0, isDone: true },
    ],
    offsets: 3,
    doneOffsets: 2,
    isDone: false,
  })
})

test('it is done when every partition has reached its end', async () => {
  const { watch, at, stop, clock } = await setUp()
  let isDone: boolean | undefined
  void watch.untilDone(stop.signal).then((answer) => (isDone = answer))
  await runUntil(clock, () => watch.progress().partitions.length === 2)
  expect(isDone).toBeUndefined()
  await at(4)
  await runUntil(clock, () => isDone !== undefined)
  expect([isDone, watch.progress().isDone]).toEqual([true, true])
})

test('a partition that stands still before nothing but aborted records and markers is done', async () => {
  const setting = await setUp()
  await appendMarker(setting)
  const { watch, at, stop, clock } = setting
  await at(3)
  let isDone: boolean | undefined
  void watch.untilDone(stop.signal).then((answer) => (isDone = answer))
  await runUntil(clock, () => isDone !== undefined)
  expect([isDone, watch.progress().doneOffsets]).toEqual([true, 3])
})

test('a partition that stands still before a record is not', async () => {
  const setting = await setUp()
  await appendMarker(setting)
  const { watch, at, stop, clock } = setting
  await at(2)
  let looks = 0
  const watching = watch.untilDone(stop.signal, () => looks++)
  await runUntil(clock, () => looks > 10)
  stop.abort()
  expect([await watching, watch.progress().doneOffsets]).toEqual([false, 1])
})

test('an hour later the window is written again, or Kafka would forget it', async () => {
  const refreshed: StoredReplay[] = []
  const refresh = async (one: StoredReplay): Promise<void> => void refreshed.push(one)
  const { watch, stop, clock } = await setUp({ refresh })
  void watch.untilDone(stop.signal)
  await runUntil(clock, () => refreshed.length > 0)
  expect(refreshed[0]).toEqual(replay)
  expect(clock.now()).toBeGreaterThanOrEqual(Date.UTC(2026, 10, 21, 11))
})

test('a Kafka that does not answer is asked again', async () => {
  let faults = 3
  const { log, lines } = createRecordingLog()
  const broken = new TrackbridgeError('TB_KAFKA_UNAVAILABLE', 'away')
  const positions = async (): Promise<ReadonlyMap<string, number>> => {
    if (faults-- > 0) throw broken
    return new Map([['raw/0', 4]])
  }
  const { watch, stop, clock } = await setUp({ positions }, { ...silentLog, ...log })
  let isDone: boolean | undefined
  void watch.untilDone(stop.signal).then((answer) => (isDone = answer))
  await runUntil(clock, () => isDone !== undefined)
  expect([isDone, lines.map(({ message }) => message)]).toEqual([
    true,
    Array.from({ length: 3 }, () => 'how far the replay is cannot be told; asking again'),
  ])
})
