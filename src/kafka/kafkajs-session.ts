// Exactly-once session: one transactional producer of one source partition (spec kafka.md, "Exactly-once"). States: see
// session-state.ts. Order of a commit: offsets, records, check, end. Any error kills the producer object: its sequence
// numbers cannot be trusted after one (research kafkajs.md, C2). An error of the end itself is an unknown outcome.
import type { Kafka, Producer as KafkajsProducer, Transaction } from 'kafkajs'
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Log } from '../ops/log.ts'
import type { CommitResult, Session, SessionOptions, Unit } from './broker.ts'
import { readStableOffset, type CommittedOffsets } from './committed-offsets.ts'
import { compressionType, type ConnectionSettings } from './connection.ts'
import { within } from './deadline.ts'
import { disconnectQuietly } from './kafkajs-disconnect.ts'
import { kafkaErrorType, toTrackbridgeError } from './kafkajs-errors.ts'
import { explicitPartitioner, requireCoverage, toTopicMessages } from './produce-batch.ts'
import { createSessionLife, failedCommit } from './session-state.ts'

export interface SessionDeps {
  readonly kafka: Kafka
  readonly committedOffsets: CommittedOffsets
  readonly compression: ConnectionSettings['compression']
  readonly log: Log
  readonly clock: Clock
}

export type ExactlyOnceOptions = Extract<SessionOptions, { delivery: 'exactly-once' }>

// Passing answers of coordinators, normal right after a commit (its markers are still being written) and on a fresh
// broker. kafkajs does not retry them for AddOffsetsToTxn and TxnOffsetCommit.
const coordinatorTypes: ReadonlySet<string> = new Set([
  'CONCURRENT_TRANSACTIONS',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'KafkaJSGroupCoordinatorNotFound',
])
const retryLimitMs = 10_000
const firstRetryMs = 10
const longestRetryMs = 100
const initLimitMs = 10_000
const abortTimeoutMs = 5_000

/** A session that writes records and the source offset in one transaction. Nothing is connected before `init`. */
export function createExactlyOnceSession(deps: SessionDeps, options: ExactlyOnceOptions): Session {
  const { source } = options
  const life = createSessionLife(`the session of ${source.topic}/${source.partition}`)
  let client: TransactionalClient | undefined
  const read = (): Promise<number | null> => deps.committedOffsets.read(options.group, source)
  return {
    async init() {
      client = await life.runInit(() => openClient(deps, options))
    },
    committed: () => life.runRead('committed', () => readStableOffset(read, deps.clock)),
    commit: (unit) =>
      life.runCommit(async () => {
        if (client === undefined) throw new TrackbridgeError('TB_BUG', 'a ready session has no producer')
        return commitUnit(deps, options, { client, unit })
      }),
    async close() {
      life.close()
      const closing = client
      client = undefined
      await closing?.close()
    },
  }
}

interface TransactionalClient {
  /** The transaction that `init` opened, else a new one. Nothing of it is known to the broker before its first request. */
  begin(): Promise<Transaction>
  close(): Promise<void>
}

async function openClient(deps: SessionDeps, options: ExactlyOnceOptions): Promise<TransactionalClient> {
  await deps.committedOffsets.open()
  try {
    const { producer, opened } = await fence(deps, options)
    let first: Transaction | undefined = opened
    let closed: Promise<void> | undefined
    return {
      async begin() {
        const transaction = first ?? (await producer.transaction())
        first = undefined
        return transaction
      },
      close: () =>
        (closed ??= Promise.all([disconnectQuietly(producer, deps), deps.committedOffsets.close()]).then(
          () => undefined,
        )),
    }
  } catch (error) {
    await deps.committedOffsets.close()
    throw error
  }
}

interface Fenced {
  readonly producer: KafkajsProducer
  readonly opened: Transaction
}

// kafkajs sends InitProducerId, which fences older owners, with its first transaction(): that one is kept for the first
// commit. An opened transaction without partitions is empty on the broker and does not time out.
async function fence(deps: SessionDeps, options: ExactlyOnceOptions): Promise<Fenced> {
  const { clock } = deps
  const tried = `open a transactional producer as ${options.transactionalId}`
  const untilMs = clock.now() + initLimitMs
  for (let delayMs = firstRetryMs * 10; ; delayMs *= 2) {
    const producer = deps.kafka.producer({
      transactionalId: options.transactionalId,
      transactionTimeout: options.transactionTimeoutMs,
      maxInFlightRequests: 1,
      retry: { retries: 0 },
      allowAutoTopicCreation: false,
      createPartitioner: explicitPartitioner,
    })
    try {
      await producer.connect()
      return { producer, opened: await producer.transaction() }
    } catch (error) {
      await disconnectQuietly(producer, deps)
      if (!coordinatorTypes.has(kafkaErrorType(error) ?? '') || clock.now() + delayMs > untilMs) {
        throw toTrackbridgeError(error, tried, options.source)
      }
      await clock.sleep(delayMs)
    }
  }
}

interface Work {
  readonly client: TransactionalClient
  readonly unit: Unit
}

async function commitUnit(
  deps: SessionDeps,
  options: ExactlyOnceOptions,
  { client, unit }: Work,
): Promise<CommitResult> {
  const tried = `commit a transaction for ${options.source.topic}/${options.source.partition} up to offset ${unit.next}`
  const died = (outcome: 'aborted' | 'unknown', error: unknown): CommitResult => {
    void client.close()
    return failedCommit(outcome, toTrackbridgeError(error, tried, { ...options.source, offset: unit.next }))
  }
  let transaction: Transaction | undefined
  try {
    requireOffset(unit.next)
    transaction = await client.begin()
    await sendOffsets(deps, options, { transaction, next: unit.next })
    await sendRecords(deps, { transaction, unit })
  } catch (error) {
    if (transaction !== undefined) await abort(deps, transaction)
    return died('aborted', error)
  }
  try {
    await transaction.commit()
    return { ok: true }
  } catch (error) {
    // Never abort here: the commit may have been carried out. The next session's InitProducerId settles it.
    return died('unknown', error)
  }
}

function requireOffset(next: number): void {
  if (Number.isSafeInteger(next) && next >= 0) return
  throw new TrackbridgeError('TB_BUG', `a unit bears the offset ${next}; allowed are whole numbers from 0`)
}

async function sendOffsets(
  { clock }: SessionDeps,
  { group, source }: ExactlyOnceOptions,
  { transaction, next }: { readonly transaction: Transaction; readonly next: number },
): Promise<void> {
  const untilMs = clock.now() + retryLimitMs
  const topics = [{ topic: source.topic, partitions: [{ partition: source.partition, offset: String(next) }] }]
  for (let delayMs = firstRetryMs; ; delayMs = Math.min(delayMs * 2, longestRetryMs)) {
    try {
      await transaction.sendOffsets({ consumerGroupId: group, topics })
      return
    } catch (error) {
      if (!coordinatorTypes.has(kafkaErrorType(error) ?? '') || clock.now() > untilMs) throw error
      await clock.sleep(delayMs)
    }
  }
}

async function sendRecords(
  { compression }: SessionDeps,
  { transaction, unit }: { readonly transaction: Transaction; readonly unit: Unit },
): Promise<void> {
  if (unit.records.length === 0) return
  const topicMessages = toTopicMessages(unit.records)
  const answer = await transaction.sendBatch({ acks: -1, compression: compressionType(compression), topicMessages })
  requireCoverage(unit.records, answer)
}

// Best effort: what is not aborted here is aborted by the next owner's InitProducerId or by the transaction timeout.
async function abort({ clock, log }: SessionDeps, transaction: Transaction): Promise<void> {
  const tried = 'abort the transaction'
  try {
    await within(transaction.abort(), { timeoutMs: abortTimeoutMs, tried, clock })
  } catch (error) {
    log.debug({ error: toTrackbridgeError(error, tried).message }, 'a transaction was left to the broker to abort')
  }
}
