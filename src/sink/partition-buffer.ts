// What one partition holds: fetched records in order, and which have settled. In: fetches. Out: plans of requests, sizes in
// bytes, the offset that may be committed. No I/O.
// Ruled by sink.md, "Behaviour": memory is bounded by bytes; only the contiguous prefix is committed.
import type { ConsumerRecord } from '../kafka/broker.ts'
import { createCallQueue, type CallQueue, type QueueOptions } from './call-queue.ts'
import { createLedger } from './committable.ts'
import { recordBytes } from './record-size.ts'

export interface PartitionBuffer extends Pick<CallQueue, 'take' | 'returned' | 'takeUnfit'> {
  /** The next request as far as records are there and may go beside those in flight. */
  plan(): ReturnType<CallQueue['plan']>
  /** Takes a fetch; records it holds or has settled already are dropped. */
  push(records: readonly ConsumerRecord[], nextOffset: number, nowMs: number): void
  settle(settled: readonly { readonly record: ConsumerRecord }[]): void
  /** Bytes held, in flight included. */
  bytes(): number
  /** Records held, in flight included. */
  held(): number
  /** End of the settled prefix; null while nothing has settled. */
  committable(): number | null
}

const offsetsOf = (records: readonly ConsumerRecord[]): number[] => records.map((record) => record.offset)

export function createPartitionBuffer(options: QueueOptions): PartitionBuffer {
  const queue = createCallQueue(options)
  const ledger = createLedger()
  let bytes = 0
  let held = 0
  return {
    ...queue,
    plan: () => queue.plan(ledger.passed()),
    push(records, nextOffset, nowMs) {
      const end = ledger.end() ?? 0
      const fresh = (records[0]?.offset ?? end) >= end ? records : records.filter(({ offset }) => offset >= end)
      ledger.handIn(offsetsOf(fresh), nextOffset)
      for (const record of fresh) bytes += recordBytes(record)
      held += fresh.length
      queue.add(fresh, nowMs)
    },
    settle(settled) {
      for (const { record } of settled) {
        ledger.settle(record.offset)
        bytes -= recordBytes(record)
      }
      held -= settled.length
    },
    bytes: () => bytes,
    held: () => held,
    committable: () => ledger.committable(),
  }
}
