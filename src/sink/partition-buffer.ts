// What one partition holds: fetched records in order, the few of them made ready to be sent, and which have settled. In:
// fetches. Out: plans of requests, sizes in bytes, the offset that may be committed. No I/O.
// Ruled by sink.md, "Behaviour": memory is bounded by bytes; only the contiguous prefix is committed.
import type { ConsumerRecord } from '../kafka/broker.ts'
import { placeCall, planBatch, type BatchLimits, type BatchPlan, type Sized } from './batch.ts'
import { emptyLedger, handIn, settle } from './committable.ts'
import { outgoing, type OutgoingMessage } from './outgoing.ts'

/** A message ready to be sent. `requests` counts those that carried it. */
export interface Call extends Sized {
  readonly record: ConsumerRecord
  readonly message: OutgoingMessage
  requests: number
}

/** A record that cannot be sent at all. */
export interface Unfit {
  readonly record: ConsumerRecord
  readonly reason: 'unreadable' | 'too_large'
  /** For people. */
  readonly message: string
}

export interface PartitionBuffer {
  /** Takes a fetch; records it holds or has settled already are dropped. Returns how many were new. */
  push(records: readonly ConsumerRecord[], nextOffset: number, nowMs: number): number
  /** The next request as far as records are there, and when its oldest record came. */
  plan(): BatchPlan & { readonly oldestMs: number }
  /** Takes the first `count` planned calls out; they stay held until settled. */
  take(count: number): readonly Call[]
  /** Takes out what `plan` found unfit, in order. */
  takeUnfit(): readonly Unfit[]
  settle(records: readonly ConsumerRecord[]): void
  /** Bytes held, in flight included. */
  bytes(): number
  /** End of the settled prefix; null while nothing has settled. */
  committable(): number | null
}

/** What a record costs beside its own bytes: objects, header arrays, the ledger. */
const recordOverheadBytes = 200

const sizeOf = (record: ConsumerRecord): number =>
  recordOverheadBytes + (record.key?.length ?? 0) + (record.value?.length ?? 0) + headerBytes(record)

const headerBytes = (record: ConsumerRecord): number =>
  record.headers.reduce((sum, [key, value]) => sum + key.length + (value?.length ?? 0), 0)

const offsetsOf = (records: readonly ConsumerRecord[]): number[] => records.map((record) => record.offset)

interface Waiting {
  readonly record: ConsumerRecord
  readonly sinceMs: number
}

export function createPartitionBuffer(limits: BatchLimits): PartitionBuffer {
  let waiting: readonly Waiting[] = []
  let head = 0
  let ready: (Call & { readonly sinceMs: number })[] = []
  let readyBytes = 0
  let unfit: Unfit[] = []
  let ledger = emptyLedger
  let bytes = 0

  // Messages are made ready only as the next request needs them: parsed, they take several times a record's bytes.
  const prepare = (): void => {
    while (head < waiting.length && ready.length < limits.maxBatchMessages && readyBytes < limits.maxBatchBytes) {
      const { record, sinceMs } = waiting[head++] as Waiting
      const prepared = prepareRecord(record, limits)
      if ('reason' in prepared) {
        unfit.push(prepared)
      } else {
        ready.push({ ...prepared, sinceMs })
        readyBytes += prepared.bytes
      }
    }
  }

  return {
    push(records, nextOffset, nowMs) {
      const held = ledger.held ?? 0
      const fresh = records.filter((record) => record.offset >= held)
      ledger = handIn(ledger, offsetsOf(fresh), nextOffset)
      waiting = [...waiting.slice(head), ...fresh.map((record) => ({ record, sinceMs: nowMs }))]
      head = 0
      bytes += fresh.reduce((sum, record) => sum + sizeOf(record), 0)
      return fresh.length
    },
    plan() {
      prepare()
      return { ...planBatch(ready, limits), oldestMs: ready[0]?.sinceMs ?? 0 }
    },
    take(count) {
      const taken = ready.slice(0, count)
      ready = ready.slice(count)
      readyBytes = ready.reduce((sum, call) => sum + call.bytes, 0)
      return taken
    },
    takeUnfit() {
      const taken = unfit
      unfit = []
      return taken
    },
    settle(records) {
      ledger = settle(ledger, offsetsOf(records))
      bytes -= records.reduce((sum, record) => sum + sizeOf(record), 0)
    },
    bytes: () => bytes,
    committable: () => ledger.committable,
  }
}

function prepareRecord(record: ConsumerRecord, limits: BatchLimits): Call | Unfit {
  const message = outgoing(record.value)
  if (!message.ok) return { record, reason: 'unreadable', message: message.why }
  if (placeCall(message.bytes, limits) !== 'too_large') return { record, message, bytes: message.bytes, requests: 0 }
  const size = `the message has ${message.bytes} bytes as JSON; at most ${limits.maxSingleBytes} can be sent`
  return { record, reason: 'too_large', message: size }
}
