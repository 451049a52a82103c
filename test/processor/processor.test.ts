import { describe, expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import type { Unit } from '../../src/kafka/broker.ts'
import { runUntil, settle } from '../support/fake-clock.ts'
import { seededRandom } from '../support/seeded-random.ts'
import type { CommitFault } from '../support/memory-broker.ts'
import { mixedCalls } from '../support/mixed-calls.ts'
import { feed, group, setUp, stopWithin, topics, type Setting } from '../support/processor.ts'
import { nothingAmiss, verifyOutput } from '../support/verify-output.ts'

const calls = (count: number, partitions = 2) =>
  mixedCalls({ topic: 'raw', count, partitions, people: 12, timestamp: Date.UTC(2026, 10, 21) })
const endsOf = (raw: ReturnType<typeof calls>): Record<number, number> =>
  Object.fromEntries(raw.map(({ partition, offset }) => [partition, offset + 1]))
const isThrough = (setting: Setting, raw: ReturnType<typeof calls>) => (): boolean =>
  JSON.stringify(setting.committed()) === JSON.stringify(endsOf(raw))
const partitionsOf = (...numbers: readonly number[]) => numbers.map((partition) => ({ topic: 'raw', partition }))
const messages = ({ lines }: Setting): string[] => lines.map(({ message }) => message)

const failPartition = (partition: number) => (unit: Unit) =>
  unit.records.some((record) => record.partition === partition) ? ('fatal' as const) : null

describe('processor', () => {
  test('writes what every raw record calls for, commits, and accounts for all of it', async () => {
    const setting = setUp()
    const raw = calls(200)
    feed(setting, raw)
    const processor = await setting.start()
    await runUntil(setting.clock, isThrough(setting, raw))
    expect(verifyOutput(raw, setting.outputs(), topics)).toEqual(nothingAmiss)
    const { counts, ...status } = processor.status()
    expect(status).toEqual({
      assigned: partitionsOf(0, 1),
      topics: { raw: { partitions: 2, stuck: 0, raw: 200 } },
      stuck: new Map(),
      joined: true,
      positions: new Map(Object.entries(endsOf(raw)).map(([partition, end]) => [`raw/${partition}`, end])),
    })
    const written = Object.fromEntries([...setting.outputs()].map(([topic, records]) => [topic, records.length]))
    expect(counts.written).toEqual(written)
    expect(counts.raw).toBe(200)
    expect(counts.translated + counts.unsupported + counts.deadLetters + counts.skipped).toBe(200)
  })

  test('tells its partitions before they have had records', async () => {
    const setting = setUp()
    const processor = await setting.start()
    await runUntil(setting.clock, () => processor.status().joined)
    expect(processor.status().assigned).toEqual(partitionsOf(0, 1))
  })

  test('refuses to start without its topics, and leaves nothing open', async () => {
    const setting = setUp()
    await expect(setting.start({ deadLetterTopic: 'gone' })).rejects.toEqual(
      new TrackbridgeError('TB_TOPIC_MISSING', 'these topics do not exist: gone'),
    )
    expect(setting.broker.open()).toBe(0)
  })

  test('closes the sessions of partitions that leave, and keeps the others', async () => {
    const setting = setUp()
    const raw = calls(60)
    feed(setting, raw)
    const first = await setting.start()
    await runUntil(setting.clock, isThrough(setting, raw))
    expect(setting.broker.open()).toBe(3)
    const second = await setting.start()
    await runUntil(setting.clock, () => second.status().joined && first.status().assigned.length === 1)
    await settle()
    expect([first.status().assigned, second.status().assigned]).toEqual([partitionsOf(0), partitionsOf(1)])
    expect([...first.status().positions.keys(), setting.broker.open()]).toEqual(['raw/0', 3])
    const more = calls(120)
    feed(setting, more.slice(60))
    await runUntil(setting.clock, isThrough(setting, more))
    expect(setting.broker.open()).toBe(4)
    expect(verifyOutput(more, setting.outputs(), topics)).toEqual(nothingAmiss)
  })

  test('takes partitions over when the other one stops', async () => {
    const setting = setUp()
    const first = await setting.start()
    const second = await setting.start()
    await runUntil(setting.clock, () => second.status().assigned.length === 1)
    await stopWithin(setting.clock, first)
    const raw = calls(60)
    feed(setting, raw)
    await runUntil(setting.clock, isThrough(setting, raw))
    expect(second.status().assigned).toEqual(partitionsOf(0, 1))
    expect(verifyOutput(raw, setting.outputs(), topics)).toEqual(nothingAmiss)
  })
})

describe('a partition that Kafka refuses for good', () => {
  test('is paused and told, holds up no other, and goes on when it is offered again', async () => {
    const setting = setUp()
    const raw = calls(60)
    feed(setting, raw)
    setting.broker.faults.sessionCommit = failPartition(1)
    const processor = await setting.start()
    const end = endsOf(raw)[0]
    for (let turn = 0; turn < 200 && setting.committed()[0] !== end; turn++) await settle()
    expect(setting.committed()).toEqual({ 0: end })
    expect(processor.status().stuck).toEqual(new Map([['raw/1', 'memory broker: the commit was aborted (fatal)']]))
    expect(messages(setting).filter((message) => message.startsWith('partition'))).toEqual([
      'partition stopped: nothing is skipped',
    ])
    setting.clock.advance(9_999)
    await settle()
    setting.broker.faults.sessionCommit = null
    await settle()
    expect(setting.committed()).toEqual({ 0: end })
    setting.clock.advance(1)
    await runUntil(setting.clock, isThrough(setting, raw))
    await settle()
    expect(processor.status().stuck).toEqual(new Map())
    expect(messages(setting).at(-1)).toBe('partition goes on')
    expect(verifyOutput(raw, setting.outputs(), topics)).toEqual(nothingAmiss)
  })

  test('is tried again for as long as it takes', async () => {
    const setting = setUp()
    const raw = calls(60)
    feed(setting, raw)
    let tries = 0
    setting.broker.faults.sessionCommit = (unit) => {
      const fault = failPartition(1)(unit)
      if (fault !== null) tries++
      return fault !== null && tries <= 5 ? fault : null
    }
    await setting.start()
    await runUntil(setting.clock, isThrough(setting, raw))
    expect(tries).toBeGreaterThan(5)
    expect(verifyOutput(raw, setting.outputs(), topics)).toEqual(nothingAmiss)
  })

  test('is told when a destination has too few partitions for it', async () => {
    const setting = setUp()
    setting.broker.createTopic('small', 1)
    feed(setting, calls(10))
    const routes = [{ name: 'small', topic: 'small', where: { excludeEmailOnly: false }, integrations: {} }]
    const processor = await setting.start({ routes })
    await runUntil(setting.clock, () => processor.status().stuck.size > 0)
    expect(processor.status().stuck).toEqual(
      new Map([['raw/1', 'topic small has 1 partitions, raw partition raw/1 needs 2: add partitions to it']]),
    )
  })

  test('is not stuck any more when it has left', async () => {
    const setting = setUp()
    feed(setting, calls(60))
    setting.broker.faults.sessionCommit = failPartition(1)
    const first = await setting.start()
    await runUntil(setting.clock, () => first.status().stuck.size > 0)
    await setting.start()
    await runUntil(setting.clock, () => first.status().assigned.length === 1)
    expect(first.status().stuck).toEqual(new Map())
  })
})

describe('the end', () => {
  test('stop ends `ended`, closes every session, and may be called again', async () => {
    const setting = setUp()
    const raw = calls(60)
    feed(setting, raw)
    const processor = await setting.start()
    await runUntil(setting.clock, isThrough(setting, raw))
    await stopWithin(setting.clock, processor)
    await processor.stop()
    await expect(processor.ended).resolves.toBe(undefined)
    expect(setting.broker.open()).toBe(0)
  })

  test('stop in the midst of work leaves whole units behind; the next start goes on from there', async () => {
    const setting = setUp()
    const raw = calls(400)
    feed(setting, raw)
    const first = await setting.start()
    await runUntil(setting.clock, () => first.status().counts.raw > 50)
    await stopWithin(setting.clock, first)
    const done = Object.values(setting.committed()).reduce((sum, next) => sum + next, 0)
    expect(first.status().counts.raw).toBe(done)
    expect(done).toBeLessThan(400)
    const second = await setting.start()
    await runUntil(setting.clock, isThrough(setting, raw))
    expect(second.status().counts.raw).toBe(400 - done)
    expect(verifyOutput(raw, setting.outputs(), topics)).toEqual(nothingAmiss)
  })

  test('`ended` rejects when the consumer has given up', async () => {
    const setting = setUp()
    const processor = await setting.start()
    setting.broker.crash(group, new Error('gave up'))
    await expect(processor.ended).rejects.toThrow('gave up')
  })

  test('`ended` rejects when an invariant is broken', async () => {
    const setting = setUp()
    feed(setting, calls(10))
    const bug = new TrackbridgeError('TB_BUG', 'broken')
    setting.broker.faults.sessionCommit = () => {
      throw bug
    }
    const processor = await setting.start()
    await expect(processor.ended).rejects.toBe(bug)
  })
})

describe('delivery', () => {
  test('at least once: a lost commit repeats records, none is lost', async () => {
    const setting = setUp({ partitions: 1 })
    const raw = calls(30, 1)
    feed(setting, raw)
    let commits = 0
    setting.broker.faults.commitOffsets = () => (++commits === 2 ? new Error('lost') : null)
    await setting.start({ delivery: 'at-least-once' })
    await runUntil(setting.clock, isThrough(setting, raw))
    const { lost, misplaced, foreign, doubled } = verifyOutput(raw, setting.outputs(), topics)
    expect({ lost, misplaced, foreign }).toEqual({ lost: [], misplaced: [], foreign: [] })
    const second = raw.slice(10, 20).map(({ offset }) => offset)
    expect([...new Set(doubled.map((place) => Number(place.split(':')[2])))].sort((a, b) => a - b)).toEqual(
      second.filter((offset) => raw[offset]?.value !== null),
    )
  })

  const kinds: readonly CommitFault[] = ['aborted', 'unknown-committed', 'unknown-aborted', 'too-large', 'fatal']

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'exactly once: commits that fail in every way, rebalances and evictions cost nothing (seed %i)',
    async (seed) => {
      const setting = setUp({ partitions: 4 })
      const random = seededRandom(seed)
      const raw = calls(600, 4)
      const [before, after] = [raw.slice(0, 400), raw.slice(400)]
      feed(setting, before)
      setting.broker.faults.sessionCommit = () =>
        random() < 0.3 ? (kinds[Math.floor(random() * kinds.length)] ?? null) : null
      const processors = [await setting.start(), await setting.start()]
      for (let round = 0; round < 12; round++) {
        await settle(1 + Math.floor(random() * 30))
        setting.clock.advance(random() * 3_000)
        const drawn = random()
        if (drawn < 0.4) await setting.broker.rebalance(group)
        else if (drawn < 0.7) {
          const evicted = await setting.broker.evict(group, Math.floor(random() * 2))
          await settle(1 + Math.floor(random() * 10))
          await evicted.rejoin()
        } else if (drawn < 0.85) {
          await stopWithin(setting.clock, processors.shift()!)
          processors.push(await setting.start())
        }
        if (round === 6) feed(setting, after)
      }
      await runUntil(setting.clock, isThrough(setting, raw))
      // A record that was too large alone is a dead letter instead of its messages: that is so by decision.
      const tooLarge = tooLargeSources(setting)
      const expected = raw.filter(({ partition, offset }) => !tooLarge.has(`raw:${partition}:${offset}`))
      const outputs = new Map(
        [...setting.outputs()].map(([topic, records]) => [
          topic,
          records.filter(({ headers }) => !tooLarge.has(headers['tb-src']!)),
        ]),
      )
      expect(verifyOutput(expected, outputs, topics)).toEqual(nothingAmiss)
    },
  )
})

function tooLargeSources({ broker }: Setting): ReadonlySet<string> {
  const letters = broker.stored('dlq').map(({ value }) => JSON.parse(String(value)) as LetterPlace)
  const found = letters.filter(({ reason }) => reason === 'too_large')
  return new Set(found.map(({ source }) => `raw:${source.partition}:${source.offset}`))
}

interface LetterPlace {
  readonly reason: string
  readonly source: { readonly partition: number; readonly offset: number }
}
