import { expect, test } from 'vitest'
import { createMeterStore } from '../../src/ops/meter-store.ts'
import type { DeadLetterInput } from '../../src/records/dead-letter.ts'
import { countLetters, timeWaits } from '../../src/sink/metering.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const letter = (reason: string) => ({ reason }) as DeadLetterInput
const never = new AbortController().signal

test('dead letters count by reason once they are written, and not when they are not', async () => {
  const meter = createMeterStore()
  let isDown = true
  const counting = countLetters(async () => {
    if (isDown) throw new Error('no')
  }, meter)
  const letters = [letter('rejected'), letter('too_large'), letter('rejected')]
  await expect(counting(letters)).rejects.toThrow('no')
  expect(meter.snapshot()).toEqual({})
  isDown = false
  await counting(letters)
  expect(meter.snapshot()).toEqual({
    trackbridge_dead_letters_total: [
      { labels: { stage: 'sink', reason: 'rejected' }, value: 2 },
      { labels: { stage: 'sink', reason: 'too_large' }, value: 1 },
    ],
  })
})

test('waits for the rate limit add up, those that come to nothing too', async () => {
  const [meter, clock] = [createMeterStore(), createFakeClock()]
  const waits = [0, 1_500, 250]
  const slow = {
    takeNow: () => false,
    take: async () => {
      clock.advance(waits.shift() ?? 0)
      return waits.length > 0
    },
    own: () => undefined,
    leave: () => undefined,
  }
  const timed = timeWaits(slow, { clock, meter }, 'main')
  const waited = () => meter.snapshot().trackbridge_rate_limit_wait_seconds_total
  expect(waited()).toEqual([{ labels: { destination: 'main' }, value: 0 }])
  expect([await timed.take(never), await timed.take(never), await timed.take(never)]).toEqual([true, true, false])
  expect(waited()).toEqual([{ labels: { destination: 'main' }, value: 1.75 }])
})

const write = async (): Promise<void> => undefined
const rate = { takeNow: () => false, take: async () => true, own: () => undefined, leave: () => undefined }

test('without a meter both stay as they are', () => {
  expect([countLetters(write, undefined), timeWaits(rate, { clock: createFakeClock() }, 'main')]).toEqual([write, rate])
})
