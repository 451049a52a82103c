// What a worker process and its parent say to one another. In: anything that came over the channel. Out: a message, or
// undefined. Plain data: it crosses process borders as JSON.
import { errorCodes, type ErrorCode } from '../../errors.ts'
import { levels, type Level } from '../../ops/log.ts'
import type { Snapshot } from '../../ops/meter-store.ts'
import type { Counts } from '../../processor/counts.ts'
import type { TopicFigures } from '../../processor/raw-topics.ts'
import type { GroupReport } from './group-progress.ts'

/** Every half second, and once more at the end: figures since the worker's start. */
export interface WorkerStatus {
  readonly type: 'status'
  readonly counts: Counts
  /** By raw topic. */
  readonly topics: Readonly<Record<string, TopicFigures>>
  /** Raw partitions that are its own. */
  readonly partitions: number
  /** Of these, the ones that cannot go on. */
  readonly stuck: number
  /** Why it is not ready, for an operator; null when it is. */
  readonly notReady: string | null
  /** Absent: nothing was counted. */
  readonly metrics?: Snapshot
  /** How far its part of the consumer group is. */
  readonly groups?: readonly GroupReport[]
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

/** From the parent to a worker: log lines of this level from now on. */
export interface LevelMessage {
  readonly type: 'level'
  readonly level: Level
}

export type ParentMessage = StopMessage | LevelMessage

/** The level that a message names; undefined for any other message. */
export const levelOf = (value: unknown): Level | undefined =>
  isObject(value) && value['type'] === 'level' ? levels.find((level) => level === value['level']) : undefined

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
