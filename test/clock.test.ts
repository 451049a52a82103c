import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { systemClock } from '../src/clock.ts'

const hourMs = 3_600_000

test('a sleep ends by time and leaves nothing on its signal', async () => {
  const { signal } = new AbortController()
  await systemClock.sleep(1, signal)
  await systemClock.sleep(1)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('a sleep ends when its signal aborts, and none begins after that', async () => {
  const over = new AbortController()
  const cutShort = systemClock.sleep(hourMs, over.signal)
  over.abort()
  await cutShort
  await systemClock.sleep(hourMs, over.signal)
  expect(getEventListeners(over.signal, 'abort')).toEqual([])
})
