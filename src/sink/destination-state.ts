// A destination as it runs: what its parts share. Types only.
import type { Clock } from '../clock.ts'
import type { Broker, Consumer, TopicPartition } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import type { Reminder } from '../reminder.ts'
import type { BatchLimits } from './batch.ts'
import type { ReadAvro } from './read-avro.ts'
import type { WriteDeadLetters } from './dead-letter-writer.ts'
import type { Counted } from './worker-state.ts'
import type { Bell } from './bell.ts'
import type { Gate } from './gate.ts'
import type { HttpEndpoint } from './http-endpoint.ts'
import type { Narrator } from './narrator.ts'
import type { PartitionWorker } from './partition-worker.ts'
import type { RateUser } from './rate-limits.ts'

/** The settings `limits` of a destination's sink. */
export interface SinkLimits extends BatchLimits {
  readonly timeoutMs: number
  readonly maxInFlight: number
  readonly requestsPerSecond: number
  readonly lingerMs: number
  readonly maxBufferBytes: number
}

/** How messages go out. */
export interface Shape {
  /** What goes in order, one request after the other: a partition, or the messages of the same ids. */
  readonly concurrency?: 'partition' | 'key'
  readonly format?: 'pipelines' | 'ndjson' | 'json-array'
}

export interface DestinationDeps {
  readonly broker: Pick<Broker, 'admin' | 'consume'>
  readonly clock: Clock
  readonly log: Log
  random(): number
  readonly api: Pick<HttpEndpoint, 'send'>
  readonly deadLetter: WriteDeadLetters
  readonly rate: RateUser
  /** Values in Avro; absent: they are unreadable. */
  readonly avro?: ReadAvro
}

export interface DestinationOptions extends Shape {
  readonly name: string
  /** The destination that its dead letters name; absent: `name`. */
  readonly letterName?: string
  readonly topic: string
  /** Of the topic, at the start. */
  readonly partitions: number
  readonly group: string
  readonly limits: SinkLimits
  /** The rate is divided among processes by partitions. */
  readonly isRateShared: boolean
  readonly sessionTimeoutMs: number
  readonly shutdownTimeoutMs: number
}

/** One partition that has had records. */
export interface Entry extends TopicPartition {
  readonly worker: PartitionWorker
  memberId: string
  /** Last committed, or where its first fetch began. */
  committed: number
  paused: boolean
  /** No batch has come since the last assignment. */
  awaitsBatch: boolean
  /** Since the last assignment nothing has shown that nobody else went on meanwhile. */
  isDoubtful: boolean
  /** End of what the worker was handed; records below are repeats. */
  handedTo: number
  /** What its last fetch weighed, as a guess for the next. */
  lastFetchBytes: number
  /** Since when nothing of it is delivered, milliseconds since 1970; null while all is well. */
  failingSinceMs: number | null
}

export interface State {
  readonly deps: DestinationDeps
  readonly options: DestinationOptions
  readonly gate: Gate
  readonly narrator: Narrator
  readonly counted: Record<Counted, number>
  readonly entries: Map<number, Entry>
  readonly stopping: AbortController
  /** Aborted, and replaced, when something may be committed. */
  settled: AbortController
  /** Resolves at the end of the commit that has not begun yet, whatever becomes of it. */
  nextCommit: PromiseWithResolvers<void>
  /** Rung when so much is uncommitted that requests will have to wait soon. */
  readonly commitNow: Bell
  /** Rung when a partition is no longer paused. */
  readonly room: Bell
  readonly fail: (error: unknown) => void
  readonly reminder: Reminder
  /** Ours have changed. */
  readonly onOwned: (partitions: number) => void
  consumer: Consumer | null
  assigned: number
  /** How many assignments there have been. */
  assignments: number
  /** When a request of any partition was last taken, milliseconds since 1970. */
  lastDeliveryMs: number
  /** Partitions that were failing and are no longer. */
  recoveries: number
}
