import { createRequire } from 'node:module'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { dropAbortedRecords, type AbortedTransaction, type FetchedRecord } from '../../src/kafka/aborted-records.ts'

type Filter = (fetch: { messages: FetchedRecord[]; abortedTransactions: AbortedTransaction[] }) => FetchedRecord[]
const stockFilter = createRequire(import.meta.url)('kafkajs/src/consumer/filterAbortedMessages') as Filter

const zeroKey = Buffer.from([0, 0, 0, 0])
const commitKey = Buffer.from([0, 0, 0, 1])

const data = (offset: number, producerId: string, key: Buffer | null = null): FetchedRecord => ({
  offset: String(offset),
  key,
  isControlRecord: false,
  batchContext: { producerId, inTransaction: producerId !== '-1' },
})
const marker = (offset: number, producerId: string, key: Buffer): FetchedRecord => ({
  offset: String(offset),
  key,
  isControlRecord: true,
  batchContext: { producerId, inTransaction: true },
})
const aborted = (producerId: string, firstOffset: number): AbortedTransaction => ({
  producerId,
  firstOffset: String(firstOffset),
})
const offsetsOf = (records: readonly FetchedRecord[]): number[] => records.map(({ offset }) => Number(offset))

const cases = [
  {
    name: 'a fetch that starts in the midst of two aborted transactions gives neither of them',
    messages: [data(100, 'B'), data(101, 'A'), marker(102, 'A', zeroKey), marker(103, 'B', zeroKey), data(104, '-1')],
    abortedTransactions: [aborted('A', 90), aborted('B', 95)],
    kept: [102, 103, 104],
    stock: [100, 102, 103, 104],
  },
  {
    name: 'a list in order of completion is not taken as one in order of first offsets',
    messages: [data(0, 'A'), data(1, 'A'), data(10, 'B'), marker(11, 'B', zeroKey), marker(12, 'A', zeroKey)],
    abortedTransactions: [aborted('B', 10), aborted('A', 0)],
    kept: [11, 12],
    stock: [0, 1, 11, 12],
  },
  {
    name: 'a record whose key is four zero bytes does not end an aborted transaction',
    messages: [data(0, 'A', zeroKey), data(1, 'A'), marker(2, 'A', zeroKey), data(3, '-1', zeroKey)],
    abortedTransactions: [aborted('A', 0)],
    kept: [2, 3],
    stock: [0, 1, 2, 3],
  },
]

test.each(cases)('$name', ({ messages, abortedTransactions, kept, stock }) => {
  expect(offsetsOf(dropAbortedRecords(messages, abortedTransactions))).toEqual(kept)
  expect(offsetsOf(stockFilter({ messages, abortedTransactions }))).toEqual(stock)
})

const twoAborted = [
  data(0, 'A'),
  data(1, 'B'),
  data(2, 'A'),
  data(3, 'B'),
  marker(4, 'B', zeroKey),
  marker(5, 'A', zeroKey),
]

test.each([0, 1, 2, 3])('two interleaved aborted transactions give nothing, read from offset %i', (start) => {
  const messages = [...twoAborted, data(6, '-1')].slice(start)
  expect(offsetsOf(dropAbortedRecords(messages, [aborted('B', 1), aborted('A', 0)]))).toEqual([4, 5, 6])
})

test.each([null, undefined, []])('without aborted transactions (%o) everything stays', (list) => {
  expect(offsetsOf(dropAbortedRecords(twoAborted, list))).toEqual([0, 1, 2, 3, 4, 5])
})

test('records of formats older than transactions stay', () => {
  const old: FetchedRecord = { offset: '7', key: null }
  expect(dropAbortedRecords([old], [aborted('A', 0)])).toEqual([old])
})

interface Step {
  readonly producer: string
  readonly act: 'send' | 'commit' | 'abort'
}
interface Written {
  readonly record: FetchedRecord
  readonly transaction: Transaction | null
}
interface Transaction {
  readonly producerId: string
  readonly first: number
  last: number
  end: 'open' | 'commit' | 'abort'
}

const step = fc.record({
  producer: fc.constantFrom('A', 'B', 'C', '-1'),
  act: fc.constantFrom('send', 'send', 'send', 'commit', 'abort'),
}) as fc.Arbitrary<Step>

function writeLog(steps: readonly Step[]): { readonly log: Written[]; readonly ended: Transaction[] } {
  const log: Written[] = []
  const ended: Transaction[] = []
  const open = new Map<string, Transaction>()
  for (const { producer, act } of steps) {
    const offset = log.length
    if (producer === '-1') log.push({ record: data(offset, producer, zeroKey), transaction: null })
    else if (act === 'send') {
      const transaction = open.get(producer) ?? { producerId: producer, first: offset, last: -1, end: 'open' }
      open.set(producer, transaction)
      log.push({ record: data(offset, producer, zeroKey), transaction })
    } else {
      const transaction = open.get(producer)
      if (!transaction) continue
      open.delete(producer)
      Object.assign(transaction, { last: offset, end: act })
      ended.push(transaction)
      log.push({ record: marker(offset, producer, act === 'abort' ? zeroKey : commitKey), transaction: null })
    }
  }
  return { log, ended }
}

test('law: whatever is fetched of whatever log, exactly the records of aborted transactions go', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), fc.nat(), (steps, startSeed, endSeed) => {
      const { log, ended } = writeLog(steps)
      const firstOpen = log.findIndex(({ transaction }) => transaction?.end === 'open')
      const lastStable = firstOpen === -1 ? log.length : firstOpen
      const start = lastStable === 0 ? 0 : startSeed % lastStable
      const end = lastStable === start ? start : start + 1 + (endSeed % (lastStable - start))
      const fetched = log.slice(start, end)
      const list = ended
        .filter((transaction) => transaction.end === 'abort' && transaction.last >= start && transaction.first < end)
        .map(({ producerId, first }) => aborted(producerId, first))
      const expected = fetched.filter(({ transaction }) => transaction?.end !== 'abort').map(({ record }) => record)
      expect(
        dropAbortedRecords(
          fetched.map(({ record }) => record),
          list,
        ),
      ).toEqual(expected)
    }),
    { numRuns: 2000 },
  )
})
