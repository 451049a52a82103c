// Writes calls to a raw topic, or messages to a destination's, at a steady rate, `perSecond` of the job, until it is told to end. The timestamp of each
// is when it was due, not when it went out: a writer that lags is part of the latency and hides none of it.
import type { Message } from 'kafkajs'
import { systemClock } from '../../src/clock.ts'
import { callMessages, partitionByMessage } from '../calls.ts'
import { withDue } from '../message-marks.ts'
import { evenMessages } from '../messages.ts'
import { LZ4, stockKafka } from '../stock-kafkajs.ts'
import type { Open } from './contender.ts'

const tickMs = 5
const partitions = 8
const prepared = 20_000

export const open: Open = async ({ brokers, rawTopic: topic, perSecond = 1_000, writes = 'calls' }) => {
  const recordAt = writes === 'calls' ? calls() : messages()
  const producer = stockKafka(brokers).producer({ createPartitioner: partitionByMessage })
  await producer.connect()
  const stopping = new AbortController()
  const failed = Promise.withResolvers<never>()
  const state = { due: 0, written: 0 }
  const underWay = new Set<Promise<unknown>>()
  const startMs = systemClock.now()
  const write = async (from: number, to: number): Promise<void> => {
    const due = Array.from({ length: to - from }, (_, index) =>
      recordAt(from + index, Math.floor(startMs + ((from + index) * 1000) / perSecond)),
    )
    await producer.send({ topic, messages: due, compression: LZ4 })
    state.written += due.length
  }
  const tick = (): void => {
    const now = Math.floor(((systemClock.now() - startMs) * perSecond) / 1000)
    if (now <= state.due) return
    const sent = write(state.due, now).catch((error: unknown) => failed.reject(error as Error))
    state.due = now
    underWay.add(sent)
    void sent.finally(() => underWay.delete(sent))
  }
  const written = keepWriting(tick, stopping.signal)
  return {
    joined: () => true,
    processed: () => state.written,
    ended: failed.promise,
    async drain() {
      stopping.abort()
      await written
      await Promise.all(underWay)
    },
    stop: () => producer.disconnect(),
  }
}

type RecordAt = (index: number, dueMs: number) => Message

function calls(): RecordAt {
  const list = callMessages({ from: 0, count: prepared, partitions })
  return (index, dueMs) => ({ ...list[index % prepared]!, timestamp: String(dueMs) })
}

// A sink hands on the value alone: what is due when must stand in it.
function messages(): RecordAt {
  const list = [...evenMessages({ count: prepared, partitions })]
  return (index, dueMs) => {
    const message = list[index % prepared]!
    return { ...message, value: withDue(message.value, dueMs), timestamp: String(dueMs) }
  }
}

async function keepWriting(tick: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    tick()
    await systemClock.sleep(tickMs, signal)
  }
}
