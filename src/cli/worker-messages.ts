// What a worker process and its parent say to one another. In: anything that came over the channel. Out: a message, or
// undefined. Plain data: it crosses process borders as JSON.
import { errorCodes, type ErrorCode } from '../errors.ts'
import type { Counts } from '../processor/counts.ts'

/** Every half second, and once more at the end: figures since the worker's start. */
export interface WorkerStatus {
  readonly type: 'status'
  readonly counts: Counts
  /** Raw partitions that are its own. */
  readonly partitions: number
  /** Of these, the ones that cannot go on. */
  readonly stuck: number
  /** Why it is not ready, for an operator; null when it is. */
  readonly notReady: string | null
}

/** The last word of a worker that cannot go on. `code` is null for what is no fault of a known kind. */
export interface WorkerFailure {
  readonly type: 'failed'
  readonly code: ErrorCode | null
  readonly message: string
}

/** From a worker to its parent. */
export type WorkerMessage = WorkerStatus | WorkerFailure

/** From the parent to a worker: end in order. A message and no signal: supervisors and terminals signal every process at
 *  once, and a second signal would end the worker there and then. */
export interface StopMessage {
  readonly type: 'stop'
}

/** The message, or undefined for what is none. */
export function toWorkerMessage(value: unknown): WorkerMessage | undefined {
  if (!isObject(value)) return undefined
  if (value['type'] === 'status' && isObject(value['counts'])) return value as unknown as WorkerStatus
  if (value['type'] !== 'failed') return undefined
  const { code, message } = value
  return { type: 'failed', code: isErrorCode(code) ? code : null, message: String(message) }
}

/** Whether it tells a worker to end. */
export const isStopMessage = (value: unknown): value is StopMessage => isObject(value) && value['type'] === 'stop'

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(errorCodes, value)
