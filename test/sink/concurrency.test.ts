import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ConsumerRecord } from '../../src/kafka/broker.ts'
import type { ApiAnswer } from '../../src/sink/verdict.ts'
import { runUntil, settle } from '../support/fake-clock.ts'
import { ok, openWorker, record, status } from '../support/worker.ts'

/** A message of each, `m0` being of the first; `ann+anon`: ann's alias of anon. */
const recordsOf = (...people: readonly string[]): ConsumerRecord[] =>
  people.map((person, offset) => {
    const [userId, previousId] = person.split('+')
    const ids = previousId === undefined ? { type: 'track', userId } : { type: 'alias', userId, previousId }
    return record(offset, JSON.stringify({ messageId: `m${offset}`, ...ids }))
  })

/** A worker whose answers the test gives, request by request. */
function openByHand(limits: { maxBatchMessages: number }) {
  const answers: ((answer: ApiAnswer) => void)[] = []
  const opened = openWorker({
    concurrency: 'key',
    limits,
    answer: () => new Promise((resolve) => answers.push(resolve)),
  })
  const sent = (): (readonly string[])[] => opened.sent.map(({ ids }) => ids)
  const answer = async (request: number, given: ApiAnswer): Promise<void> => {
    answers[request]?.(given)
    await settle()
  }
  return { ...opened, sent, answer }
}

test('different persons go side by side, and offsets follow the contiguous prefix', async () => {
  const { worker, sent, answer } = openByHand({ maxBatchMessages: 1 })
  worker.push(recordsOf('ann', 'bob', 'ann', 'cid'), 4)
  await settle()
  expect(sent()).toEqual([['m0'], ['m1'], ['m3']])
  await answer(1, ok)
  await answer(2, ok)
  expect([sent().length, worker.committable()]).toEqual([3, null])
  await answer(0, ok)
  expect([sent().at(-1), worker.committable()]).toEqual([['m2'], 2])
  await answer(3, ok)
  expect([worker.committable(), worker.held(), worker.bufferedBytes()]).toEqual([4, 0, 0])
})

test('no more requests are in flight than maxInFlight', async () => {
  const { worker, sent } = openByHand({ maxBatchMessages: 1 })
  worker.push(recordsOf('a', 'b', 'c', 'd', 'e', 'f'), 6)
  await settle()
  expect(sent().length).toBe(4)
})

test('who must be tried again holds up nobody else', async () => {
  const { clock, worker, sent, answer } = openByHand({ maxBatchMessages: 1 })
  worker.push(recordsOf('ann', 'ann', 'bob', 'cid'), 4)
  await settle()
  await answer(0, status(503))
  await answer(1, ok)
  await answer(2, ok)
  expect([sent(), worker.state().state]).toEqual([[['m0'], ['m2'], ['m3']], 'retrying'])
  clock.advanceToNext()
  await settle()
  expect(sent().at(-1)).toEqual(['m0'])
  await answer(3, ok)
  expect([sent().at(-1), worker.state().state]).toEqual([['m1'], 'delivering'])
})

test('whoever is stuck lets others go ahead only so far: that much at most is sent again after a crash', async () => {
  const { clock, worker, sent } = openWorker({
    concurrency: 'key',
    limits: { maxBatchMessages: 2, maxInFlight: 3 },
    answer: (ids) => (ids.includes('m0') ? status(503) : ok),
  })
  const others = Array.from({ length: 40 }, (_, number) => `p${number}`)
  worker.push(recordsOf('ann', 'ann', ...others), 42)
  await runUntil(clock, () => sent.filter(({ ids }) => ids.includes('m0')).length > 5)
  const taken = sent.flatMap(({ ids }) => ids).filter((id) => id !== 'm0' && id !== 'm1')
  expect([taken.length, new Set(taken).size, taken.includes('m11'), worker.committable()]).toEqual([10, 10, true, null])
})

test('an alias waits for both of its ids, and both wait for it', async () => {
  const { worker, sent, answer } = openByHand({ maxBatchMessages: 1 })
  worker.push(recordsOf('anon', 'ann', 'ann+anon', 'anon', 'ann', 'bob'), 6)
  await settle()
  expect(sent()).toEqual([['m0'], ['m1'], ['m5']])
  await answer(0, ok)
  expect(sent().length).toBe(3)
  await answer(1, ok)
  expect(sent().slice(3)).toEqual([['m2']])
  await answer(3, ok)
  expect(sent().slice(4)).toEqual([['m3'], ['m4']])
})

test('a person is known by the key of the record too', async () => {
  const { worker, sent } = openByHand({ maxBatchMessages: 1 })
  const [one, other] = recordsOf('ann', 'ann@example.org')
  const key = Buffer.from('ann')
  worker.push(
    [
      { ...one!, key },
      { ...other!, key },
    ],
    2,
  )
  await settle()
  expect(sent()).toEqual([['m0']])
})

test('whatever the API answers, each person’s messages are taken in order and all of them settle', async () => {
  const people = fc.constantFrom('a', 'a', 'a', 'b', 'c', 'd', 'a+b', 'd+c')
  const course = fc.record({
    drawn: fc.array(people, { minLength: 1, maxLength: 40 }),
    answers: fc.array(fc.constantFrom(200, 200, 200, 400, 413, 503, 429, 401), { minLength: 1, maxLength: 12 }),
    waits: fc.array(fc.nat(400), { minLength: 1, maxLength: 7 }),
    maxBatchMessages: fc.integer({ min: 1, max: 6 }),
  })
  await fc.assert(
    fc.asyncProperty(course, async ({ drawn, answers, waits, maxBatchMessages }) => {
      const settled: string[] = []
      const { clock, worker, sent, letters } = openWorker({
        concurrency: 'key',
        limits: { maxBatchMessages },
        async answer(ids, count) {
          await clock.sleep(waits[count % waits.length] ?? 0)
          // A fault does not last for ever, or nothing would end.
          const code = count > 200 ? 200 : (answers[count % answers.length] ?? 200)
          if (code === 200 || (ids.length === 1 && (code === 400 || code === 413))) settled.push(...ids)
          return status(code)
        },
      })
      worker.push(recordsOf(...drawn), drawn.length)
      await runUntil(clock, () => worker.committable() === drawn.length)
      worker.close()
      expect(settled.toSorted()).toEqual(drawn.map((_, offset) => `m${offset}`).toSorted())
      expect(new Set(settled).size).toBe(drawn.length)
      expect(letters.every(({ source }) => settled.includes(`m${source.offset}`))).toBe(true)
      for (const person of ['a', 'b', 'c', 'd']) {
        const own = settled
          .map((id) => Number(id.slice(1)))
          .filter((offset) => drawn[offset]?.split('+').includes(person))
        expect(own).toEqual(own.toSorted((one, other) => one - other))
      }
      expect(sent.every(({ ids }) => ids.length <= maxBatchMessages)).toBe(true)
    }),
    { numRuns: 60 },
  )
})
