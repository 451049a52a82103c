// What the pieces of one kafkajs consumer object share, and when its place in the group is lost. Types and small rules.
import type { Consumer as KafkajsConsumer, EachBatchPayload } from 'kafkajs'
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Log } from '../ops/log.ts'
import { onGroup, onTopic } from './access.ts'
import type { ConsumeHandlers, ConsumeOptions, TopicPartition } from './broker.ts'
import type { ConnectionSettings } from './connection.ts'
import type { Assignment } from './consumer-assignment.ts'
import type { Needs } from './denial.ts'
import { identityOf } from './identity.ts'
import { kafkaErrorType } from './kafkajs-errors.ts'

/** What outlives one kafkajs consumer object: paused partitions, handlers under way, the count of assignments. */
export interface ConsumerShared {
  readonly settings: ConnectionSettings
  readonly options: ConsumeOptions
  /** What is consumed now: `options.topics`, or what `options.renewTopics` has said since. */
  topics: readonly string[]
  readonly handlers: ConsumeHandlers
  readonly log: Log
  readonly clock: Clock
  readonly paused: Map<string, TopicPartition>
  /** Handlers under way by partition; they settle, never reject. */
  readonly active: Map<string, Promise<void>>
  readonly nextAssignment: () => number
  /** A heartbeat was answered or a batch was handled: the consumer is in order. */
  readonly onProgress: () => void
}

/** One kafkajs consumer object and where it stands. */
export interface RunState {
  readonly shared: ConsumerShared
  readonly kafkajs: KafkajsConsumer
  assignment: Assignment | undefined
  /** The newest batch's functions; all of them act on the generation of the moment they are called in. */
  newest: EachBatchPayload | undefined
  lastBeatMs: number
  stopping: boolean
  over: boolean
  readonly crash: (error: unknown) => void
  readonly ending: AbortController
}

/** The rights that a consumer needs. */
export function consumerNeeds({ settings, options, topics }: ConsumerShared): Needs {
  const access = [...topics.map((topic) => onTopic('Read', topic)), onGroup('Read', options.group)]
  return { identity: identityOf(settings), access }
}

const lostTypes: ReadonlySet<string> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'NOT_COORDINATOR_FOR_GROUP',
])

/** True for answers of Kafka after which kafkajs must join the group again. */
export function isLost(error: unknown): boolean {
  return lostTypes.has(kafkaErrorType(error) ?? '')
}

/** Anything thrown, as an Error; kafkajs throws nothing else. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/** An error that makes kafkajs join again when eachBatch rejects with it: kafkajs looks at `type` only. */
export function rejoinError(): Error {
  return Object.assign(new Error('the session of this group member is over'), { type: 'REBALANCE_IN_PROGRESS' })
}

/** TB_KAFKA_REBALANCED for work of an assignment that is over. `tried` completes "cannot ...". */
export function movedOn(tried: string, partition: TopicPartition | undefined): TrackbridgeError {
  return new TrackbridgeError(
    'TB_KAFKA_REBALANCED',
    `cannot ${tried}: the assignment that the work belongs to is over`,
    {
      context: partition ? { topic: partition.topic, partition: partition.partition } : {},
    },
  )
}
