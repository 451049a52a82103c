// The read_committed rule on whole batches of one fetch of one partition: batches of aborted transactions and markers go.
// Model: Java's CompletedFetch. kafkajs 2.2.4's own filter leaks (spec kafka.md, "Exactly-once").
import { isAbortMarker, type RecordBatch } from './record-batch-decoder.ts'

/** One entry of a fetch answer: the transaction of `producerId` that began at `firstOffset` was aborted. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

/** The batches that a read_committed reader sees, in their order. The list of aborted transactions may come in any order:
 *  brokers send it in order of completion. Throws TB_KAFKA_FATAL for a damaged marker. */
export function committedBatches(
  batches: readonly RecordBatch[],
  abortedTransactions: readonly AbortedTransaction[],
): RecordBatch[] {
  const pending = [...abortedTransactions].sort((a, b) => a.firstOffset - b.firstOffset)
  const aborting = new Set<bigint>()
  let reached = 0
  return batches.filter((batch) => {
    // More than one transaction may begin at or below a batch: a fetch can start in the midst of several.
    for (let next = pending[reached]; next && next.firstOffset <= batch.lastOffset; next = pending[reached]) {
      aborting.add(next.producerId)
      reached += 1
    }
    if (batch.isControl) {
      if (isAbortMarker(batch)) aborting.delete(batch.producerId)
      return false
    }
    return !(batch.inTransaction && aborting.has(batch.producerId))
  })
}
