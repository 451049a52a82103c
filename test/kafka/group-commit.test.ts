import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import type { CommitResult } from '../../src/kafka/broker.ts'
import { createGroupCommit, type GroupCommit } from '../../src/kafka/group-commit.ts'
import { failedCommit } from '../../src/kafka/session-state.ts'
import type { Part, TransactionalProducer } from '../../src/kafka/transactional-producer.ts'
import { settle } from '../support/fake-clock.ts'

const ok: CommitResult = { ok: true }
const failed = (code: TrackbridgeError['code'], outcome: 'aborted' | 'unknown' = 'aborted'): CommitResult =>
  failedCommit(outcome, new TrackbridgeError(code, 'no'))
const partOf = (partition: number, next = 1, generation = 1): Part => ({
  source: { topic: 'raw', partition },
  unit: { records: [], next, member: { assignment: 1, memberId: 'm', generation } },
})

interface Committing {
  /** `2: 0@1 2@1`: the carrier, then partition and next offset of each part. */
  readonly transactions: readonly string[]
  /** Commits the next unit of a partition with a producer of its own. */
  readonly commit: (partition: number, next?: number, generation?: number) => Promise<CommitResult>
  /** Ends the transaction that waits longest. */
  readonly end: (result?: CommitResult) => Promise<void>
}

function openGroup(groupCommit: GroupCommit = createGroupCommit()): Committing {
  const transactions: string[] = []
  const open: ((result: CommitResult) => void)[] = []
  const producerOf = (partition: number): Omit<TransactionalProducer, 'commitRecords'> => ({
    committed: () => Promise.resolve(null),
    commit(parts) {
      transactions.push(
        `${partition}: ${parts.map(({ source, unit }) => `${source.partition}@${unit.next}`).join(' ')}`,
      )
      return new Promise((resolve) => open.push(resolve))
    },
    close: () => Promise.resolve(),
  })
  return {
    transactions,
    commit: (partition, next = 1, generation = 1) =>
      groupCommit.commit(partOf(partition, next, generation), producerOf(partition)),
    async end(result = ok) {
      open.shift()?.(result)
      await settle()
    },
  }
}

test('a unit that waits for nobody goes at once, with its own producer', async () => {
  const { commit, end, transactions } = openGroup()
  const committing = commit(3)
  expect(transactions).toEqual(['3: 3@1'])
  await end()
  expect(await committing).toEqual(ok)
})

test('units that arrive during a transaction go together in the next one, which the lowest partition bears', async () => {
  const { commit, end, transactions } = openGroup()
  const committing = [commit(3), commit(7), commit(2), commit(5)]
  await settle()
  expect(transactions).toEqual(['3: 3@1'])
  await end()
  expect(transactions).toEqual(['3: 3@1', '2: 7@1 2@1 5@1'])
  await end()
  expect(await Promise.all(committing)).toEqual([ok, ok, ok, ok])
})

test('one transaction at a time, and each is ended before its units are answered', async () => {
  const { commit, end, transactions } = openGroup()
  const answered: number[] = []
  for (const partition of [0, 1, 2]) void commit(partition).then(() => answered.push(partition))
  await settle()
  expect([transactions.length, answered]).toEqual([1, []])
  await end()
  expect([transactions.length, answered]).toEqual([2, [0]])
  await end()
  expect([transactions.length, answered]).toEqual([2, [0, 1, 2]])
})

test('units of different generations go in transactions of their own, the oldest first', async () => {
  const { commit, end, transactions } = openGroup()
  const committing = [commit(9), commit(4, 1, 1), commit(1, 1, 2), commit(6, 1, 1), commit(3, 1, 2)]
  for (let left = 3; left > 0; left -= 1) await end()
  expect(transactions).toEqual(['9: 9@1', '4: 4@1 6@1', '1: 1@1 3@1'])
  expect(await Promise.all(committing)).toEqual([ok, ok, ok, ok, ok])
})

test('after a failure each of its partitions goes alone, at once, until one unit of it is through', async () => {
  const { commit, end, transactions } = openGroup()
  const first = [commit(9), commit(1), commit(2)]
  await end()
  await end(failed('TB_KAFKA_UNAVAILABLE'))
  expect(await Promise.all(first)).toEqual([ok, failed('TB_KAFKA_UNAVAILABLE'), failed('TB_KAFKA_UNAVAILABLE')])
  const alone = [commit(1), commit(2), commit(9, 2)]
  expect(transactions.slice(2)).toEqual(['1: 1@1', '2: 2@1', '9: 9@2'])
  for (let left = 3; left > 0; left -= 1) await end()
  expect(await Promise.all(alone)).toEqual([ok, ok, ok])
  const together = [commit(9, 3), commit(1, 2), commit(2, 2)]
  await end()
  await end()
  expect(transactions.slice(5)).toEqual(['9: 9@3', '1: 1@2 2@2'])
  expect(await Promise.all(together)).toEqual([ok, ok, ok])
})

test('a poisoned partition stops only itself: the others go on together', async () => {
  const { commit, end, transactions } = openGroup()
  const first = [commit(9), commit(1), commit(2), commit(3)]
  await end()
  await end(failed('TB_KAFKA_TOO_LARGE'))
  await Promise.all(first)
  const alone = [commit(1), commit(2), commit(3)]
  await end(failed('TB_KAFKA_TOO_LARGE'))
  await end()
  await end()
  expect(await Promise.all(alone)).toEqual([failed('TB_KAFKA_TOO_LARGE'), ok, ok])
  const next = [commit(9, 2), commit(3, 2), commit(1), commit(2, 2)]
  expect(transactions.slice(5)).toEqual(['9: 9@2', '1: 1@1'])
  await end()
  expect(transactions.slice(7)).toEqual(['2: 3@2 2@2'])
  await end(failed('TB_KAFKA_TOO_LARGE'))
  await end()
  expect(await Promise.all(next)).toEqual([ok, ok, failed('TB_KAFKA_TOO_LARGE'), ok])
})

const reasons = [
  { code: 'TB_KAFKA_TOO_LARGE', shared: 'transient', alone: 'too-large' },
  { code: 'TB_KAFKA_FATAL', shared: 'transient', alone: 'fatal' },
  { code: 'TB_KAFKA_UNAUTHORIZED', shared: 'transient', alone: 'fatal' },
  { code: 'TB_KAFKA_UNAVAILABLE', shared: 'transient', alone: 'transient' },
  { code: 'TB_KAFKA_REBALANCED', shared: 'rebalanced', alone: 'rebalanced' },
  { code: 'TB_KAFKA_FENCED', shared: 'fenced', alone: 'fenced' },
] as const

test.each(reasons)(
  '$code is $alone to a partition alone and $shared to those that share',
  async ({ code, shared, alone }) => {
    const { commit, end } = openGroup()
    const result = failed(code)
    const committing = [commit(0), commit(1), commit(2)]
    await end(result)
    await end(result)
    expect(await Promise.all(committing)).toEqual([
      { ...result, reason: alone },
      { ...result, reason: shared },
      { ...result, reason: shared },
    ])
  },
)

test('an unknown outcome is unknown to all that took part, and the error is told to each', async () => {
  const { commit, end } = openGroup()
  const result = failed('TB_KAFKA_UNAVAILABLE', 'unknown')
  const committing = [commit(0), commit(1), commit(2)]
  await end()
  await end(result)
  expect(await Promise.all(committing)).toEqual([ok, result, result])
})

test('a failure does not touch the units that wait behind it', async () => {
  const { commit, end, transactions } = openGroup()
  const committing = [commit(3), commit(1), commit(2)]
  await end(failed('TB_KAFKA_FENCED'))
  expect(transactions).toEqual(['3: 3@1', '1: 1@1 2@1'])
  await end()
  expect(await Promise.all(committing)).toEqual([failed('TB_KAFKA_FENCED'), ok, ok])
})

test('a partition that goes alone does not wait for a group transaction', async () => {
  const { commit, end, transactions } = openGroup()
  const first = commit(1)
  await end(failed('TB_KAFKA_UNAVAILABLE'))
  await first
  void commit(5)
  void commit(1)
  expect(transactions).toEqual(['1: 1@1', '5: 5@1', '1: 1@1'])
})

test('partitions of the same number in different topics are different partitions', async () => {
  const groupCommit = createGroupCommit()
  const { commit, end, transactions } = openGroup(groupCommit)
  const first = commit(1)
  await end(failed('TB_KAFKA_UNAVAILABLE'))
  await first
  void commit(0)
  let done = false
  const other = { ...partOf(1), source: { topic: 'other', partition: 1 } }
  const own: Omit<TransactionalProducer, 'commitRecords'> = {
    committed: () => Promise.resolve(null),
    commit: () => Promise.resolve(ok),
    close: () => Promise.resolve(),
  }
  const waiting = groupCommit.commit(other, own).then(() => (done = true))
  await settle()
  expect([done, transactions]).toEqual([false, ['1: 1@1', '0: 0@1']])
  await end()
  await waiting
})

const anyRun = fc.array(
  fc.record({ partition: fc.nat({ max: 4 }), generation: fc.nat({ max: 1 }), fails: fc.boolean(), end: fc.boolean() }),
  { maxLength: 60 },
)

test('whatever fails and in whatever order, each unit goes in one transaction of its generation and is answered once', async () => {
  await fc.assert(
    fc.asyncProperty(anyRun, async (steps) => {
      const { commit, end, transactions } = openGroup()
      const busy = new Set<number>()
      const answers: boolean[] = []
      const sent: string[] = []
      for (const [index, { partition, generation, fails, end: ends }] of steps.entries()) {
        if (!busy.has(partition)) {
          busy.add(partition)
          sent.push(`${partition}@${index * 2 + generation}`)
          const ended = commit(partition, index * 2 + generation, generation)
          void ended.then(({ ok: success }) => answers.push(success)).then(() => busy.delete(partition))
        }
        if (ends) await end(fails ? failed('TB_KAFKA_UNAVAILABLE') : ok)
      }
      while (busy.size > 0) await end()
      const parts = transactions.map((line) => line.split(' ').slice(1))
      expect(parts.flat().sort()).toEqual(sent.sort())
      expect(answers.length).toBe(sent.length)
      const mixed = parts.filter((line) => new Set(line.map((one) => Number(one.split('@')[1]) % 2)).size > 1)
      expect(mixed).toEqual([])
    }),
    { numRuns: 50 },
  )
})
