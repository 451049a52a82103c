import { expect, test } from 'vitest'
import { createBell } from '../../src/sink/bell.ts'
import { untilRoom } from '../../src/sink/intake.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'

const room = (paused: readonly boolean[], assigned = paused.length) => ({
  assigned,
  entries: new Map(paused.map((isPaused, partition) => [partition, { paused: isPaused }])),
  room: createBell(),
  stopping: new AbortController(),
})

test.each([
  ['while one partition is not paused', room([true, false])],
  ['while a partition of ours has had no records yet', room([true, true], 3)],
  ['when nothing is assigned', room([], 1)],
])('the next fetch is not waited with %s', async (_, state) => {
  const clock = createFakeClock(0)
  await untilRoom({ ...state, deps: { clock } }, 250)
  expect(clock.sleeping()).toBe(0)
})

test('nor once the destination stops', async () => {
  const clock = createFakeClock(0)
  const state = room([true])
  state.stopping.abort()
  await untilRoom({ ...state, deps: { clock } }, 250)
  expect(clock.sleeping()).toBe(0)
})

test.each([
  ['a partition is resumed', (state: ReturnType<typeof room>) => state.room.ring()],
  ['the longest wait is over', (_: unknown, clock: ReturnType<typeof createFakeClock>) => clock.advance(250)],
])('while all partitions are full the next fetch waits until %s', async (_, end) => {
  const clock = createFakeClock(0)
  const state = room([true, true])
  let isOver = false
  void untilRoom({ ...state, deps: { clock } }, 250).then(() => (isOver = true))
  clock.advance(249)
  await settle()
  const before = isOver
  end(state, clock)
  await settle()
  expect([before, isOver]).toEqual([false, true])
})
