// Transactions in memory: what ends them, and those without source offsets. Test support.
import { TrackbridgeError } from '../../src/errors.ts'
import type { CommitResult, OutRecord, Transactions } from '../../src/kafka/broker.ts'
import { slotKey } from './memory-consumer.ts'
import type { MemoryLog } from './memory-log.ts'

/** What a session's next commit shall do instead of succeeding. The unknown ones lose the answer. */
export type CommitFault = 'aborted' | 'unknown-committed' | 'unknown-aborted' | 'too-large' | 'fatal'

const failureCodes = {
  fenced: 'TB_KAFKA_FENCED',
  rebalanced: 'TB_KAFKA_REBALANCED',
  'too-large': 'TB_KAFKA_TOO_LARGE',
  transient: 'TB_KAFKA_UNAVAILABLE',
  fatal: 'TB_KAFKA_FATAL',
} as const

/** A commit that failed so. */
export const failure = (outcome: 'aborted' | 'unknown', reason: keyof typeof failureCodes): CommitResult => ({
  ok: false,
  outcome,
  reason,
  error: new TrackbridgeError(failureCodes[reason], `memory broker: the commit was ${outcome} (${reason})`),
})

/** What each fault looks like to whoever commits. */
export const faultResults = {
  aborted: failure('aborted', 'transient'),
  'unknown-committed': failure('unknown', 'transient'),
  'unknown-aborted': failure('unknown', 'transient'),
  'too-large': failure('aborted', 'too-large'),
  fatal: failure('aborted', 'fatal'),
} as const satisfies Record<CommitFault, CommitResult>

interface Parts {
  readonly log: MemoryLog
  readonly epochs: Map<string, number>
  readonly faults: { readonly transactionCommit: ((records: readonly OutRecord[]) => CommitFault | null) | null }
  close(): Promise<void>
}

/** Writes records that nobody reads yet; gives what ends the transaction. */
export function openTransaction(log: MemoryLog, records: readonly OutRecord[]): (how: 'committed' | 'aborted') => void {
  const entries = records.map((record) => log.append(record, 'open'))
  return (how) => {
    for (const entry of entries) entry.visibility = how
    for (const where of new Map(records.map((record) => [slotKey(record), record])).values()) log.appendControl(where)
    log.changed()
  }
}

/** The port's Transactions; `epochs` are shared with the sessions. */
export function transactionsOf(parts: Parts, transactionalId: string): Transactions {
  const { log, epochs, faults } = parts
  let epoch = 0
  let dead = true
  const commitTransaction = (records: readonly OutRecord[]): CommitResult => {
    if (dead || records.length === 0) throw new TrackbridgeError('TB_BUG', 'transactions are not ready, or empty')
    if (epochs.get(transactionalId) !== epoch) return failure('aborted', 'fenced')
    const fault = faults.transactionCommit?.(records) ?? null
    openTransaction(log, records)(fault === null || fault === 'unknown-committed' ? 'committed' : 'aborted')
    return fault === null ? { ok: true } : faultResults[fault]
  }
  return {
    close: () => parts.close(),
    async init() {
      await new Promise((resolve) => setImmediate(resolve))
      epoch = (epochs.get(transactionalId) ?? 0) + 1
      epochs.set(transactionalId, epoch)
      dead = false
    },
    ends: async (where) => ({ lastStable: log.lastStable(where), highWatermark: log.highWatermark(where) }),
    async commit(records) {
      await new Promise((resolve) => setImmediate(resolve))
      const result = commitTransaction(records)
      dead = !result.ok
      return result
    },
  }
}
