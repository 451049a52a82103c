// What the engines need of Kafka, and nothing of how it is done: types only; kafkajs-broker.ts fills it (spec kafka.md).
//
// Offsets are numbers: they stay exact up to 2^53, which a partition with a million records a second reaches after
// 285 years. Adapters throw TB_BUG on a larger one. "next" is always the next offset to read, as in Kafka's own commits.
import type { RecordHeaders } from '../records/headers.ts'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** One committed record. `timestamp` is milliseconds since 1970. Headers are read by headersOf. */
export interface ConsumerRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: RecordHeaders
}

/** Who we were in the group when a batch arrived. Opaque to engines; handed back on commit. */
export interface Member {
  /** Counts our assignments; work of an older assignment must not resolve, seek or commit. */
  readonly assignment: number
  readonly memberId: string
  /** Kafka's own count of the group's assignments: offsets of an older generation are refused (KIP-447). */
  readonly generation: number
}

/** Committed records of one fetch of one partition: aborted and control records are already gone. */
export interface ConsumerBatch extends TopicPartition {
  readonly member: Member
  /** The offset this fetch asked for. */
  readonly fetchedOffset: number
  /** Where the next fetch starts: after the last record, control records included. */
  readonly nextOffset: number
  /** End of the partition as of this fetch, open transactions included. */
  readonly highWatermark: number
  /** True when only filtered (aborted, control) or deleted records lie between the batch before, or our own seek, and this
   *  one. False for the first batch after an assignment: kafkajs then starts from an offset it read before. */
  readonly continuous: boolean
  readonly records: readonly ConsumerRecord[]
}

export interface BatchContext {
  /** Aborts when the assignment of this batch is over (rebalance, stop, crash). */
  readonly signal: AbortSignal
  /** Tells the group we live. Rejects with TB_KAFKA_REBALANCED when the group has moved on. */
  heartbeat(): Promise<void>
  /** Everything below `next` is done: fetching goes on from there. Does not commit. No-op after the assignment. */
  resolve(next: number): void
  /** Fetch from `offset` next. No-op after the assignment. */
  seek(offset: number): void
}

export interface ConsumeOptions {
  readonly group: string
  readonly topics: readonly string[]
  /** Asked every metadataMaxAgeMs and before each restart: when the answer is another one than the topics in use, the
   *  consumer joins the group anew with it. */
  readonly renewTopics?: () => Promise<readonly string[]>
  /** How many partitions are handed out side by side. */
  readonly concurrency: number
  readonly sessionTimeoutMs: number
  /** Longest wait of a fetch for data; data ends it at once. */
  readonly maxWaitMs: number
  readonly maxBytesPerPartition: number
  /** Added partitions of the topics are noticed after so long; 5 minutes if absent. */
  readonly metadataMaxAgeMs?: number
}

export interface ConsumeHandlers {
  /** One batch of one partition at a time; the next one of that partition comes after this settles.
   *  A rejection makes the consumer re-fetch from the last resolved offset after a back-off. */
  onBatch(batch: ConsumerBatch, context: BatchContext): Promise<void>
  /** The whole assignment, each time it changes. Runs before any batch of it. */
  onAssignment(partitions: readonly TopicPartition[]): void
}

/** A running member of a consumer group, read_committed, without auto-commit; restarts itself with back-off. */
export interface Consumer {
  pause(partition: TopicPartition): void
  resume(partition: TopicPartition): void
  /** Commits offsets with the member's generation. Rejects with TB_KAFKA_REBALANCED when the group has moved on. */
  commit(offsets: readonly (TopicPartition & { readonly next: number })[]): Promise<void>
  /** Resolves after `stop`; rejects when the consumer has given up restarting. */
  readonly ended: Promise<void>
  /** Waits for the batches under way, leaves the group. */
  stop(): Promise<void>
}

export interface OutRecord extends TopicPartition {
  readonly key: Buffer | string | null
  readonly value: Buffer | string | null
  /** Milliseconds since 1970; kept where the topic has CreateTime. */
  readonly timestamp: number
  readonly headers: Readonly<Record<string, Buffer | string>>
}

/** Records and the source offset they were made from: all of it happens or none. */
export interface Unit {
  readonly records: readonly OutRecord[]
  /** Source offset committed with the records. */
  readonly next: number
  readonly member: Member
}

/** After anything but ok the session is dead. `unknown`: the commit may have happened; only the committed offset tells. */
export type CommitResult =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly outcome: 'aborted' | 'unknown'
      readonly reason: 'fenced' | 'rebalanced' | 'too-large' | 'transient' | 'fatal'
      readonly error: Error
    }

/** Writes units of one source partition. Exactly once: in a transaction, fenced by the transactional id and the member.
 *  Invariant: `committed` is read after `init` returned, and every unit starts there. */
export interface Session {
  /** Fences every older session of the same id. */
  init(): Promise<void>
  /** The group's committed offset, stable; null when there is none. */
  committed(): Promise<number | null>
  /** Never rejects. */
  commit(unit: Unit): Promise<CommitResult>
  close(): Promise<void>
}

export type SessionOptions = {
  readonly group: string
  readonly source: TopicPartition
} & (
  | {
      readonly delivery: 'exactly-once'
      readonly transactionalId: string
      readonly transactionTimeoutMs: number
      /** One transaction for each unit, or one for the units of all partitions of this process that wait. */
      readonly commit: 'partition' | 'group'
    }
  | { readonly delivery: 'at-least-once'; readonly consumer: Pick<Consumer, 'commit'> }
)

/** Transactions of records alone, fenced by their id: what has been done must stand among the records. It is read after
 *  `init` returned, up to a high watermark that was asked for after it. */
export interface Transactions extends Pick<Session, 'init' | 'close'> {
  /** `highWatermark`: behind all that stands there, open transactions included. */
  ends(partition: TopicPartition): Promise<{ readonly lastStable: number; readonly highWatermark: number }>
  /** As Session.commit; one record at least. */
  commit(records: readonly OutRecord[]): Promise<CommitResult>
}

/** Plain producer, acks=all, for records outside of transactions. */
export interface Producer {
  /** Resolves when every record is acknowledged. One record may be written twice after a fault, none is lost. */
  send(records: readonly OutRecord[]): Promise<void>
  close(): Promise<void>
}

export interface TopicInfo {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  /** Topic settings by name, e.g. `{'message.timestamp.type': 'LogAppendTime'}`; empty when they may not be read. */
  readonly settings: Readonly<Record<string, string>>
}

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  /** -1: the cluster's default. */
  readonly replicationFactor: number
  readonly settings: Readonly<Record<string, string>>
}

export interface Watermarks {
  readonly earliest: number
  /** Last stable offset: where a read_committed reader ends. */
  readonly lastStable: number
}

/** What is changed of a topic that exists; everything else stays. */
export interface TopicAlteration {
  /** More than it has. */
  readonly partitions?: number
  readonly settings: Readonly<Record<string, string>>
}

/** What somebody may do with a topic or a group, in the words of Kafka's ACLs. */
export type Operation =
  'Read' | 'Write' | 'Create' | 'Delete' | 'Alter' | 'Describe' | 'DescribeConfigs' | 'AlterConfigs'

/** How a topic stands at this moment. */
export interface TopicStanding {
  /** What we may do with it. */
  readonly operations: ReadonlySet<Operation>
  /** By number. `leader` is -1 where there is none. */
  readonly partitions: readonly { readonly leader: number; readonly replicas: number; readonly inSync: number }[]
}

export interface BrokerInfo {
  readonly id: string
  /** `kafka-1.example.org:9092` */
  readonly address: string
  /** What it runs by what it can do: `4.1`; undefined for brokers that do not tell (before 3.0, other makes). */
  readonly release: string | undefined
  /** Some of its settings; empty when they may not be read. */
  readonly settings: Readonly<Record<string, string>>
}

export interface ClusterInfo {
  readonly brokers: readonly BrokerInfo[]
  /** Levels of the features that the cluster has enabled: `{'transaction.version': 2}`. */
  readonly features: Readonly<Record<string, number>>
}

export interface GroupInfo {
  /** Kafka's word: `Stable`, `Empty`, `Dead` (there is none) and so on. */
  readonly state: string
  /** How its members share the partitions, e.g. `RoundRobinAssigner`; empty without members. */
  readonly assignor: string
  readonly members: readonly { readonly clientId: string; readonly host: string; readonly topics: readonly string[] }[]
  /** What we may do with it; empty where the brokers do not tell. */
  readonly operations: ReadonlySet<Operation>
}

/** What `check` asks. Nothing of it changes anything. Every method rejects with TB_KAFKA_*. */
export interface Inspector {
  /** Brokers, their releases, those of their settings that are named. */
  cluster(settings: readonly string[]): Promise<ClusterInfo>
  /** Of those that exist and may be described. `denied`: Kafka does not even tell whether it is there. */
  standings(topics: readonly string[]): Promise<ReadonlyMap<string, TopicStanding | 'denied'>>
  group(group: string): Promise<GroupInfo>
  /** By partition the first record at or after a time, in milliseconds since 1970; the end where there is none. */
  offsetsSince(topic: string, timestampMs: number): Promise<ReadonlyMap<number, number>>
  /** Rejects with TB_KAFKA_UNAUTHORIZED when the transactional id may not be used. */
  reachTransactionalId(id: string): Promise<void>
}

export interface Admin extends Inspector {
  /** Those of `names` that exist. */
  topics(names: readonly string[]): Promise<ReadonlyMap<string, TopicInfo>>
  /** Topics whose whole name the regular expression matches, e.g. `track\..*`, sorted; Kafka's own (`__...`) left out. */
  topicsMatching(pattern: string): Promise<readonly string[]>
  createTopics(specs: readonly TopicSpec[]): Promise<void>
  /** Changes what is named, nothing else: settings first, then partitions. */
  alterTopic(name: string, alteration: TopicAlteration): Promise<void>
  watermarks(topic: string): Promise<ReadonlyMap<number, Watermarks>>
  /** Committed offsets of a group by partition; partitions without one are left out. */
  groupOffsets(group: string, topic: string): Promise<ReadonlyMap<number, number>>
  /** The same, with what was noted beside each offset. */
  groupCommits(group: string, topic: string): Promise<ReadonlyMap<number, GroupCommitted>>
  /** Sets offsets of a group. Rejects with TB_KAFKA_REBALANCED while the group has members. */
  commitOffsets(group: string, topic: string, offsets: ReadonlyMap<number, GroupCommitted>): Promise<void>
  close(): Promise<void>
}

export interface GroupCommitted {
  readonly next: number
  /** Kafka keeps 4,096 bytes by default; empty: none. */
  readonly note: string
}

/** Offsets from `from` up to, not including, `to`. */
export interface OffsetRange extends TopicPartition {
  readonly from: number
  readonly to: number
}

/** Committed records of one fetch within a range. */
export interface RangeBatch extends TopicPartition {
  readonly fetchedOffset: number
  /** At most the range's end. */
  readonly nextOffset: number
  /** So many offsets from `fetchedOffset` on are not kept any more: retention took them. */
  readonly gone: number
  readonly records: readonly ConsumerRecord[]
}

/** Reads history without any group: nothing is joined, nothing committed. */
export interface HistoryReader {
  /** Oldest first, read_committed, one fetch ahead of the caller; ends at the range's end, which must not lie above the
   *  last stable offset. Tries again while Kafka does not answer, for two minutes without progress. Rejects with
   *  TB_KAFKA_*, and with the signal's reason when it aborts. */
  read(range: OffsetRange, signal: AbortSignal): AsyncIterable<RangeBatch>
  close(): Promise<void>
}

/** The cluster. Opens what is asked for; whoever opens closes. */
export interface Broker {
  admin(): Promise<Admin>
  consume(options: ConsumeOptions, handlers: ConsumeHandlers): Promise<Consumer>
  session(options: SessionOptions): Session
  /** `owner`: what the transactional id begins with, before a dot. */
  transactions(owner: string, transactionalId: string, transactionTimeoutMs: number): Transactions
  producer(): Promise<Producer>
  history(options?: { readonly maxBytes: number }): Promise<HistoryReader>
  /** The partition that Java's default partitioner chooses for a key (murmur2). */
  partitionForKey(key: string | Buffer, partitions: number): number
}
