// What the worker of a partition is made of, and the states it goes through. Ruled by sink.md, "Behaviour".
//
//   delivering -> delivering   2xx; or refused: halved, and what stands alone is a dead letter
//   delivering -> retrying     network error, 408, 425, 429, 5xx, or Kafka does not take a dead letter for now
//   delivering -> blocked      401, 403, 404, 407, 3xx, TLS; both wait with back-off, then try the same again
//   retrying, blocked -> delivering   any other answer
//   any -> stopped             the dead-letter topic refuses a record, or a bug: nothing more is sent, nothing skipped
//   any -> closed              close(): whatever is in flight is forgotten and never committed
//
// With several requests in flight (concurrency: key) the gravest of their states is the worker's.
import type { Clock } from '../clock.ts'
import type { TrackbridgeError } from '../errors.ts'
import type { ConsumerRecord, TopicPartition } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import type { DeadLetterInput } from '../records/dead-letter.ts'
import type { ReadAvro } from './read-avro.ts'
import type { BatchLimits } from './batch.ts'
import type { Bell } from './bell.ts'
import type { EndpointRequest } from './http-endpoint.ts'
import type { PartitionBuffer } from './partition-buffer.ts'
import type { RequestFormat, SinkFormat } from './request-format.ts'
import type { ApiAnswer } from './verdict.ts'

/** Why nothing is delivered just now. */
interface Setback {
  readonly why: string
  /** Of the API's answer; null where there was none. */
  readonly status: number | null
  /** Milliseconds since 1970. */
  readonly nextTryAtMs: number
}

/** States of a request under way. */
export type DeliveryState =
  | { readonly state: 'delivering' }
  | ({ readonly state: 'retrying'; readonly failures: number } & Setback)
  | ({ readonly state: 'blocked' } & Setback)

export type WorkerState =
  DeliveryState | { readonly state: 'stopped'; readonly error: TrackbridgeError } | { readonly state: 'closed' }

/** Messages taken by the API, messages sent to the dead letters, requests made, requests that came to nothing. */
export type Counted = 'delivered' | 'rejected' | 'requests' | 'retries'

export interface WorkerDeps {
  readonly clock: Clock
  readonly log: Log
  /** From 0 up to, not including, 1. */
  random(): number
  /** Waits for its turn, then makes and sends the request of so many messages; null when `signal` aborted before. Never
   *  rejects. */
  send(makeRequest: () => EndpointRequest, messages: number, signal: AbortSignal): Promise<ApiAnswer | null>
  /** Resolves when all of them are safely written (acks=all). */
  deadLetter(letters: readonly DeadLetterInput[]): Promise<void>
  count(what: Counted, by: number): void
  /** The state has changed. */
  onState(): void
  /** Records have settled, and so bytes have been freed. */
  onSettled(): void
}

export interface WorkerOptions extends TopicPartition {
  readonly destination: string
  readonly limits: BatchLimits & { readonly lingerMs: number; readonly maxInFlight: number }
  /** `partition`, if absent: one batch after another. `key`: up to maxInFlight batches of different persons. */
  readonly concurrency?: 'partition' | 'key'
  /** `pipelines` if absent. */
  readonly format?: SinkFormat
  /** The message in a value in Avro; absent: such values are unreadable. */
  readonly readAvro?: ReadAvro['payload']
}

/** A request under way, or dead letters that are being written. */
export interface Delivery {
  state: DeliveryState
  /** False for dead letters: they hold up no request. */
  isSending: boolean
}

/** What a worker is made of; shared by its loop and its deliveries. */
export interface Worker {
  readonly deps: WorkerDeps
  readonly options: WorkerOptions
  readonly format: RequestFormat
  readonly buffer: PartitionBuffer
  readonly deliveries: Set<Delivery>
  readonly finishing: AbortController
  readonly closing: AbortController
  /** Rung when records arrive or a delivery has ended. */
  readonly change: Bell
  /** Rung when a back-off shall end early. */
  readonly hurry: Bell
  stopped: TrackbridgeError | undefined
}

/** True once nothing new is taken up and nothing waits any longer. */
export const isEnding = ({ finishing, closing, stopped }: Worker): boolean =>
  finishing.signal.aborted || closing.signal.aborted || stopped !== undefined

/** Of the worker: the gravest of its deliveries', once it is neither closed nor stopped. */
export function stateOf({ closing, stopped, deliveries }: Worker): WorkerState {
  if (closing.signal.aborted) return { state: 'closed' }
  if (stopped !== undefined) return { state: 'stopped', error: stopped }
  let gravest: DeliveryState = { state: 'delivering' }
  for (const { state } of deliveries) if (gravityOf(state) > gravityOf(gravest)) gravest = state
  return gravest
}

const gravityOf = (state: DeliveryState): number =>
  state.state === 'delivering' ? 0 : state.state === 'blocked' ? Infinity : state.failures

/** Tells a new state of a delivery; a worker that is closed keeps quiet. */
export function setState(worker: Worker, delivery: Delivery, state: DeliveryState): void {
  if (worker.closing.signal.aborted || (state.state === 'delivering' && delivery.state.state === 'delivering')) return
  delivery.state = state
  worker.deps.onState()
}

/** Nothing more is sent, and nothing skipped. */
export function stopWorker(worker: Worker, error: TrackbridgeError): void {
  if (worker.closing.signal.aborted) return
  worker.stopped ??= error
  worker.change.ring()
  worker.hurry.ring()
  worker.deps.onState()
}

/** Marks records as settled: delivered, or safely among the dead letters. */
export function settleRecords(worker: Worker, settled: readonly { readonly record: ConsumerRecord }[]): void {
  worker.buffer.settle(settled)
  worker.deps.onSettled()
}

/** Waits before the same is tried again. False when the worker is ending: then nothing waits any longer. */
export async function waitBeforeRetry(worker: Worker, waitMs: number): Promise<boolean> {
  if (!isEnding(worker)) await worker.deps.clock.sleep(waitMs, worker.hurry.signal())
  return !isEnding(worker)
}
