import { describe, expect, test } from 'vitest'
import type { CallShape } from '../../src/records/call-mapping.ts'
import { TrackbridgeError } from '../../src/errors.ts'
import { runUntil, settle } from '../support/fake-clock.ts'
import { mixedCalls, type MixedCall } from '../support/mixed-calls.ts'
import { feed, group, setUp, topics, type Setting } from '../support/processor.ts'
import { nothingAmiss, verifyOutput } from '../support/verify-output.ts'

const calls = (topic: string, count: number, partitions: number) =>
  mixedCalls({ topic, count, partitions, people: 12, timestamp: Date.UTC(2026, 10, 21) })
const ends = (raw: readonly MixedCall[]): Record<number, number> =>
  Object.fromEntries(raw.map(({ partition, offset }) => [partition, offset + 1]))
const isThrough = (setting: Setting, raw: readonly MixedCall[]) => (): boolean =>
  [...Map.groupBy(raw, ({ topic }) => topic)].every(
    ([topic, records]) =>
      JSON.stringify(Object.fromEntries(setting.broker.committed(group, topic))) === JSON.stringify(ends(records)),
  )

/** The broker of setUp with `main` and the others of 4 partitions, and the raw topics `a` of 2 and `b` of 4. */
function setUpTwo(): Setting {
  const setting = setUp({ partitions: 4 })
  setting.broker.createTopic('a', 2)
  setting.broker.createTopic('b', 4)
  return setting
}

describe('several raw topics', () => {
  test('of different sizes are each accounted for, partitions of the same number apart', async () => {
    const setting = setUpTwo()
    const raw = [...calls('a', 150, 2), ...calls('b', 250, 4)]
    feed(setting, raw)
    const processor = await setting.start({ raw: { topics: ['a', 'b'] } })
    await runUntil(setting.clock, isThrough(setting, raw))
    expect(verifyOutput(raw, setting.outputs(), topics)).toEqual(nothingAmiss)
    const { assigned, positions, topics: figures, counts } = processor.status()
    expect(assigned.map(({ topic, partition }) => `${topic}/${partition}`)).toEqual([
      'a/0',
      'a/1',
      'b/0',
      'b/1',
      'b/2',
      'b/3',
    ])
    expect(figures).toEqual({
      a: { partitions: 2, stuck: 0, raw: 150 },
      b: { partitions: 4, stuck: 0, raw: 250 },
    })
    const expected = Object.entries({
      ...named('a', ends(calls('a', 150, 2))),
      ...named('b', ends(calls('b', 250, 4))),
    })
    expect(positions).toEqual(new Map(expected))
    expect(counts.raw).toBe(400)
  })

  test('one that has a partition stopped holds up neither its other partitions nor the same number of another', async () => {
    const setting = setUpTwo()
    const raw = [...calls('a', 60, 2), ...calls('b', 60, 4)]
    feed(setting, raw)
    setting.broker.faults.sessionCommit = (unit) =>
      unit.records.some(({ headers }) => String(headers['tb-src']).startsWith('a:1:')) ? 'fatal' : null
    const processor = await setting.start({ raw: { topics: ['a', 'b'] } })
    const done = () =>
      JSON.stringify([...setting.broker.committed(group, 'b')]) === JSON.stringify(entries(calls('b', 60, 4)))
    for (let turn = 0; turn < 400 && !done(); turn++) await settle()
    expect([...processor.status().stuck.keys()]).toEqual(['a/1'])
    expect(processor.status().topics['a']?.stuck).toBe(1)
    setting.broker.faults.sessionCommit = null
    await runUntil(setting.clock, isThrough(setting, raw))
    expect(verifyOutput(raw, setting.outputs(), topics)).toEqual(nothingAmiss)
  })

  test('that have a partition which a destination lacks: that one stops and says which it is, the others go on', async () => {
    const setting = setUpTwo()
    setting.broker.createTopic('small', 2)
    feed(setting, [...calls('a', 20, 2), ...calls('b', 40, 4)])
    const routes = [{ name: 'small', topic: 'small', where: { excludeEmailOnly: false }, integrations: {} }]
    const processor = await setting.start({ raw: { topics: ['a', 'b'] }, routes })
    await runUntil(setting.clock, () => processor.status().stuck.size === 2)
    expect(processor.status().stuck.get('b/3')).toBe(
      'topic small has 2 partitions, raw partition b/3 needs 4: add partitions to it',
    )
    await runUntil(setting.clock, isThrough(setting, calls('a', 20, 2)))
  })

  test('may each have a shape of its own', async () => {
    const setting = setUpTwo()
    setting.broker.append([
      { topic: 'a', partition: 1, value: '{"path":"/v1/customers/1","method":"PUT","body":{"n":1}}', timestamp: 1 },
      {
        topic: 'b',
        partition: 1,
        value: '{"n":2}',
        timestamp: 1,
        headers: { method: 'PUT', path: '/v1/customers/2' },
      },
    ])
    const callByTopic: Record<string, CallShape> = { b: 'http-log' }
    const processor = await setting.start({ raw: { topics: ['a', 'b'], callByTopic } })
    await runUntil(setting.clock, () => processor.status().counts.raw === 2)
    const values = setting.broker.stored('main').map(({ value }) => JSON.parse(String(value)) as Message)
    expect(new Map(values.map(({ userId, traits }) => [userId, traits]))).toEqual(
      new Map([
        ['1', { n: 1 }],
        ['2', { n: 2 }],
      ]),
    )
  })
})

interface Message {
  readonly userId: string
  readonly traits: object
}

const named = (topic: string, numbers: Record<number, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(numbers).map(([partition, end]) => [`${topic}/${partition}`, end]))
const entries = (raw: readonly MixedCall[]): readonly (readonly [number, number])[] =>
  Object.entries(ends(raw)).map(([partition, end]) => [Number(partition), end])

describe('a pattern of raw topics', () => {
  test('reads what matches as a whole, and what appears later, once each', async () => {
    const setting = setUpTwo()
    setting.broker.createTopic('ab', 1)
    const first = [...calls('a', 80, 2), ...calls('b', 80, 4)]
    feed(setting, [...first, ...calls('ab', 5, 1)])
    const processors = [
      await setting.start({ raw: { topics: [], pattern: '[a-c]' } }),
      await setting.start({ raw: { topics: [], pattern: '[a-c]' } }),
    ]
    await runUntil(setting.clock, isThrough(setting, first))
    setting.broker.createTopic('c', 3)
    const all = [...first, ...calls('c', 90, 3)]
    feed(setting, all.slice(first.length))
    await setting.broker.renew(group)
    await runUntil(setting.clock, isThrough(setting, all))
    expect(verifyOutput(all, setting.outputs(), topics)).toEqual(nothingAmiss)
    expect([...setting.broker.committed(group, 'ab')]).toEqual([])
    const owned = processors.flatMap((processor) => processor.status().assigned.map(({ topic }) => topic))
    expect(owned.toSorted()).toEqual(['a', 'a', 'b', 'b', 'b', 'b', 'c', 'c', 'c'])
  })

  test('never reads what the processor writes, whatever it matches', async () => {
    const setting = setUp()
    const raw = calls('raw', 40, 2)
    feed(setting, raw)
    const processor = await setting.start({ raw: { topics: [], pattern: '.*' } })
    await runUntil(setting.clock, isThrough(setting, raw))
    expect(processor.status().assigned.map(({ topic }) => topic)).toEqual(['raw', 'raw'])
  })

  test('that matches nothing is refused, and nothing is left open', async () => {
    const setting = setUp()
    await expect(setting.start({ raw: { topics: [], pattern: 'track-.*' } })).rejects.toEqual(
      new TrackbridgeError(
        'TB_TOPIC_MISSING',
        'no topic matches raw.pattern "track-.*", which must match whole names: create one, or mend the pattern',
      ),
    )
    expect(setting.broker.open()).toBe(0)
  })
})

describe('partitioning by key', () => {
  test("brings a person's messages of all raw partitions together, in order as far as they come from one of them", async () => {
    const setting = setUpTwo()
    // Keyed by whoever sent them: a person's calls are anywhere.
    const raw = ['a', 'b'].flatMap((topic) =>
      Array.from({ length: 80 }, (_, number) => ({
        topic,
        partition: number % (topic === 'a' ? 2 : 4),
        key: `server-${number % 5}`,
        timestamp: 1,
        value: JSON.stringify({
          method: 'POST',
          path: `/v1/customers/p${(number * 7) % 11}/events`,
          body: { name: 'seen', data: { number } },
        }),
      })),
    )
    setting.broker.append(raw)
    await setting.start({ raw: { topics: ['a', 'b'] }, partitioning: 'key' })
    await runUntil(setting.clock, () => setting.broker.stored('main').length === 160)
    const messages = setting.broker.stored('main')
    const byPerson = Map.groupBy(messages, ({ key }) => String(key))
    expect(byPerson.size).toBe(11)
    for (const records of byPerson.values()) expect(new Set(records.map(({ partition }) => partition)).size).toBe(1)
    const lanes = Map.groupBy(messages, ({ key, headers }) => {
      const [topic, partition] = sourceOf(headers).split(':')
      return `${String(key)} ${topic}/${partition}`
    })
    for (const records of lanes.values()) {
      const offsets = records.map(({ headers }) => Number(sourceOf(headers).split(':')[2]))
      expect(offsets).toEqual(offsets.toSorted((one, other) => one - other))
    }
  })
})

const sourceOf = (headers: unknown): string =>
  String((headers as readonly (readonly [string, Buffer])[]).find(([name]) => name === 'tb-src')?.[1])
