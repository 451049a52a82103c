import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../../src/errors.ts'
import type { ConsumerRecord } from '../../../src/kafka/broker.ts'
import { committedBatches, type AbortedTransaction } from '../../../src/kafka/wire/read-committed.ts'
import { appendRecords, decodeBatches } from '../../../src/kafka/wire/record-batch-decoder.ts'
import { marker, placedAt, plainBatch } from './batch-surgery.ts'
import { readCommittedWithStock } from './stock-codec.ts'

// The key of an abort marker, which any record may have.
const zeroKey = Buffer.alloc(4)
const [A, B] = [1n, 2n] as const

const data = (offset: number, producerId: bigint, { count = 1, key = null as Buffer | null } = {}): Buffer => {
  const transactional = producerId >= 0n
  const records = Array.from({ length: count }, () => ({ key }))
  return placedAt(plainBatch(records, { producerId, transactional }), offset)
}
const abort = (offset: number, producerId: bigint): Buffer => placedAt(marker('abort', producerId), offset)
const commit = (offset: number, producerId: bigint): Buffer => placedAt(marker('commit', producerId), offset)
const plain = (offset: number): Buffer => data(offset, -1n)
const aborted = (producerId: bigint, firstOffset: number): AbortedTransaction => ({ producerId, firstOffset })

function offsetsRead(log: readonly Buffer[], list: readonly AbortedTransaction[], from = 0): readonly number[] {
  const records: ConsumerRecord[] = []
  const batches = decodeBatches(Buffer.concat(log))
  for (const batch of committedBatches(batches, list)) appendRecords(batch, from, records)
  return records.map(({ offset }) => offset)
}

test.each([
  {
    name: 'a fetch that starts in the midst of two aborted transactions gives neither of them',
    log: [data(100, B), data(101, A), abort(102, A), abort(103, B), plain(104)],
    list: [aborted(A, 90), aborted(B, 95)],
    committed: [104],
    stock: [100, 104],
  },
  {
    name: 'a list in order of completion is not taken as one in order of first offsets',
    log: [data(0, A), data(1, A), data(10, B), abort(11, B), abort(12, A), plain(13)],
    list: [aborted(B, 10), aborted(A, 0)],
    committed: [13],
    stock: [0, 1, 13],
  },
  {
    name: 'a record whose key is that of an abort marker does not end an aborted transaction',
    log: [data(0, A, { count: 2, key: zeroKey }), data(2, A), abort(3, A), data(4, -1n, { key: zeroKey })],
    list: [aborted(A, 0)],
    committed: [4],
    stock: [0, 1, 2, 4],
  },
  {
    name: 'a transaction that begins in the midst of what the fetch holds spares what its producer committed before',
    log: [data(0, A), commit(1, A), data(2, A), abort(3, A), data(4, A), commit(5, A)],
    list: [aborted(A, 2)],
    committed: [0, 4],
    stock: [0, 4],
  },
  {
    name: 'a transaction that begins in the midst of a batch takes the whole of it',
    log: [data(4, A, { count: 3 }), abort(7, A), plain(8)],
    list: [aborted(A, 5)],
    committed: [8],
    stock: [4, 8],
  },
  {
    name: 'the same producer aborts twice',
    log: [data(0, A), abort(1, A), data(2, A), commit(3, A), data(4, A), abort(5, A), plain(6)],
    list: [aborted(A, 4), aborted(A, 0)],
    committed: [2, 6],
    stock: [0, 2, 6],
  },
  {
    name: 'records outside of transactions stay, whoever wrote them',
    log: [placedAt(plainBatch([{}], { producerId: A }), 0), data(1, A), plain(2), abort(3, A)],
    list: [aborted(A, 0)],
    committed: [0, 2],
    stock: [0, 2],
  },
])('$name', async ({ log, list, committed, stock }) => {
  expect(offsetsRead(log, list)).toEqual(committed)
  const byStock = await readCommittedWithStock(Buffer.concat(log), list)
  expect(byStock.map(({ offset }) => Number(offset))).toEqual(stock)
})

const twoAborted = [data(0, A), data(1, B), data(2, A), data(3, B), abort(4, B), abort(5, A), plain(6)]

test.each([0, 1, 2, 3, 4, 5, 6])('two interleaved aborted transactions give nothing, read from offset %i', (start) => {
  expect(offsetsRead(twoAborted.slice(start), [aborted(B, 1), aborted(A, 0)])).toEqual([6])
})

test('without aborted transactions all but the markers stays', () => {
  expect(offsetsRead(twoAborted, [])).toEqual([0, 1, 2, 3, 6])
})

test('the list of aborted transactions is left as it was', () => {
  const list = [aborted(B, 1), aborted(A, 0)]
  committedBatches(decodeBatches(Buffer.concat(twoAborted)), list)
  expect(list).toEqual([aborted(B, 1), aborted(A, 0)])
})

test('a damaged marker is refused', () => {
  const damaged = abort(7, A)
  damaged[damaged.length - 1]! ^= 1
  expect(() => offsetsRead([damaged], [])).toThrow(
    new TrackbridgeError('TB_KAFKA_FATAL', 'the record batch of offsets 7 to 7 is damaged: its checksum does not fit'),
  )
})

interface Step {
  readonly producer: bigint
  readonly act: 'send' | 'commit' | 'abort'
  readonly count: number
}
interface Transaction {
  readonly producerId: bigint
  readonly first: number
  last: number
  end: 'open' | 'commit' | 'abort'
}
interface Written {
  readonly batch: Buffer
  readonly offset: number
  readonly count: number
  readonly transaction: Transaction | null
  readonly isMarker: boolean
}

const step = fc.record({
  producer: fc.constantFrom(1n, 2n, 3n, -1n),
  act: fc.constantFrom<Step['act']>('send', 'send', 'send', 'commit', 'abort'),
  count: fc.integer({ min: 1, max: 3 }),
})

function writeLog(steps: readonly Step[]): {
  readonly log: readonly Written[]
  readonly ended: readonly Transaction[]
} {
  const log: Written[] = []
  const ended: Transaction[] = []
  const open = new Map<bigint, Transaction>()
  let offset = 0
  const write = (batch: Buffer, fields: Pick<Written, 'count' | 'transaction' | 'isMarker'>): void => {
    log.push({ batch, offset, ...fields })
    offset += fields.count
  }
  for (const { producer, act, count } of steps) {
    const transaction = open.get(producer) ?? { producerId: producer, first: offset, last: -1, end: 'open' }
    if (producer === -1n)
      write(data(offset, producer, { count, key: zeroKey }), { count, transaction: null, isMarker: false })
    else if (act === 'send') {
      open.set(producer, transaction)
      write(data(offset, producer, { count, key: zeroKey }), { count, transaction, isMarker: false })
    } else if (open.delete(producer)) {
      Object.assign(transaction, { last: offset, end: act })
      ended.push(transaction)
      write(placedAt(marker(act, producer), offset), { count: 1, transaction: null, isMarker: true })
    }
  }
  return { log, ended }
}

/** The model: each record for itself, by how its transaction ended. */
function committedOffsets(log: readonly Written[], from: number): readonly number[] {
  return log
    .filter(({ isMarker, transaction }) => !isMarker && transaction?.end !== 'abort')
    .flatMap(({ offset, count }) => Array.from({ length: count }, (_, index) => offset + index))
    .filter((offset) => offset >= from)
}

const ending = (producer: bigint, act: Step['act']): Step => ({ producer, act, count: 1 })

// Without these most logs would end, for a read_committed reader, at an early open transaction.
const endings = fc
  .tuple(
    ...[1n, 2n, 3n].map((producer) =>
      fc.constantFrom<Step[]>([], [ending(producer, 'commit')], [ending(producer, 'abort')]),
    ),
  )
  .map((ends) => ends.flat())
const steps = fc
  .tuple(fc.array(step, { minLength: 1, maxLength: 50, size: 'max' }), endings)
  .map(([first, last]) => [...first, ...last])
const shuffleKeys = fc.array(fc.nat(), { minLength: 60, maxLength: 60 })

test('law: whatever is fetched of whatever log, exactly the committed records are read', () => {
  let dropped = 0
  fc.assert(
    fc.property(steps, fc.nat(), fc.nat(), shuffleKeys, (taken, startSeed, endSeed, keys) => {
      const { log, ended } = writeLog(taken)
      const firstOpen = log.findIndex(({ transaction }) => transaction?.end === 'open')
      const stable = firstOpen === -1 ? log : log.slice(0, firstOpen)
      const start = startSeed % (stable.length + 1)
      const fetched = stable.slice(start, start + 1 + (endSeed % (stable.length + 1)))
      const [first, last] = [fetched[0], fetched.at(-1)]
      if (first === undefined || last === undefined) return
      // A fetch may ask for an offset in the midst of its first batch.
      const from = first.offset + (startSeed % first.count)
      const list = ended
        .filter(
          ({ end, ...transaction }) => end === 'abort' && transaction.last >= from && transaction.first <= last.offset,
        )
        .map(({ producerId, first: firstOffset }, index) => ({
          entry: aborted(producerId, firstOffset),
          key: keys[index] ?? 0,
        }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ entry }) => entry)
      dropped += list.length
      const batches = fetched.map(({ batch }) => batch)
      expect(offsetsRead(batches, list, from)).toEqual(committedOffsets(fetched, from))
    }),
    { numRuns: 2000 },
  )
  expect(dropped).toBeGreaterThan(1000)
})
