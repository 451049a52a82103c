// Records that wait to be sent, the first few of them made ready. In: fetches. Out: plans of requests. No I/O.
// Ruled by sink.md, "Behaviour" (order, batching).
import type { ConsumerRecord } from '../kafka/broker.ts'
import type { ReadAvro } from './read-avro.ts'
import { placeCall, planBatch, type BatchPlan, type BatchRules, type Sized } from './batch.ts'
import { createLanes, type InLanes } from './lanes.ts'
import { outgoing, type Outgoing, type OutgoingMessage } from './outgoing.ts'

/** A message ready to be sent. `requests` counts those that carried it. */
export interface Call extends Sized, InLanes {
  readonly record: ConsumerRecord
  readonly message: OutgoingMessage
  /** Counts the records of the partition from 0. */
  readonly number: number
  /** When its record came, milliseconds since 1970. */
  readonly sinceMs: number
  requests: number
}

/** A record that cannot be sent at all. */
export interface Unfit {
  readonly record: ConsumerRecord
  readonly reason: 'unreadable' | 'too_large'
  /** For people. */
  readonly message: string
}

export interface QueueOptions extends BatchRules {
  /** Most requests side by side. With 1 no call ever waits for another's person. */
  readonly sideBySide: number
  /** The message in a value in Avro; absent: such values are unreadable. */
  readonly readAvro?: ReadAvro['payload'] | undefined
}

export interface CallQueue {
  add(records: readonly ConsumerRecord[], nowMs: number): void
  /** The next request as far as records are there and may go beside those in flight. `settled`: so many of the first
   *  records have settled. */
  plan(settled: number): BatchPlan<Call>
  /** The planned calls go out, and hold up those of the same persons until `returned`. */
  take(plan: BatchPlan<Call>): void
  /** None of them is in flight any longer. */
  returned(calls: readonly Call[]): void
  /** Takes out what `plan` found unfit, in order. */
  takeUnfit(): readonly Unfit[]
}

interface Fetch {
  readonly records: readonly ConsumerRecord[]
  readonly sinceMs: number
  /** How many of them have been made ready. */
  read: number
}

export function createCallQueue(options: QueueOptions): CallQueue {
  const { limits, sideBySide } = options
  const fetches: Fetch[] = []
  const lanes = sideBySide === 1 ? undefined : createLanes()
  // Whatever is taken ahead of one that has not settled is sent again after a crash: so far ahead and no further. With
  // lanes that is asked of each call, for many wait; without, of the first, so that requests stay full.
  const mostAhead = 2 * limits.maxBatchMessages * sideBySide
  const isTooFarAhead = (call: Call | undefined, settled: number): boolean =>
    call !== undefined && call.number > settled + limits.maxBatchMessages
  let read = 0
  let ready: Call[] = []
  let readyBytes = 0
  let unfit: Unfit[] = []

  // Only as the next requests need them: it is work for nothing if the partition goes.
  const prepare = (): void => {
    const [mostMessages, mostBytes] = [limits.maxBatchMessages * sideBySide, limits.maxBatchBytes * sideBySide]
    while (fetches[0] && ready.length < mostMessages && readyBytes < mostBytes) {
      const [fetch] = fetches
      const record = fetch.records[fetch.read++]
      if (record === undefined) fetches.shift()
      else {
        const prepared = prepareRecord(record, { number: read++, sinceMs: fetch.sinceMs }, options)
        if ('reason' in prepared) unfit.push(prepared)
        else {
          ready.push(prepared)
          readyBytes += prepared.bytes
        }
      }
    }
  }

  return {
    add(records, nowMs) {
      if (records.length > 0) fetches.push({ records, sinceMs: nowMs, read: 0 })
    },
    plan(settled) {
      prepare()
      if (lanes !== undefined) return planBatch(lanes.free(numberedBelow(ready, settled + mostAhead)), options)
      return planBatch(isTooFarAhead(ready[0], settled) ? [] : ready, options)
    },
    take({ calls }) {
      ready = without(ready, calls)
      for (const call of calls) readyBytes -= call.bytes
      lanes?.enter(calls)
    },
    returned: (calls) => lanes?.leave(calls),
    takeUnfit() {
      const taken = unfit
      unfit = []
      return taken
    },
  }
}

function* numberedBelow(calls: readonly Call[], end: number): Iterable<Call> {
  for (const call of calls) {
    if (call.number >= end) return
    yield call
  }
}

/** `calls` stand among the first of `ready`, in order: mostly they are just the first. */
function without(ready: readonly Call[], calls: readonly Call[]): Call[] {
  const last = calls.at(-1)
  if (ready[calls.length - 1] === last) return ready.slice(calls.length)
  const end = last === undefined ? 0 : ready.indexOf(last) + 1
  const taken = new Set(calls)
  return [...ready.slice(0, end).filter((call) => !taken.has(call)), ...ready.slice(end)]
}

// No JSON begins with a zero byte, and all of Confluent's Avro does.
function readMessage(value: Buffer | null, { sideBySide, readAvro }: QueueOptions): Outgoing {
  const withIds = sideBySide > 1
  if (value?.[0] !== 0) return outgoing(value, { withIds })
  const found = readAvro?.(value) ?? {
    ok: false,
    reason: 'looks like Avro (it begins with a zero byte), and no schemaRegistry says how to read it',
  }
  return found.ok ? outgoing(found.payload, { withIds }) : { ok: false, why: `the value ${found.reason}` }
}

function prepareRecord(
  record: ConsumerRecord,
  place: Pick<Call, 'number' | 'sinceMs'>,
  options: QueueOptions,
): Call | Unfit {
  const message = readMessage(record.value, options)
  if (!message.ok) return { record, reason: 'unreadable', message: message.why }
  const { bytes } = message
  if (placeCall(bytes, options) === 'too_large') {
    const size = `the message has ${bytes} bytes as JSON; at most ${options.limits.maxSingleBytes} can be sent`
    return { record, reason: 'too_large', message: size }
  }
  const isKeyed = options.sideBySide > 1 && record.key !== null
  const lanes = isKeyed ? [...message.ids, `key:${record.key.toString('latin1')}`] : message.ids
  return { record, message, number: place.number, sinceMs: place.sinceMs, bytes, lanes, requests: 0 }
}
