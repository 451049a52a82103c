import { expect, test } from 'vitest'
import { addCounts, createCounter, noCounts } from '../../src/processor/counts.ts'
import type { Processed } from '../../src/processor/topology.ts'

const written = (slot: Processed['slot'], topics: readonly string[], unrouted = 0): Processed => ({
  slot,
  unrouted,
  records: topics.map((topic) => ({ topic, partition: 0, key: null, value: '', timestamp: 0, headers: {} })),
})

test('a new counter has counted nothing', () => {
  expect(createCounter().counts()).toEqual(noCounts)
})

test('a counter adds up slots, unrouted messages, and records by topic', () => {
  const counter = createCounter()
  counter.add(written('translated', ['a', 'a', 'b', 'dlq']))
  counter.add(written('translated', [], 2))
  counter.add(written('unsupported', ['unsupported']))
  counter.add(written('dead-letter', ['dlq']))
  counter.add(written('skipped', []))
  expect(counter.counts()).toEqual({
    raw: 5,
    translated: 2,
    unsupported: 1,
    deadLetters: 1,
    poisoned: 0,
    skipped: 1,
    unrouted: 2,
    written: { a: 2, b: 1, dlq: 2, unsupported: 1 },
  })
})

test('a counter counts poisoned records among the dead letters', () => {
  const counter = createCounter()
  counter.add({ ...written('dead-letter', ['dlq']), poisoned: true })
  counter.add(written('dead-letter', ['dlq']))
  expect(counter.counts()).toEqual({ ...noCounts, raw: 2, deadLetters: 2, poisoned: 1, written: { dlq: 2 } })
})

test('counts that were handed out do not change any more', () => {
  const counter = createCounter()
  counter.add(written('translated', ['a']))
  const before = counter.counts()
  counter.add(written('translated', ['a']))
  expect([before.raw, before.written]).toEqual([1, { a: 1 }])
})

test('two counts add up field by field and topic by topic, and stay as they were', () => {
  const first = { ...noCounts, raw: 3, translated: 2, deadLetters: 1, poisoned: 1, written: { a: 2, dlq: 1 } }
  const second = { ...noCounts, raw: 2, unsupported: 1, poisoned: 2, skipped: 1, unrouted: 4, written: { a: 1, b: 5 } }
  expect(addCounts(first, second)).toEqual({
    raw: 5,
    translated: 2,
    unsupported: 1,
    deadLetters: 1,
    poisoned: 3,
    skipped: 1,
    unrouted: 4,
    written: { a: 3, dlq: 1, b: 5 },
  })
  expect([first.written, second.written]).toEqual([
    { a: 2, dlq: 1 },
    { a: 1, b: 5 },
  ])
})
