// The way of one planned request to its end: sent until the API takes or refuses it, halved down to the messages at
// fault, those written to the dead letters. In: calls in order. Out: settled records, states, counts.
// Ruled by sink.md, "Behaviour". States and transitions: partition-worker.ts.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { ConsumerRecord, TopicPartition } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import type { DeadLetterInput } from '../records/dead-letter.ts'
import { backoffMs } from './backoff.ts'
import { batchBody, halve, type BatchLimits } from './batch.ts'
import type { Call, PartitionBuffer } from './partition-buffer.ts'
import type { ApiRequest } from './pipelines-api.ts'
import { verdict, type ApiAnswer, type Verdict } from './verdict.ts'

export type WorkerState =
  | { readonly state: 'delivering' }
  | { readonly state: 'retrying'; readonly failures: number; readonly why: string }
  | { readonly state: 'blocked'; readonly status: number; readonly why: string }
  | { readonly state: 'stopped'; readonly error: TrackbridgeError }
  | { readonly state: 'closed' }

/** Messages taken by the API, messages sent to the dead letters, requests made, requests that came to nothing. */
export type Counted = 'delivered' | 'rejected' | 'requests' | 'retries'

export interface WorkerDeps {
  readonly clock: Clock
  readonly log: Log
  /** From 0 up to, not including, 1. */
  random(): number
  /** Waits for its turn, then makes and sends the request; null when `signal` aborted before. Never rejects. */
  send(makeRequest: () => ApiRequest, signal: AbortSignal): Promise<ApiAnswer | null>
  /** Resolves when all of them are safely written (acks=all). */
  deadLetter(letters: readonly DeadLetterInput[]): Promise<void>
  count(what: Counted, by: number): void
  /** The state has changed or bytes have been freed. */
  onChange(): void
}

export interface WorkerOptions extends TopicPartition {
  readonly destination: string
  readonly limits: BatchLimits & { readonly lingerMs: number }
}

/** What a worker is made of; shared by its loop and its deliveries. */
export interface Worker {
  readonly deps: WorkerDeps
  readonly options: WorkerOptions
  readonly buffer: PartitionBuffer
  readonly finishing: AbortController
  readonly closing: AbortController
  /** Aborted, and replaced, when records arrive. */
  arrival: AbortController
  /** Aborted, and replaced, when a back-off shall end early. */
  hurry: AbortController
  state: WorkerState
}

type Settled = Extract<Verdict, { verdict: 'delivered' | 'halve' }>

/** True once nothing new is taken up and nothing waits any longer. */
export const isEnding = (worker: Worker): boolean => worker.finishing.signal.aborted || worker.closing.signal.aborted

/** Tells a new state; one that is closed keeps quiet. */
export function setState(worker: Worker, state: WorkerState): void {
  if (worker.closing.signal.aborted || (state.state === 'delivering' && worker.state.state === 'delivering')) return
  worker.state = state
  worker.deps.onChange()
}

/** Promises that every call is delivered or a dead letter, in order, when it answers true. */
export async function deliver(worker: Worker, calls: readonly Call[], alone: boolean): Promise<boolean> {
  const segments = [calls]
  for (let segment = segments.shift(); segment; segment = segments.shift()) {
    const settled = await sendUntilSettled(worker, segment, alone)
    if (settled === null) return false
    if (settled.verdict === 'delivered') {
      worker.deps.count('delivered', segment.length)
      settleRecords(worker, segment)
    } else if (segment.length > 1) {
      segments.unshift(...halve(segment))
    } else {
      const letters = segment.map((call) => refusal(call, settled))
      if (!(await writeDeadLetters(worker, letters))) return false
    }
  }
  return true
}

/** Sends the same calls until the API takes or refuses them; null when the worker ends before. */
async function sendUntilSettled(worker: Worker, calls: readonly Call[], alone: boolean): Promise<Settled | null> {
  const { deps, closing } = worker
  const makeRequest = (): ApiRequest => {
    const bodies = calls.map((call) => call.message.render(deps.clock.now()))
    for (const call of calls) call.requests++
    deps.count('requests', 1)
    const [only] = calls
    return alone && only
      ? { path: only.message.type, body: bodies.join('') }
      : { path: 'batch', body: batchBody(bodies) }
  }
  for (let failures = 1; !closing.signal.aborted; failures++) {
    const answer = await deps.send(makeRequest, closing.signal)
    if (answer === null || closing.signal.aborted) return null
    const next = verdict(answer, deps.clock.now())
    if (next.verdict === 'delivered' || next.verdict === 'halve') {
      setState(worker, { state: 'delivering' })
      return next
    }
    deps.count('retries', 1)
    const { why } = next
    setState(
      worker,
      next.verdict === 'blocked'
        ? { state: 'blocked', status: next.status, why }
        : { state: 'retrying', failures, why },
    )
    if (!(await waitBeforeRetry(worker, failures, next.afterMs))) return null
  }
  return null
}

/** False when the worker is ending: then nothing waits any longer. */
async function waitBeforeRetry(worker: Worker, failures: number, afterMs?: number): Promise<boolean> {
  const { deps } = worker
  if (!isEnding(worker)) await deps.clock.sleep(backoffMs(failures, deps.random(), afterMs), worker.hurry.signal)
  return !isEnding(worker)
}

/** A record and why it is a dead letter. `attempt` is 1 where it was never sent. */
type Letter = { readonly record: ConsumerRecord; readonly attempt?: number } & Pick<
  DeadLetterInput,
  'reason' | 'message' | 'answer'
>

function refusal(call: Call, { status, body }: Extract<Verdict, { verdict: 'halve' }>): Letter {
  const reason = status === 413 ? 'too_large' : 'rejected'
  const message = `the API refuses this ${call.message.type} message with status ${status}`
  return { record: call.record, reason, message, attempt: call.requests, answer: { status, body } }
}

/** Promises that all of them are written when it answers true. False: the worker is ending or has stopped. */
export async function writeDeadLetters(worker: Worker, letters: readonly Letter[]): Promise<boolean> {
  const { deps, options, closing } = worker
  const { topic, partition, destination } = options
  const at = deps.clock.now()
  const inputs = letters.map(({ record, attempt = 1, ...fault }): DeadLetterInput => {
    return { ...fault, source: { ...record, topic, partition }, stage: 'sink', destination, attempt, at }
  })
  for (let failures = 1; !closing.signal.aborted; failures++) {
    const error = await deps.deadLetter(inputs).then(
      () => null,
      (fault: unknown) => ({ fault }),
    )
    if (closing.signal.aborted) return false
    if (error === null) {
      logDeadLetters(worker, inputs)
      deps.count('rejected', letters.length)
      settleRecords(worker, letters)
      setState(worker, { state: 'delivering' })
      return true
    }
    if (!(error.fault instanceof TrackbridgeError && error.fault.reaction === 'retry')) {
      setState(worker, { state: 'stopped', error: refusedDeadLetter(worker, inputs, error.fault) })
      return false
    }
    setState(worker, { state: 'retrying', failures, why: `Kafka does not take dead letters: ${error.fault.message}` })
    if (!(await waitBeforeRetry(worker, failures))) return false
  }
  return false
}

function logDeadLetters(worker: Worker, inputs: readonly DeadLetterInput[]): void {
  for (const { source, reason, answer, destination } of inputs) {
    const { topic, partition, offset } = source
    const status = answer === undefined ? {} : { status: answer.status }
    worker.deps.log.debug({ topic, partition, offset, destination, reason, ...status }, 'a message is a dead letter')
  }
}

function refusedDeadLetter(worker: Worker, inputs: readonly DeadLetterInput[], cause: unknown): TrackbridgeError {
  if (cause instanceof TrackbridgeError && cause.code === 'TB_DEAD_LETTER_REFUSED') return cause
  const { topic, partition, destination } = worker.options
  const offset = inputs[0]?.source.offset ?? 0
  return new TrackbridgeError(
    'TB_DEAD_LETTER_REFUSED',
    `the dead-letter topic does not take the record for ${topic}:${partition}:${offset}; the partition stops`,
    { context: { topic, partition, offset, destination }, cause },
  )
}

function settleRecords(worker: Worker, settled: readonly { readonly record: ConsumerRecord }[]): void {
  worker.buffer.settle(settled.map(({ record }) => record))
  worker.deps.onChange()
}
