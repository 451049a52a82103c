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
    types: {},
    reasons: {},
  })
})

test('a counter counts poisoned records among the dead letters', () => {
  const counter = createCounter()
  counter.add({ ...written('dead-letter', ['dlq']), poisoned: true })
  counter.add(written('dead-letter', ['dlq']))
  expect(counter.counts()).toEqual({ ...noCounts, raw: 2, deadLetters: 2, poisoned: 1, written: { dlq: 2 } })
})

test('a counter counts messages by topic and type, and faults by reason', () => {
  const counter = createCounter()
  const { records, ...rest } = written('translated', ['a', 'a', 'b', 'dlq'])
  const typed = records.map((record, index) => (index < 3 ? { ...record, headers: { 'tb-type': 'track' } } : record))
  counter.add({ ...rest, records: typed, faults: [{ slot: 'dead-letter', reason: 'invalid' }] })
  const before = counter.counts()
  counter.add({ ...rest, records: typed, faults: [{ slot: 'unsupported', reason: 'manual segment' }] })
  expect([before.types, before.reasons]).toEqual([
    { a: { track: 2 }, b: { track: 1 } },
    { 'dead-letter': { invalid: 1 } },
  ])
  expect([counter.counts().types, counter.counts().reasons]).toEqual([
    { a: { track: 4 }, b: { track: 2 } },
    { 'dead-letter': { invalid: 1 }, unsupported: { 'manual segment': 1 } },
  ])
})

test('counts that were handed out do not change any more', () => {
  const counter = createCounter()
  counter.add(written('translated', ['a']))
  const before = counter.counts()
  counter.add(written('translated', ['a']))
  expect([before.raw, before.written]).toEqual([1, { a: 1 }])
})

test('two counts add up field by field and topic by topic, and stay as they were', () => {
  const first = {
    ...noCounts,
    raw: 3,
    translated: 2,
    deadLetters: 1,
    poisoned: 1,
    written: { a: 2, dlq: 1 },
    types: { a: { track: 1, page: 1 } },
  }
  const second = {
    ...noCounts,
    raw: 2,
    unsupported: 1,
    poisoned: 2,
    skipped: 1,
    unrouted: 4,
    written: { a: 1, b: 5 },
    types: { a: { track: 2 }, b: { group: 5 } },
  }
  expect(addCounts(first, second)).toEqual({
    raw: 5,
    translated: 2,
    unsupported: 1,
    deadLetters: 1,
    poisoned: 3,
    skipped: 1,
    unrouted: 4,
    written: { a: 3, dlq: 1, b: 5 },
    types: { a: { track: 3, page: 1 }, b: { group: 5 } },
    reasons: {},
  })
  expect([first.written, second.written]).toEqual([
    { a: 2, dlq: 1 },
    { a: 1, b: 5 },
  ])
})
