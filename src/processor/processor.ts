// The stream processor: raw topics -> destination, unsupported and dead-letter topics. Joins the group, keeps one task for
// each raw partition it owns, and closes the tasks of partitions that left (kafka.md, "Exactly-once"). Raw topics have
// nothing in common but the group: everything is kept by topic and partition.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { BatchContext, Broker, Consumer, ConsumerBatch, Session, TopicPartition } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import { createReminder, type Reminder } from '../reminder.ts'
import type { DecodeAvro } from '../records/call-source.ts'
import type { EncodeDeadLetter } from '../records/dead-letter.ts'
import { addCounts, noCounts, type Counts } from './counts.ts'
import { createShareGuard, type ShareGuard } from './dead-letter-share.ts'
import { tellLetters } from './letter-lines.ts'
import { createPartitioner, type Partitioner, type Partitioning } from './partitioner.ts'
import { partitionName } from './partition-name.ts'
import { createPoisonGuard, type ProcessRecord } from './poison.ts'
import { createTopicReader, openRawTopics, topicFigures, type RawTopics, type TopicFigures } from './raw-topics.ts'
import type { Route } from './routing.ts'
import { createTask, type BatchEnd, type Task } from './task.ts'
import { processRecord, tooLargeRecord, type Selection, type TopologySettings } from './topology.ts'
import type { MappingSettings } from '../translate/mapping-table.ts'

export interface ProcessorDeps {
  readonly broker: Pick<Broker, 'admin' | 'consume' | 'session' | 'partitionForKey'>
  readonly clock: Clock
  readonly log: Log
  /** What a raw record becomes; absent: `processRecord`. For benchmarks and injected faults. */
  readonly processRecord?: ProcessRecord
  /** Values that begin with a zero byte; absent: they are unreadable. */
  readonly decodeAvro?: DecodeAvro
  /** Waits for what decodeAvro needs to know of the records; undefined where it does already. */
  readonly ensureSchemas?: (
    records: Iterable<{ readonly value: Buffer | null }>,
    signal: AbortSignal,
  ) => Promise<void> | undefined
}

export interface ProcessorOptions {
  /** Begins with the prefix. Transactional ids are `<group>.<raw topic>.<partition>`: stable, with no host in them. */
  readonly group: string
  readonly raw: RawTopics
  readonly deadLetterTopic: string
  /** The processor ends when more than this share of raw records would become dead letters, 0 to 1; absent: never. */
  readonly maxDeadLetterShare?: number
  readonly unsupportedTopic: string
  /** How their records are encoded; absent: as JSON. */
  readonly encodeDeadLetter?: EncodeDeadLetter
  readonly encodeUnsupported?: EncodeDeadLetter
  readonly routes: readonly Route[]
  readonly mapping: MappingSettings
  /** Which messages are written; absent: all, see TopologySettings. */
  readonly select?: Selection
  readonly partitioning: Partitioning
  readonly delivery: 'exactly-once' | 'at-least-once'
  readonly commit: 'partition' | 'group'
  readonly chunkRecords: number
  readonly concurrency: number
  readonly maxWaitMs: number
  readonly maxBytesPerPartition: number
  /** Added raw partitions are noticed after so long; 5 minutes if absent. */
  readonly metadataMaxAgeMs?: number
  readonly sessionTimeoutMs: number
  readonly transactionTimeoutMs: number
}

export interface ProcessorStatus {
  /** Raw partitions of ours. */
  readonly assigned: readonly TopicPartition[]
  /** By raw topic, those that we have or had partitions of. */
  readonly topics: Readonly<Record<string, TopicFigures>>
  /** Partitions that cannot go on, and why, by name, e.g. `cio.track.raw/3`; they are tried again, nothing is skipped. */
  readonly stuck: ReadonlyMap<string, string>
  /** Whether the group has given us an assignment yet. */
  readonly joined: boolean
  /** Since the start. */
  readonly counts: Counts
  /** Next raw offset to be written from, by name of the partition. */
  readonly positions: ReadonlyMap<string, number>
}

export interface Processor {
  status(): ProcessorStatus
  /** Resolves after `stop`; rejects when the consumer cannot go on, an invariant is broken, or too large a share of records
   *  became dead letters (TB_DEAD_LETTER_SHARE). Call `stop` then too. */
  readonly ended: Promise<void>
  /** Lets the open transactions finish, leaves the group. May be called again. */
  stop(): Promise<void>
}

/** A partition that Kafka refuses for good is offered again after this long. */
const stuckRetryMs = 10_000

/** What the parts of one processor share. */
interface Shared {
  readonly deps: ProcessorDeps
  readonly options: ProcessorOptions
  readonly topology: TopologySettings
  readonly processRecord: ProcessRecord
  readonly share: ShareGuard
  readonly reminder: Reminder
  readonly partitioner: Partitioner
  readonly tasks: Map<string, Owned>
  readonly stuck: Map<string, string>
  readonly positions: Map<string, number>
  /** Raw records done with since the start, by topic. */
  readonly read: Map<string, number>
  readonly stopping: AbortController
  readonly broken: PromiseWithResolvers<never>
  /** Batches may arrive before `consume` has resolved. */
  readonly consumer: PromiseWithResolvers<Consumer>
  counts: Counts
  /** undefined before the group's first answer. */
  assigned: readonly TopicPartition[] | undefined
}

/** A task and the partition that it works on. */
interface Owned {
  readonly source: TopicPartition
  readonly task: Task
}

/** Joins the group and begins. Rejects with TB_TOPIC_MISSING when a topic it writes to does not exist, or the pattern of
 *  raw topics matches none. */
export async function startProcessor(deps: ProcessorDeps, options: ProcessorOptions): Promise<Processor> {
  const topics = await openRawTopics(deps.broker, options)
  const partitioner = await createPartitioner(deps.broker, options)
  const shared: Shared = {
    deps,
    options,
    partitioner,
    topology: {
      ...options,
      partitionOf: (...choice) => partitioner.partitionOf(...choice),
      readCall: createTopicReader(options.raw, deps.decodeAvro),
    },
    processRecord: createPoisonGuard(deps.processRecord ?? processRecord, deps),
    share: createShareGuard(options.maxDeadLetterShare ?? 1),
    reminder: createReminder(deps.clock),
    tasks: new Map(),
    stuck: new Map(),
    positions: new Map(),
    read: new Map(),
    stopping: new AbortController(),
    broken: Promise.withResolvers<never>(),
    consumer: Promise.withResolvers<Consumer>(),
    counts: noCounts,
    assigned: undefined,
  }
  const consumer = await deps.broker.consume(
    { ...options, ...topics },
    {
      onAssignment: (partitions) => onAssignment(shared, partitions),
      onBatch: (batch, context) => onBatch(shared, batch, context),
    },
  )
  shared.consumer.resolve(consumer)
  const ended = Promise.race([consumer.ended, shared.broken.promise])
  // Callers may look at `ended` late or only through stop.
  ended.catch(() => undefined)
  return {
    status: () => toStatus(shared),
    ended,
    stop: () => stop(shared, consumer),
  }
}

function onAssignment(shared: Shared, partitions: readonly TopicPartition[]): void {
  shared.assigned = partitions.toSorted(byName)
  const mine = new Set(partitions.map(partitionName))
  shared.deps.log.info({ partitions: shared.assigned.map(partitionName) }, 'assignment')
  for (const name of new Set([...shared.tasks.keys(), ...shared.positions.keys()]))
    if (!mine.has(name)) forget(shared, name)
}

const byName = (a: TopicPartition, b: TopicPartition): number =>
  a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1

function forget(shared: Shared, name: string): void {
  const owned = shared.tasks.get(name)
  shared.tasks.delete(name)
  shared.stuck.delete(name)
  shared.positions.delete(name)
  if (owned === undefined) return
  shared.share.forget(owned.source)
  void owned.task
    .close()
    .catch((error: unknown) => shared.deps.log.debug({ err: error, ...owned.source }, 'closing a session failed'))
}

async function onBatch(shared: Shared, batch: ConsumerBatch, context: BatchContext): Promise<void> {
  const { topic, partition } = batch
  const source = { topic, partition }
  const consumer = await shared.consumer.promise
  const { task } = shared.tasks.get(partitionName(source)) ?? openTask(shared, source, consumer)
  const end = await processBatch(shared, task, batch, context)
  if (end === 'done' && shared.stuck.delete(partitionName(source))) shared.deps.log.info(source, 'partition goes on')
  if (typeof end === 'object') stopPartition(shared, source, end.stuck, consumer)
}

async function processBatch(
  shared: Shared,
  task: Task,
  batch: ConsumerBatch,
  context: BatchContext,
): Promise<BatchEnd> {
  try {
    await shared.partitioner.cover(batch)
    const end = await task.process(batch, context)
    if (typeof end === 'object' && endsAll(end.stuck)) throw end.stuck
    return end
  } catch (error) {
    if (error instanceof TrackbridgeError && !endsAll(error)) return { stuck: error }
    shared.broken.reject(error instanceof Error ? error : new Error(String(error)))
    return 'left'
  }
}

// Not a matter of one partition: no other try can mend a broken invariant, and a share that is passed asks for a person.
const endsAll = ({ code }: TrackbridgeError): boolean => code === 'TB_BUG' || code === 'TB_DEAD_LETTER_SHARE'

function stopPartition(shared: Shared, source: TopicPartition, why: TrackbridgeError, consumer: Consumer): void {
  const { log } = shared.deps
  shared.stuck.set(partitionName(source), why.message)
  // Every partition may be stuck on the same, every ten seconds.
  const line = { ...source, err: why, retryMs: stuckRetryMs }
  if (shared.reminder.isDue(`${partitionName(source)} ${why.message}`))
    log.error(line, 'partition stopped: nothing is skipped')
  else log.debug(line, 'partition is still stopped')
  // Paused rather than waited for: a handler that waits holds up every partition of the same broker.
  consumer.pause(source)
  void resumeLater(shared, source, consumer)
}

async function resumeLater({ deps, stopping }: Shared, source: TopicPartition, consumer: Consumer): Promise<void> {
  await deps.clock.sleep(stuckRetryMs, stopping.signal)
  if (!stopping.signal.aborted) consumer.resume(source)
}

function openTask(shared: Shared, source: TopicPartition, consumer: Consumer): Owned {
  const { deps, options, topology } = shared
  const name = partitionName(source)
  const task = createTask({
    clock: deps.clock,
    log: deps.log.child({ ...source }),
    openSession: () => openSession(shared, source, consumer),
    process: (record, { tooLarge }) => {
      const raw = { ...record, ...source }
      const processed = tooLarge ? tooLargeRecord(raw, topology) : shared.processRecord(raw, topology)
      shared.share.see(processed, raw)
      tellLetters(deps.log, raw, processed)
      return processed
    },
    ...(deps.ensureSchemas === undefined ? {} : { prepare: deps.ensureSchemas }),
    chunkRecords: options.chunkRecords,
    onCommit: ({ next, counts }) => {
      shared.positions.set(name, next)
      shared.read.set(source.topic, (shared.read.get(source.topic) ?? 0) + counts.raw)
      shared.counts = addCounts(shared.counts, counts)
    },
  })
  const owned = { source, task }
  shared.tasks.set(name, owned)
  return owned
}

function openSession({ deps, options }: Shared, source: TopicPartition, consumer: Consumer): Session {
  const { group, transactionTimeoutMs, commit } = options
  if (options.delivery === 'at-least-once')
    return deps.broker.session({ delivery: 'at-least-once', consumer, group, source })
  const transactionalId = `${group}.${source.topic}.${source.partition}`
  return deps.broker.session({ delivery: 'exactly-once', transactionalId, transactionTimeoutMs, commit, group, source })
}

async function stop(shared: Shared, consumer: Consumer): Promise<void> {
  shared.stopping.abort()
  await consumer.stop()
  await Promise.allSettled([...shared.tasks.values()].map(({ task }) => task.close()))
  shared.tasks.clear()
}

function toStatus({ assigned, stuck, counts, positions, read }: Shared): ProcessorStatus {
  return {
    assigned: assigned ?? [],
    topics: topicFigures(assigned ?? [], read, stuck),
    stuck: new Map(stuck),
    joined: assigned !== undefined,
    counts,
    positions: new Map(positions),
  }
}
