// One partition of the dead-letter topic as its one owner holds it: nobody else redrives or forgets there. The invariant
// that makes each letter run again exactly once:
//
//   a letter and its mark are committed together or not at all; and whoever commits knows every mark that was committed
//   before, for it read the partition after its InitProducerId returned, up to a high watermark of after that.
//
// InitProducerId fences every older owner of the id `<prefix>.redrive.<topic>.<partition>` and settles what it has open, so
// nobody commits marks but the newest owner. Up to the high watermark, and not just to the last stable offset: the stream
// processor writes letters to the same partition, and a transaction of its that is still open hides the marks behind it.
// States: new -> open -> (commit ok -> open | anything else -> new) -> closed.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Broker, CommitResult, HistoryReader, OutRecord, TopicPartition, Transactions } from '../kafka/broker.ts'
import { createMarkIndex, type MarkIndex } from './mark-index.ts'
import { readMarks, type LetterRange } from './reading.ts'

export interface OwnerDeps {
  readonly broker: Pick<Broker, 'transactions'>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly reader: HistoryReader
  /** What is waited for, for people; undefined when that is over. */
  readonly onWaiting?: ((why: string | undefined) => void) | undefined
  readonly onRead?: (offsets: number) => void
}

export interface OwnerOptions {
  readonly range: Pick<LetterRange, 'topic' | 'partition' | 'earliest'>
  /** `<prefix>.redrive`: what transactional ids begin with. */
  readonly owner: string
  readonly transactionTimeoutMs: number
}

export interface PartitionOwner {
  /** All that were committed before `open` resolved, and those of ours. */
  readonly marks: MarkIndex
  /** Fences whoever else works on the partition. Tries again for two minutes while Kafka does not answer. */
  open(): Promise<void>
  /** Never rejects. After anything but ok `open` comes first: then the marks tell what happened. */
  commit(records: readonly OutRecord[]): Promise<CommitResult>
  close(): Promise<void>
}

/** The name of the ids' owner, for rights and ids. */
export const redriveOwner = (prefix: string): string => `${prefix}.redrive`

const firstBackoffMs = 100
const lastBackoffMs = 5_000
const givingUpMs = 120_000
const settlePollMs = 100
const tellAfterMs = 3_000
/** Kafka ends no transaction later than its transaction.max.timeout.ms, 15 minutes by default. */
const settleLimitMs = 960_000

interface State {
  transactions: Transactions | undefined
  /** Marks below are known. */
  readTo: number
}

/** Nothing is connected before `open`. */
export function createPartitionOwner(deps: OwnerDeps, options: OwnerOptions): PartitionOwner {
  const { range } = options
  const marks = createMarkIndex(range)
  const state: State = { transactions: undefined, readTo: range.earliest }
  const close = async (): Promise<void> => {
    const closing = state.transactions
    state.transactions = undefined
    await closing?.close()
  }
  return {
    marks,
    close,
    async open() {
      await persistently(deps, async () => {
        await close()
        await fenceAndLearn(deps, options, { state, marks })
      })
    },
    async commit(records) {
      if (state.transactions === undefined)
        throw new TrackbridgeError('TB_BUG', 'a commit before the partition is open')
      return state.transactions.commit(records)
    },
  }
}

async function fenceAndLearn(
  deps: OwnerDeps,
  { range, owner, transactionTimeoutMs }: OwnerOptions,
  { state, marks }: { readonly state: State; readonly marks: MarkIndex },
): Promise<void> {
  const { topic, partition } = range
  const transactionalId = `${owner}.${topic}.${partition}`
  const transactions = deps.broker.transactions(owner, transactionalId, transactionTimeoutMs)
  state.transactions = transactions
  await transactions.init()
  const to = await settledEnd(deps, transactions, { topic, partition })
  await readMarks(deps, deps.reader, { range: { topic, partition, from: state.readTo, to }, marks, ...onReadOf(deps) })
  state.readTo = Math.max(to, state.readTo)
}

const onReadOf = ({ onRead }: OwnerDeps) => (onRead === undefined ? {} : { onRead })

/** Below it everything stands that was committed before this call. */
async function settledEnd(deps: OwnerDeps, transactions: Transactions, where: TopicPartition): Promise<number> {
  const { clock, signal, onWaiting } = deps
  const { highWatermark } = await transactions.ends(where)
  const startMs = clock.now()
  for (;;) {
    const { lastStable } = await transactions.ends(where)
    if (lastStable >= highWatermark) {
      onWaiting?.(undefined)
      return lastStable
    }
    const what = `an open transaction of another producer on ${where.topic}/${where.partition}, from offset ${lastStable} on`
    if (clock.now() - startMs > settleLimitMs)
      throw new TrackbridgeError(
        'TB_KAFKA_FATAL',
        `${what}, does not end; look with kafka-transactions.sh find-hanging`,
      )
    if (clock.now() - startMs > tellAfterMs) onWaiting?.(`waiting for ${what}`)
    await clock.sleep(settlePollMs, signal)
    signal.throwIfAborted()
  }
}

async function persistently({ clock, signal }: OwnerDeps, work: () => Promise<void>): Promise<void> {
  const untilMs = clock.now() + givingUpMs
  for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(2 * backoffMs, lastBackoffMs)) {
    try {
      return await work()
    } catch (error) {
      const passes = error instanceof TrackbridgeError && error.code === 'TB_KAFKA_UNAVAILABLE'
      if (!passes || clock.now() > untilMs) throw error
      await clock.sleep(backoffMs, signal)
      signal.throwIfAborted()
    }
  }
}
