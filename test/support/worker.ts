// A partition worker with scripted answers, dead letters that are kept, and a clock that the test moves. Test support.
import type { ConsumerRecord } from '../../src/kafka/broker.ts'
import { silentLog } from '../../src/ops/log.ts'
import type { DeadLetterInput } from '../../src/records/dead-letter.ts'
import type { WorkerOptions } from '../../src/sink/worker-state.ts'
import { createPartitionWorker } from '../../src/sink/partition-worker.ts'
import type { EndpointRequest } from '../../src/sink/http-endpoint.ts'
import type { ApiAnswer } from '../../src/sink/verdict.ts'
import { createFakeClock } from './fake-clock.ts'

export const limits = {
  maxBatchMessages: 100,
  maxBatchBytes: 10_000,
  maxCallBytes: 1_000,
  maxSingleBytes: 2_000,
  lingerMs: 50,
  maxInFlight: 4,
}

/** A track message whose messageId is `m<offset>`, or any text. */
export const record = (
  offset: number,
  text: string | null = JSON.stringify({ type: 'track', messageId: `m${offset}` }),
): ConsumerRecord => ({
  offset,
  timestamp: 0,
  key: null,
  value: text === null ? null : Buffer.from(text),
  headers: [],
})
/** Track messages with offsets from `from` up to, not including, `to`. */
export const records = (from: number, to: number): ConsumerRecord[] =>
  Array.from({ length: to - from }, (_, index) => record(from + index))

export const ok: ApiAnswer = { status: 200, headers: {}, body: '{}' }
export const status = (code: number, body = 'no'): ApiAnswer => ({ status: code, headers: {}, body })

interface Sent {
  readonly path: string
  readonly ids: readonly string[]
  readonly atMs: number
}

const idsOf = (request: EndpointRequest): string[] => {
  const body = JSON.parse(request.body.toString()) as { batch?: { messageId: string }[]; messageId?: string }
  return body.batch ? body.batch.map(({ messageId }) => messageId) : [body.messageId ?? '']
}

interface Script {
  readonly answer?: (ids: readonly string[], count: number) => ApiAnswer | Promise<ApiAnswer>
  readonly deadLetter?: (letters: readonly DeadLetterInput[]) => Promise<void>
  readonly limits?: Partial<WorkerOptions['limits']>
  readonly concurrency?: 'partition' | 'key'
}

export function openWorker({ answer = () => ok, deadLetter, limits: changed, concurrency = 'partition' }: Script = {}) {
  const clock = createFakeClock(0)
  const sent: Sent[] = []
  const letters: DeadLetterInput[] = []
  const counted = { delivered: 0, rejected: 0, requests: 0, retries: 0 }
  const states: string[] = []
  const worker = createPartitionWorker(
    {
      clock,
      log: silentLog,
      random: () => 0.5,
      async send(makeRequest, _, signal) {
        const request = makeRequest()
        const ids = idsOf(request)
        sent.push({ path: request.path.slice(1), ids, atMs: clock.now() })
        return signal.aborted ? null : answer(ids, sent.length)
      },
      async deadLetter(given) {
        await deadLetter?.(given)
        letters.push(...given)
      },
      count(what, by) {
        counted[what] += by
      },
      onState() {
        const { state } = worker.state()
        if (states.at(-1) !== state) states.push(state)
      },
      onSettled: () => undefined,
    },
    { topic: 't', partition: 0, destination: 'main', limits: { ...limits, ...changed }, concurrency },
  )
  return { clock, worker, sent, letters, counted, states }
}

/** The messageIds of `records(from, to)`. */
export const ids = (from: number, to: number): string[] => records(from, to).map(({ offset }) => `m${offset}`)
