// The stream processor: raw topic -> destination, unsupported and dead-letter topics. Joins the group, keeps one task for
// each raw partition it owns, and closes the tasks of partitions that left (kafka.md, "Exactly-once").
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { BatchContext, Broker, Consumer, ConsumerBatch, Session, TopicPartition } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import { addCounts, noCounts, type Counts } from './counts.ts'
import { createShareGuard, type ShareGuard } from './dead-letter-share.ts'
import { createPartitioner, type Partitioner, type Partitioning } from './partitioner.ts'
import { createPoisonGuard, type ProcessRecord } from './poison.ts'
import type { Route } from './routing.ts'
import { createTask, type BatchEnd, type Task } from './task.ts'
import { processRecord, tooLargeRecord, type TopologySettings } from './topology.ts'
import type { MappingSettings } from '../translate/mapping-table.ts'

export interface ProcessorDeps {
  readonly broker: Pick<Broker, 'admin' | 'consume' | 'session' | 'partitionForKey'>
  readonly clock: Clock
  readonly log: Log
  /** What a raw record becomes; absent: `processRecord`. For benchmarks and injected faults. */
  readonly processRecord?: ProcessRecord
}

export interface ProcessorOptions {
  /** Begins with the prefix. Transactional ids are `<group>.<raw topic>.<partition>`: stable, with no host in them. */
  readonly group: string
  readonly rawTopic: string
  readonly deadLetterTopic: string
  /** The processor ends when more than this share of raw records would become dead letters, 0 to 1; absent: never. */
  readonly maxDeadLetterShare?: number
  readonly unsupportedTopic: string
  readonly routes: readonly Route[]
  readonly mapping: MappingSettings
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
  readonly assigned: readonly number[]
  /** Partitions that cannot go on, and why; they are tried again, nothing is skipped. */
  readonly stuck: ReadonlyMap<number, string>
  /** Whether the group has given us an assignment yet. */
  readonly joined: boolean
  /** Since the start. */
  readonly counts: Counts
  /** Next raw offset to be written from, by partition. */
  readonly positions: ReadonlyMap<number, number>
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
  readonly partitioner: Partitioner
  readonly tasks: Map<number, Task>
  readonly stuck: Map<number, string>
  readonly positions: Map<number, number>
  readonly stopping: AbortController
  readonly broken: PromiseWithResolvers<never>
  /** Batches may arrive before `consume` has resolved. */
  readonly consumer: PromiseWithResolvers<Consumer>
  counts: Counts
  /** undefined before the group's first answer. */
  assigned: readonly number[] | undefined
}

/** Joins the group and begins. Rejects with TB_TOPIC_MISSING when a topic it writes to does not exist. */
export async function startProcessor(deps: ProcessorDeps, options: ProcessorOptions): Promise<Processor> {
  const partitioner = await createPartitioner(deps.broker, options)
  const shared: Shared = {
    deps,
    options,
    partitioner,
    topology: { ...options, partitionOf: (...choice) => partitioner.partitionOf(...choice) },
    processRecord: createPoisonGuard(deps.processRecord ?? processRecord, deps),
    share: createShareGuard(options.maxDeadLetterShare ?? 1),
    tasks: new Map(),
    stuck: new Map(),
    positions: new Map(),
    stopping: new AbortController(),
    broken: Promise.withResolvers<never>(),
    consumer: Promise.withResolvers<Consumer>(),
    counts: noCounts,
    assigned: undefined,
  }
  const consumer = await deps.broker.consume(
    { ...options, topics: [options.rawTopic] },
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
  const mine = new Set(partitions.map(({ partition }) => partition))
  shared.assigned = [...mine]
  shared.deps.log.info({ topic: shared.options.rawTopic, partitions: [...mine] }, 'assignment')
  for (const partition of new Set([...shared.tasks.keys(), ...shared.positions.keys()]))
    if (!mine.has(partition)) forget(shared, partition)
}

function forget(shared: Shared, partition: number): void {
  const task = shared.tasks.get(partition)
  shared.tasks.delete(partition)
  shared.stuck.delete(partition)
  shared.positions.delete(partition)
  shared.share.forget(partition)
  void task
    ?.close()
    .catch((error: unknown) => shared.deps.log.debug({ err: error, partition }, 'closing a session failed'))
}

async function onBatch(shared: Shared, batch: ConsumerBatch, context: BatchContext): Promise<void> {
  const { partition } = batch
  const consumer = await shared.consumer.promise
  const task = shared.tasks.get(partition) ?? openTask(shared, partition, consumer)
  const end = await processBatch(shared, task, batch, context)
  if (end === 'done' && shared.stuck.delete(partition)) shared.deps.log.info({ partition }, 'partition goes on')
  if (typeof end === 'object') stopPartition(shared, partition, end.stuck, consumer)
}

async function processBatch(
  shared: Shared,
  task: Task,
  batch: ConsumerBatch,
  context: BatchContext,
): Promise<BatchEnd> {
  try {
    await shared.partitioner.cover(batch.partition)
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

function stopPartition(shared: Shared, partition: number, why: TrackbridgeError, consumer: Consumer): void {
  const { log } = shared.deps
  const { rawTopic: topic } = shared.options
  shared.stuck.set(partition, why.message)
  log.error({ topic, partition, err: why, retryMs: stuckRetryMs }, 'partition stopped: nothing is skipped')
  // Paused rather than waited for: a handler that waits holds up every partition of the same broker.
  consumer.pause({ topic, partition })
  void resumeLater(shared, { topic, partition }, consumer)
}

async function resumeLater({ deps, stopping }: Shared, source: TopicPartition, consumer: Consumer): Promise<void> {
  await deps.clock.sleep(stuckRetryMs, stopping.signal)
  if (!stopping.signal.aborted) consumer.resume(source)
}

function openTask(shared: Shared, partition: number, consumer: Consumer): Task {
  const { deps, options, topology } = shared
  const task = createTask({
    clock: deps.clock,
    log: deps.log.child({ topic: options.rawTopic, partition }),
    openSession: () => openSession(shared, partition, consumer),
    process: (record, { tooLarge }) => {
      const raw = { ...record, topic: options.rawTopic, partition }
      const processed = tooLarge ? tooLargeRecord(raw, topology) : shared.processRecord(raw, topology)
      shared.share.see(processed, raw)
      return processed
    },
    chunkRecords: options.chunkRecords,
    onCommit: ({ next, counts }) => {
      shared.positions.set(partition, next)
      shared.counts = addCounts(shared.counts, counts)
    },
  })
  shared.tasks.set(partition, task)
  return task
}

function openSession({ deps, options }: Shared, partition: number, consumer: Consumer): Session {
  const { group, rawTopic: topic, transactionTimeoutMs, commit } = options
  const source = { topic, partition }
  if (options.delivery === 'at-least-once')
    return deps.broker.session({ delivery: 'at-least-once', consumer, group, source })
  const transactionalId = `${group}.${topic}.${partition}`
  return deps.broker.session({ delivery: 'exactly-once', transactionalId, transactionTimeoutMs, commit, group, source })
}

async function stop(shared: Shared, consumer: Consumer): Promise<void> {
  shared.stopping.abort()
  await consumer.stop()
  await Promise.allSettled([...shared.tasks.values()].map((task) => task.close()))
  shared.tasks.clear()
}

function toStatus({ assigned, stuck, counts, positions }: Shared): ProcessorStatus {
  return {
    assigned: assigned ?? [],
    stuck: new Map(stuck),
    joined: assigned !== undefined,
    counts,
    positions: new Map(positions),
  }
}
