// One transactional id as this process holds it: opened by InitProducerId, then one transaction after the other. Order
// within one: records and source offsets side by side, then the end. Any error kills the producer, for its sequence
// numbers cannot be trusted after one; an error of the end itself is an unknown outcome (spec kafka.md, "Exactly-once").
// Without a group there are no source offsets, and nothing but the id fences (records-transactions.ts).
// States: open -> in transaction -> open | dead. Both transaction protocols: see wire/transaction-requests.ts.
import { TrackbridgeError, type ErrorContext } from '../errors.ts'
import type { Log } from '../ops/log.ts'
import { onGroup, onTopic, onTransactionalIds, type Access } from './access.ts'
import type { CommitResult, OutRecord, TopicPartition, Unit } from './broker.ts'
import type { Cluster, ClusterNode } from './cluster.ts'
import { within } from './deadline.ts'
import { needing, type Needs } from './denial.ts'
import { isAnswer, toTrackbridgeError } from './kafkajs-errors.ts'
import { claimProducerId } from './producer-id.ts'
import { createRecordWriter, type RecordWriter, type WriterDeps } from './record-writer.ts'
import { retryPassing } from './retry-passing.ts'
import { failedCommit } from './session-state.ts'
import { readCommittedOffset } from './stable-offset.ts'
import { transactionVersion } from './wire/group-requests.ts'
import { errorCode } from './wire/request.ts'
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  txnOffsetCommit,
  type TransactionIdentity,
} from './wire/transaction-requests.ts'

export interface TransactionDeps extends WriterDeps {
  readonly log: Log
  /** Told of each transaction that has ended, for the metrics. */
  readonly onTransaction?: OnTransaction
}

/** How one transaction went, from its first request to the answer to its end. */
export type OnTransaction = (transaction: { readonly result: CommitResult; readonly tookMs: number }) => void

export interface TransactionOptions {
  /** Whose offsets the transactions bear; null: none. */
  readonly group: string | null
  /** What the transactional id begins with, before a dot; absent: the group. */
  readonly owner?: string
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
}

/** A unit and the source partition it was made from. */
export interface Part {
  readonly source: TopicPartition
  readonly unit: Unit
}

export interface TransactionalProducer {
  /** The group's committed offset, none pending; null when there is none. Rejects with TB_KAFKA_*. */
  committed(source: TopicPartition): Promise<number | null>
  /** All parts in one transaction; they bear the same member. Never rejects. One at a time. */
  commit(parts: readonly Part[]): Promise<CommitResult>
  /** Records alone in one transaction, one at least. Never rejects. One at a time. */
  commitRecords(records: readonly OutRecord[]): Promise<CommitResult>
  close(): Promise<void>
}

const produceTimeoutMs = 30_000
const abortTimeoutMs = 5_000
const txnOffsetCommitKey = 28

interface GroupNode {
  readonly group: string
  readonly node: ClusterNode
}

interface Opened {
  readonly deps: TransactionDeps
  readonly options: TransactionOptions
  readonly coordinators: { readonly transaction: ClusterNode; readonly group: GroupNode | undefined }
  /** Whether the cluster has enabled the newer protocol. */
  readonly newer: boolean
  readonly writer: RecordWriter
  identity: TransactionIdentity
}

/** Fences every older owner of the id and settles what it has open. Rejects with TB_KAFKA_*. */
export async function openTransactionalProducer(
  deps: TransactionDeps,
  options: TransactionOptions,
): Promise<TransactionalProducer> {
  await deps.cluster.open()
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= deps.cluster.close())
  try {
    const access = accessOf(options)
    const opened = await needing({ identity: deps.cluster.identity, access }, () => fence(deps, options))
    const timed = async (run: () => Promise<CommitResult>): Promise<CommitResult> => {
      const startMs = deps.clock.now()
      const result = await run()
      deps.onTransaction?.({ result, tookMs: deps.clock.now() - startMs })
      return result
    }
    return {
      async committed(source) {
        const { group, node } = groupOf(opened)
        return readCommittedOffset({ node, clock: deps.clock, identity: deps.cluster.identity }, group, source)
      },
      commit: (parts) => timed(() => commit(opened, parts)),
      commitRecords: (records) => timed(() => commitRecords(opened, records)),
      close,
    }
  } catch (error) {
    await close()
    throw toTrackbridgeError(error, `open a transactional producer as ${options.transactionalId}`)
  }
}

async function fence(deps: TransactionDeps, options: TransactionOptions): Promise<Opened> {
  const { cluster, clock } = deps
  const { transactionalId, transactionTimeoutMs } = options
  // What failed before may have failed because something has moved.
  await cluster.refresh()
  const [transaction, group] = await Promise.all([
    cluster.coordinator('transaction', transactionalId),
    options.group === null ? undefined : findGroup(cluster, options.group),
  ])
  const newer = (await transaction.send(transactionVersion())) >= 2
  const claimed = await claimProducerId({ node: transaction, clock }, transactionalId, transactionTimeoutMs)
  const produceOptions = { transactionalId, apiVersion: newer ? 12 : 7, timeoutMs: produceTimeoutMs } as const
  const writer = createRecordWriter(deps, produceOptions)
  return {
    deps,
    options,
    coordinators: { transaction, group },
    newer,
    writer,
    identity: { ...claimed, transactionalId },
  }
}

async function findGroup(cluster: Cluster, group: string): Promise<GroupNode> {
  const node = await cluster.coordinator('group', group)
  requireOffsetFencing(node)
  return { group, node }
}

function groupOf({ coordinators, options }: Opened): GroupNode {
  if (coordinators.group !== undefined) return coordinators.group
  throw new TrackbridgeError('TB_BUG', `${options.transactionalId} bears no offsets: it was opened without a group`)
}

const accessOf = ({ group, owner }: TransactionOptions): readonly Access[] => [
  ...(group === null ? [] : [onGroup('Read', group)]),
  onTransactionalIds(owner ?? group ?? ''),
]

function requireOffsetFencing(coordinator: ClusterNode): void {
  const newest = coordinator.newestVersion(txnOffsetCommitKey)
  if (newest >= 3) return
  throw new TrackbridgeError(
    'TB_KAFKA_FATAL',
    `the brokers know TxnOffsetCommit up to version ${newest}; version 3, of Kafka 2.5, is needed (KIP-447)`,
  )
}

async function commit(opened: Opened, parts: readonly Part[]): Promise<CommitResult> {
  const tried = `commit a transaction for ${parts.map(nameOf).join(', ')}`
  const context = parts.length === 1 ? { ...parts[0]?.source } : {}
  const fault = faultOf(parts)
  if (fault !== undefined) return failedCommit('aborted', new TrackbridgeError('TB_BUG', `cannot ${tried}: ${fault}`))
  const records = parts.length === 1 ? (parts[0]?.unit.records ?? []) : parts.flatMap(({ unit }) => unit.records)
  return writeAndEnd(opened, { parts, records }, { tried, context })
}

async function commitRecords(opened: Opened, records: readonly OutRecord[]): Promise<CommitResult> {
  const tried = `commit a transaction as ${opened.options.transactionalId}`
  if (records.length > 0) return writeAndEnd(opened, { parts: [], records }, { tried, context: {} })
  return failedCommit('aborted', new TrackbridgeError('TB_BUG', `cannot ${tried}: there are no records`))
}

interface Content {
  readonly parts: readonly Part[]
  readonly records: readonly OutRecord[]
}

async function writeAndEnd(
  opened: Opened,
  content: Content,
  { tried, context }: { readonly tried: string; readonly context: ErrorContext },
): Promise<CommitResult> {
  const failures = await fill(opened, content)
  const [first] = failures
  if (first !== undefined) {
    // Without an answer the request may still be carried out, after an abort of the same epoch too, and the transaction
    // after would commit it (brokers before 3.6). The next InitProducerId aborts with a newer epoch, which refuses it.
    if (failures.every(isAnswer)) await abort(opened)
    return failedCommit('aborted', toTrackbridgeError(first, tried, context))
  }
  try {
    await needing(needsFor(opened, 'Read', []), () => end(opened, 'commit'))
    return { ok: true }
  } catch (error) {
    // Never abort here: the commit may have been carried out. The next InitProducerId settles it.
    return failedCommit('unknown', toTrackbridgeError(error, tried, context))
  }
}

function nameOf({ source, unit }: Part): string {
  return `${source.topic}/${source.partition} up to offset ${unit.next}`
}

/** What went wrong; nothing did when it is empty. */
async function fill(opened: Opened, { parts, records }: Content): Promise<readonly unknown[]> {
  // Both to their end, whatever becomes of the other: an abort must not overtake a write that is still under way. The
  // offsets first: their error tells of a rebalance where the records' one may only tell of its consequence.
  const sources = parts.map(({ source }) => source)
  const ends = await Promise.allSettled([
    needing(needsFor(opened, 'Read', sources), () => sendOffsets(opened, parts)),
    needing(needsFor(opened, 'Write', records), () => sendRecords(opened, records)),
  ])
  return ends.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
}

function needsFor({ deps, options }: Opened, operation: 'Read' | 'Write', places: readonly TopicPartition[]): Needs {
  const topics = new Set(places.map(({ topic }) => topic))
  const access: readonly Access[] = [...[...topics].map((topic) => onTopic(operation, topic)), ...accessOf(options)]
  return { identity: deps.cluster.identity, access }
}

// Whoever fences by a generation must not mix generations.
function faultOf(parts: readonly Part[]): string | undefined {
  const generation = parts[0]?.unit.member.generation
  if (generation === undefined) return 'a transaction has no parts'
  const isWhole = ({ unit }: Part): boolean => Number.isSafeInteger(unit.next) && unit.next >= 0
  if (!parts.every(isWhole)) return 'a unit bears an offset that is no whole number from 0'
  return parts.every(({ unit }) => unit.member.generation === generation)
    ? undefined
    : 'a transaction mixes generations'
}

async function sendOffsets(opened: Opened, parts: readonly Part[]): Promise<void> {
  const [first] = parts
  if (first === undefined) return
  const { deps, coordinators, newer, identity } = opened
  const { member } = first.unit
  const { group, node } = groupOf(opened)
  const offsets = parts.map(({ source, unit }) => ({ ...source, next: unit.next }))
  if (!newer) await retryPassing(deps.clock, () => coordinators.transaction.send(addOffsetsToTxn(identity, group)))
  const request = txnOffsetCommit(identity, { group, member, offsets }, newer ? 5 : 3)
  await retryPassing(deps.clock, () => node.send(request))
}

async function sendRecords(opened: Opened, records: readonly OutRecord[]): Promise<void> {
  const { deps, coordinators, newer, identity, writer } = opened
  if (records.length === 0) return
  if (!newer) {
    const partitions = partitionsOf(records)
    await retryPassing(deps.clock, () => coordinators.transaction.send(addPartitionsToTxn(identity, partitions)))
  }
  await writer.write(records, identity)
}

function partitionsOf(records: readonly TopicPartition[]): readonly TopicPartition[] {
  const seen = new Map<string, Set<number>>()
  return records.filter(({ topic, partition }) => {
    const partitions = seen.get(topic) ?? new Set<number>()
    seen.set(topic, partitions)
    return partitions.has(partition) ? false : Boolean(partitions.add(partition))
  })
}

async function end(opened: Opened, how: 'commit' | 'abort'): Promise<void> {
  const { deps, coordinators, newer, identity, writer } = opened
  await retryPassing(deps.clock, async () => {
    const { code, next } = await coordinators.transaction.send(endTxn(identity, how, newer ? 5 : 1))
    if (code === errorCode.none && next !== undefined) {
      opened.identity = { ...identity, ...next }
      writer.restart()
    }
    return code
  })
}

// Best effort: what is not aborted here is aborted by the next owner's InitProducerId or by the transaction timeout.
async function abort(opened: Opened): Promise<void> {
  const { clock, log } = opened.deps
  const tried = 'abort the transaction'
  try {
    await within(end(opened, 'abort'), { timeoutMs: abortTimeoutMs, tried, clock })
  } catch (error) {
    log.debug({ error: toTrackbridgeError(error, tried).message }, 'a transaction was left to the broker to abort')
  }
}
