import { expect, test } from 'vitest'
import type { DeadLetter } from '../../src/records/dead-letter.ts'
import { destinationTo, setUpQuiet } from '../support/quiet-sink.ts'
import { status } from '../support/recording-api.ts'
import { feed } from '../support/sink.ts'

const main = destinationTo('main', { limits: { requestsPerSecond: 5 } })
const lane = {
  ...main,
  name: 'main.backfill',
  topic: 'main.backfill',
  laneOf: 'main',
  limits: { ...main.limits, requestsPerSecond: 2 },
}

/** When the API was asked in a minute for live messages, and how often for those of the lane, which has a backlog. */
async function minuteOf(destinations: readonly (typeof main)[]) {
  const { api, broker, clock, pass, start } = setUpQuiet({ main: 2, 'main.backfill': 2 })
  feed({ broker }, 1, [0, 2_000], 'main.backfill')
  const startMs = clock.now()
  await start(destinations)
  for (let second = 0; second < 60; second++) {
    feed({ broker }, 0, [second * 45, (second + 1) * 45])
    await pass(1_000)
  }
  const of = (user: string) => api.requests.filter(({ messages }) => messages[0]?.userId === user)
  return { live: of('user0').map(({ atMs }) => atMs - startMs), backfill: of('user1').length }
}

test('the lane of a destination, with the same key, takes nothing of its rate: live messages go out at the same moments', async () => {
  const alone = await minuteOf([main])
  const beside = await minuteOf([main, lane])
  expect(beside.live).toEqual(alone.live)
  expect([alone.live.length > 250, alone.backfill, beside.backfill]).toEqual([true, 0, 122])
})

test('a lane has a group of its own, and its dead letters name the destination', async () => {
  const { api, broker, pass, start } = setUpQuiet({ main: 1, 'main.backfill': 2 })
  feed({ broker }, 1, [0, 1], 'main.backfill')
  api.answer(() => status(400))
  const sink = await start([main, lane])
  await pass(5_000)
  expect(broker.stored('dlq').map(({ value }) => (JSON.parse(String(value)) as DeadLetter).destination)).toEqual([
    'main',
  ])
  expect([
    sink.status().map(({ destination }) => destination),
    [...broker.committed('tb.sink.main.backfill', 'main.backfill')],
    [...broker.committed('tb.sink.main', 'main')],
  ]).toEqual([['main', 'main.backfill'], [[1, 1]], []])
})

test('a destination may read in a group that is named', async () => {
  const { broker, pass, start } = setUpQuiet({ main: 1 })
  feed({ broker }, 0, [0, 3])
  await start([{ ...main, group: 'tb.replay.spring' }])
  await pass(5_000)
  expect([broker.committed('tb.replay.spring', 'main'), broker.committed('tb.sink.main', 'main').size]).toEqual([
    new Map([[0, 3]]),
    0,
  ])
})
