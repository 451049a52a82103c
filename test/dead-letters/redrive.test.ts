import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { markRecord } from '../../src/records/marks.ts'
import { hashOf } from '../../src/dead-letters/person.ts'
import { parseSelection } from '../../src/dead-letters/selection.ts'
import { letterRanges } from '../../src/dead-letters/reading.ts'
import { runRedrive } from '../../src/dead-letters/redrive.ts'
import {
  identify,
  letterOf,
  memoryLetters,
  provenance,
  redrive,
  redriveDeps,
  redriveOptions,
  textHeader,
} from '../support/letters-in-memory.ts'
import type { CommitFault } from '../support/memory-broker.ts'

const events = (count: number) =>
  Array.from({ length: count }, (_, offset) => letterOf(identify, { raw: { offset, partition: offset % 2 } }))

describe('redrive', () => {
  test('whatever becomes of its commits, gives each message and each mark once', async () => {
    const fault = fc.constantFrom<CommitFault | null>(
      null,
      'aborted',
      'unknown-committed',
      'unknown-aborted',
      'too-large',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 12 }),
        fc.integer({ min: 1, max: 1_200 }),
        async (faults, count) => {
          const broker = memoryLetters()
          broker.append(events(count))
          const left = [...faults]
          broker.faults.transactionCommit = (records) => {
            const next = left.shift() ?? null
            return next === 'too-large' && records.length <= 3 ? null : next
          }
          const { done } = await redrive(redriveDeps(broker))
          const expected = Array.from({ length: count }, (_, offset) => `raw:${offset % 2}:${offset}:0`).toSorted()
          expect(provenance(broker, 'main')).toEqual(expected)
          expect(provenance(broker, 'shop')).toEqual(expected)
          expect(broker.stored('dlq').filter(({ value }) => value === null)).toHaveLength(count)
          expect([done.redriven, done.messages, done.alreadyRedriven]).toEqual([count, 2 * count, 0])
        },
      ),
      { numRuns: 40 },
    )
  })

  test('what it writes bears its name, the provenance and the ids of the first time', async () => {
    const broker = memoryLetters()
    broker.append([letterOf(identify, { raw: { offset: 7, headers: [['tb-replay', Buffer.from('spring')]] } })])
    await redrive(redriveDeps(broker))
    const [message] = broker.stored('main')
    const { messageId } = JSON.parse(String(message?.value)) as { readonly messageId: string }
    expect(['tb-src', 'tb-mid', 'tb-replay'].map((name) => textHeader(message!, name))).toEqual([
      'raw:0:7:0',
      messageId,
      'redrive',
    ])
  })

  test('waits for an open transaction of somebody else that lies before marks', async () => {
    const broker = memoryLetters()
    broker.append(events(4))
    const end = broker.appendOpen([{ topic: 'dlq', partition: 0, key: null, value: 'x', timestamp: 0, headers: {} }])
    const mark = markRecord({ kind: 'redriven', topic: 'dlq', partition: 0, offset: 0 })
    broker.append([{ ...mark, topic: 'dlq', partition: 0 }])
    let polls = 0
    const sleep = async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve))
      if (++polls === 5) end('aborted')
    }
    const told: (string | undefined)[] = []
    let nowMs = 0
    const clock = { now: () => (nowMs += 2_000), sleep }
    const deps = redriveDeps(broker, { clock, onWaiting: (why) => told.push(why) })
    const done = await runRedrive(deps, await redriveOptions(deps))
    expect([done.redriven, done.alreadyRedriven]).toEqual([3, 1])
    expect(told[0]).toBe('waiting for an open transaction of another producer on dlq/0, from offset 2 on')
    expect(provenance(broker, 'main')).toEqual(['raw:0:2:0', 'raw:1:1:0', 'raw:1:3:0'])
  })

  test('stops when another one takes over, and says so', async () => {
    const broker = memoryLetters()
    broker.append(events(4))
    let isTaken = false
    broker.faults.transactionCommit = () => {
      isTaken = true
      return null
    }
    const deps = redriveDeps(broker)
    const others = { ...deps, broker: { ...broker, transactions: takenOver(broker) } }
    await expect(redrive(others)).rejects.toMatchObject({
      code: 'TB_KAFKA_FENCED',
      message:
        'another redrive or forget works on dlq/0: this one stops. What it has committed stays; run it again for the rest',
    })
    expect([isTaken, broker.stored('main').length]).toEqual([false, 0])
  })

  test('what fails again is a new letter of the next attempt with its first provenance, and the old one is marked', async () => {
    const broker = memoryLetters()
    broker.append([letterOf({ ...identify, identifiers: {} }, { attempt: 3, raw: { offset: 5 } })])
    const { done } = await redrive(redriveDeps(broker))
    const [, again, mark] = broker.stored('dlq')
    expect(JSON.parse(String(again?.value))).toMatchObject({
      reason: 'invalid',
      attempt: 4,
      source: { topic: 'raw', partition: 0, offset: 5 },
    })
    expect([textHeader(again!, 'tb-replay'), textHeader(mark!, 'tb-src')]).toEqual(['redrive', 'dlq:0:0'])
    expect(done).toMatchObject({ redriven: 1, failedAgain: 1, messages: 0 })
  })

  test('of a batch that failed in part only what failed is run, under ids of its own', async () => {
    const broker = memoryLetters()
    const batch = [identify, { ...identify, action: 'event', name: 'seen' }, identify]
    const value = { batch }
    broker.append([letterOf(value, { operations: [1] })])
    await redrive(redriveDeps(broker))
    const [message, ...others] = broker.stored('main')
    expect([textHeader(message!, 'tb-src'), textHeader(message!, 'tb-type'), others]).toEqual([
      `raw:0:7:${2 * 65_536}`,
      'track',
      [],
    ])
    const whole = memoryLetters()
    whole.append([letterOf(value)])
    await redrive(redriveDeps(whole))
    const ids = whole.stored('main').map((record) => textHeader(record, 'tb-mid'))
    expect(ids).toHaveLength(3)
    expect(ids).not.toContain(textHeader(message!, 'tb-mid'))
  })

  test('a letter of an older version is run whole, which the counts say', async () => {
    const broker = memoryLetters()
    broker.append([letterOf({ batch: [identify, identify] }, { reason: 'invalid', field: 'batch[1].identifiers' })])
    expect((await redrive(redriveDeps(broker))).plan.counts).toMatchObject({ redriven: 1, wholeBatches: 1 })
  })

  test('a letter larger than a topic accepts becomes a letter too_large, a message stays as it is', async () => {
    const broker = memoryLetters()
    broker.append([
      letterOf(identify),
      letterOf(identify, {
        stage: 'sink',
        destination: 'main',
        reason: 'rejected',
        raw: { topic: 'main', partition: 1 },
      }),
    ])
    broker.faults.transactionCommit = (records) => (records.some(({ topic }) => topic === 'main') ? 'too-large' : null)
    const { done } = await redrive(redriveDeps(broker))
    expect(done).toMatchObject({
      redriven: 1,
      failedAgain: 1,
      kept: { 'it is larger than topic main accepts (max.message.bytes)': 1 },
    })
    expect(JSON.parse(String(broker.stored('dlq')[1]?.value))).toMatchObject({ reason: 'too_large', attempt: 2 })
  })

  test('takes what is asked for, at most so many, and nothing of a person who has been forgotten', async () => {
    const broker = memoryLetters()
    broker.append([
      letterOf(identify, { reason: 'invalid', raw: { offset: 1 } }),
      letterOf(identify, { raw: { offset: 2 } }),
      letterOf({ ...identify, identifiers: { id: '7' } }, { raw: { offset: 3, key: null } }),
      letterOf(identify, { raw: { offset: 4, key: null } }),
      letterOf(identify, { raw: { offset: 5 } }),
    ])
    const mark = markRecord({ kind: 'forgotten', personHash: hashOf('7') })
    broker.append([{ ...mark, topic: 'dlq', partition: 0 }])
    const selection = parseSelection(['reason=unreadable'])
    const { plan, done } = await redrive(redriveDeps(broker), { selection, limit: 2 })
    expect(plan.counts).toMatchObject({ redriven: 2, notMeant: 1, forgotten: 1 })
    expect(done).toEqual(plan.counts)
    expect(provenance(broker, 'main')).toEqual(['raw:0:2:0', 'raw:0:4:0'])
  })

  test('a topic that does not exist is named', async () => {
    await expect(letterRanges(redriveDeps(memoryLetters()), 'none')).rejects.toMatchObject({
      code: 'TB_TOPIC_MISSING',
      message: 'topic "none" does not exist',
    })
  })
})

/** Somebody takes the id over between the owner's reading and its commit. */
function takenOver(broker: ReturnType<typeof memoryLetters>) {
  return (...options: Parameters<typeof broker.transactions>) => {
    const ours = broker.transactions(...options)
    return {
      ...ours,
      async commit(...records: Parameters<typeof ours.commit>) {
        const theirs = broker.transactions(...options)
        await theirs.init()
        await theirs.close()
        return ours.commit(...records)
      },
    }
  }
}

test('a redrive that is told to stop leaves nothing half done', async () => {
  const broker = memoryLetters()
  broker.append(events(1_200))
  const ending = new AbortController()
  const deps = redriveDeps(broker, { signal: ending.signal, onCommit: () => ending.abort(new Error('SIGINT')) })
  await expect(redrive(deps)).rejects.toThrowError('SIGINT')
  const marks = broker.stored('dlq').filter(({ value }) => value === null).length
  expect([broker.stored('main').length, marks]).toEqual([500, 500])
})
