// OutRecords -> Produce requests -> acknowledged. Holds the sequence numbers of one producer, one count per partition.
// One request carries one batch per partition, so that what does not fit into one batch goes in several requests, one
// after the other. What counts is the encoded, compressed size, looked at and never guessed (spec kafka.md, 2).
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { OutRecord, TopicPartition } from './broker.ts'
import type { Cluster, ClusterNode } from './cluster.ts'
import { partitionKey } from './kafkajs-batch.ts'
import { isAnswer } from './kafkajs-errors.ts'
import { errorOfCode } from './kafkajs.ts'
import { retryPassing } from './retry-passing.ts'
import { produce, type Acknowledgement, type EncodedBatch, type ProduceOptions } from './wire/produce-request.ts'
import type { EncodeBatch } from './wire/record-batch-encoder.ts'
import { errorCode } from './wire/request.ts'
import type { ProducerIdentity } from './wire/transaction-requests.ts'

export interface WriterDeps {
  readonly cluster: Cluster
  readonly encode: EncodeBatch
  readonly limits: BatchLimits
  readonly clock: Clock
}

export interface RecordWriter {
  /** Resolves when all are acknowledged. Rejects with TB_KAFKA_TOO_LARGE when a topic refuses a record that is alone in
   *  its batch, with kafkajs's errors otherwise; nothing is known of the records then, and the writer must go. */
  write(records: readonly OutRecord[], identity: ProducerIdentity): Promise<void>
  /** Sequences start at 0 again: the producer's epoch has changed. */
  restart(): void
}

/** Most bytes of an encoded batch, by topic; lowered for good by what a topic refuses. */
export interface BatchLimits {
  of(topic: string): number
  /** Of a batch with these bytes that was refused. */
  refused(topic: string, bytes: number): void
}

// Below Kafka's default max.message.bytes, 1,048,588. A single larger record is sent all the same: the topic decides.
const firstLimitBytes = 1_000_000

export function createBatchLimits(): BatchLimits {
  const limits = new Map<string, number>()
  const of = (topic: string): number => limits.get(topic) ?? firstLimitBytes
  return {
    of,
    refused: (topic, bytes) => void limits.set(topic, Math.min(of(topic), Math.max(1, Math.floor(bytes / 2)))),
  }
}

/** The sequence number `count` records after `first`: int32 numbers that begin at 0 again. */
export function sequenceAfter(first: number, count: number): number {
  return (first + count) % 2 ** 31
}

/** `transactional`: with the id in `options`; without one, the producer id alone makes repeats harmless. */
export function createRecordWriter(deps: WriterDeps, options: ProduceOptions): RecordWriter {
  const next = new Map<string, number>()
  return {
    async write(records, identity) {
      const queues = groupByPartition(records).map((group) => encodeGroup(deps, options, { group, identity, next }))
      // Each queue holds the batches of one partition; those behind wait for those before.
      for (let wave = 0; queues.some((queue) => queue.length > wave); wave += 1)
        await writeWave(
          deps,
          options,
          queues.flatMap((queue) => queue.slice(wave, wave + 1)),
        )
    },
    restart: () => next.clear(),
  }
}

interface Group extends TopicPartition {
  readonly records: OutRecord[]
}

function groupByPartition(records: readonly OutRecord[]): readonly Group[] {
  const topics = new Map<string, Map<number, Group>>()
  const groups: Group[] = []
  for (const record of records) {
    const { topic, partition } = record
    const partitions = topics.get(topic) ?? new Map<number, Group>()
    if (partitions.size === 0) topics.set(topic, partitions)
    const known = partitions.get(partition)
    if (known !== undefined) known.records.push(record)
    else {
      const group = { topic, partition, records: [record] }
      partitions.set(partition, group)
      groups.push(group)
    }
  }
  return groups
}

interface Encoding {
  readonly group: Group
  readonly identity: ProducerIdentity
  readonly next: Map<string, number>
}

function encodeGroup(deps: WriterDeps, { transactionalId }: ProduceOptions, encoding: Encoding): EncodedBatch[] {
  const { group, identity, next } = encoding
  const key = partitionKey(group)
  const first = next.get(key) ?? 0
  next.set(key, sequenceAfter(first, group.records.length))
  const limit = deps.limits.of(group.topic)
  const encodeFrom = (records: readonly OutRecord[], firstSequence: number): EncodedBatch[] => {
    const writer = { ...identity, firstSequence: identity.producerId < 0n ? -1 : firstSequence }
    const bytes = deps.encode(records, { ...writer, transactional: transactionalId !== null })
    if (bytes.length <= limit || records.length === 1)
      return [{ topic: group.topic, partition: group.partition, bytes, count: records.length }]
    const size = Math.ceil(records.length / Math.ceil(bytes.length / limit + 0.1))
    const starts = Array.from({ length: Math.ceil(records.length / size) }, (_, index) => index * size)
    return starts.flatMap((start) =>
      encodeFrom(records.slice(start, start + size), sequenceAfter(firstSequence, start)),
    )
  }
  return encodeFrom(group.records, first)
}

async function writeWave(deps: WriterDeps, options: ProduceOptions, wave: readonly EncodedBatch[]): Promise<void> {
  const leaders = new Map<string, { readonly node: ClusterNode; readonly batches: EncodedBatch[] }>()
  for (const batch of wave) {
    const node = await deps.cluster.leader(batch)
    const known = leaders.get(node.nodeId)
    if (known === undefined) leaders.set(node.nodeId, { node, batches: [batch] })
    else known.batches.push(batch)
  }
  // All of them to their end: an answer that comes late must not meet the next transaction.
  const ends = await Promise.allSettled(
    [...leaders.values()].map(({ node, batches }) => send(deps, options, { node, batches })),
  )
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
  // One without an answer before the others: it says that something may still happen.
  if (failures.length > 0) throw failures.find((failure) => !isAnswer(failure)) ?? failures[0]
}

async function send(
  { clock, limits }: WriterDeps,
  options: ProduceOptions,
  { node, batches }: { readonly node: ClusterNode; readonly batches: readonly EncodedBatch[] },
): Promise<void> {
  // The same bytes with the same sequence: the newer protocol refuses while the transaction before is still ending.
  await retryPassing(clock, async () => {
    const answers = await node.send(produce(batches, options))
    const refused = answers.find(({ code }) => code !== errorCode.none)
    if (refused === undefined) requireCoverage(batches, answers)
    if (refused?.code === errorCode.messageTooLarge || refused?.code === errorCode.recordListTooLarge)
      throw tooLarge(batches, refused, limits)
    // Of several topics in one request, the one that is denied.
    if (refused?.code === errorCode.topicAuthorizationFailed)
      throw Object.assign(errorOfCode(refused.code), { topic: refused.topic })
    return refused?.code ?? errorCode.none
  })
}

function requireCoverage(batches: readonly EncodedBatch[], answers: readonly Acknowledgement[]): void {
  const answered = new Set(answers.map(partitionKey))
  const missing = batches.map(partitionKey).filter((key) => !answered.has(key))
  if (missing.length === 0) return
  throw new TrackbridgeError('TB_KAFKA_UNAVAILABLE', `Kafka did not acknowledge the records for ${missing.join(', ')}`)
}

function tooLarge(batches: readonly EncodedBatch[], refused: Acknowledgement, limits: BatchLimits): Error {
  const key = partitionKey(refused)
  const batch = batches.find((one) => partitionKey(one) === key)
  if (batch === undefined || batch.count === 1) return errorOfCode(refused.code)
  limits.refused(batch.topic, batch.bytes.length)
  return new TrackbridgeError(
    'TB_KAFKA_UNAVAILABLE',
    `topic ${batch.topic} refuses a batch of ${batch.bytes.length} bytes; batches of at most ${limits.of(batch.topic)} bytes are sent from now on`,
  )
}
