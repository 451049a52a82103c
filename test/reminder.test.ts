import { expect, test } from 'vitest'
import { createReminder } from '../src/reminder.ts'
import { createFakeClock } from './support/fake-clock.ts'

test('a text is due at once, then a minute later, whatever other texts are', () => {
  const clock = createFakeClock()
  const reminder = createReminder(clock)
  const first = [reminder.isDue('a'), reminder.isDue('a'), reminder.isDue('b')]
  clock.advance(59_999)
  const before = [reminder.isDue('a'), reminder.isDue('b')]
  clock.advance(1)
  expect({ first, before, after: [reminder.isDue('a'), reminder.isDue('a')] }).toEqual({
    first: [true, false, true],
    before: [false, false],
    after: [true, false],
  })
})
