import { expect, test } from 'vitest'
import { fateOf, messages, numberOf, type MessageOptions } from '../../../faults/sink/messages.ts'
import { personsOf } from '../../../faults/sink/sent-message.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const options = (changes: Partial<MessageOptions> = {}): MessageOptions => ({
  count: 4_000,
  partitions: 4,
  from: 100,
  random: seededRandom(7),
  timestamp: Date.UTC(2026, 10, 21, 10),
  ...changes,
})

test('ids count on, and every person stands on one partition', () => {
  const places = new Map<string, Set<number>>()
  const all = messages(options())
  for (const { partition, value } of all)
    for (const person of personsOf(JSON.parse(String(value)) as Record<string, unknown>))
      places.set(person, (places.get(person) ?? new Set()).add(partition))
  expect(all.map(({ headers }) => numberOf(String(headers?.['tb-mid'])))).toEqual(
    Array.from({ length: 4_000 }, (_, index) => 100 + index),
  )
  expect([...places.values()].filter(({ size }) => size !== 1)).toEqual([])
})

test('one person is hot, and all types of messages are there', () => {
  const all = messages(options()).map(({ value }) => JSON.parse(String(value)) as Record<string, unknown>)
  const hot = all.filter((message) => message['userId'] === 'u0' || message['anonymousId'] === 'a0').length
  expect(hot / all.length).toBeGreaterThan(0.1)
  expect([...new Set(all.map(({ type }) => String(type)))].sort()).toEqual([
    'alias',
    'group',
    'identify',
    'page',
    'track',
  ])
})

test('the id says what is to become of a message, and only the partition asked for is mixed', () => {
  const all = messages(options({ mixture: { rejected: 0.3, tooLarge: 0.1, unreadable: 0.2, partition: 2 } }))
  const fates = Map.groupBy(all, ({ headers }) => fateOf(String(headers?.['tb-mid'])))
  const partitions = [...fates].map(([fate, some]) => [
    fate,
    [...new Set(some.map(({ partition }) => partition))].toSorted((a, b) => a - b),
  ])
  expect(Object.fromEntries(partitions)).toEqual({
    delivered: [0, 1, 2, 3],
    rejected: [2],
    too_large: [2],
    unreadable: [2],
  })
})
