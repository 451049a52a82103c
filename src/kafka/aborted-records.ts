// The read_committed filter: drops the records of aborted transactions from one fetch of one partition.
// In: the records of a fetch in offset order and the broker's list of aborted transactions. Out: the records that stay,
// control records included. It replaces kafkajs 2.2.4's own filter, which leaks (spec kafka.md, "Exactly-once").

/** What the filter needs of a fetched record; kafkajs's decoded records have it. `key` of a control record holds its type. */
export interface FetchedRecord {
  readonly offset: string
  readonly key: Buffer | null
  readonly isControlRecord?: boolean
  /** Absent in message formats older than transactions. */
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean }
}

/** One entry of a fetch answer: the transaction of `producerId` that began at `firstOffset` was aborted. */
export interface AbortedTransaction {
  readonly producerId: string
  readonly firstOffset: string
}

/** The records that are not of an aborted transaction, in their order. Never throws. The list may come in any order:
 *  brokers send it in order of completion. */
export function dropAbortedRecords<R extends FetchedRecord>(
  records: readonly R[],
  abortedTransactions: readonly AbortedTransaction[] | null | undefined,
): R[] {
  if (!abortedTransactions || abortedTransactions.length === 0) return [...records]
  const pending = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: BigInt(firstOffset) }))
    .sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const aborting = new Set<string>()
  let reached = 0
  return records.filter((record) => {
    const offset = BigInt(record.offset)
    // More than one transaction may begin at or below a record: a fetch can start in the midst of several.
    for (let next = pending[reached]; next && next.firstOffset <= offset; next = pending[reached]) {
      aborting.add(next.producerId)
      reached += 1
    }
    const batch = record.batchContext
    if (batch === undefined) return true
    if (record.isControlRecord === true) {
      if (isAbortMarker(record)) aborting.delete(batch.producerId)
      return true
    }
    return !(batch.inTransaction && aborting.has(batch.producerId))
  })
}

// Key of a control record: int16 version, int16 type; type 0 is abort, 1 is commit. Only control records are asked:
// any record may bear four zero bytes as its key.
function isAbortMarker({ key }: FetchedRecord): boolean {
  return key !== null && key.length >= 4 && key.readInt16BE(2) === 0
}
