// Batches whose records need schemas that are not known yet wait for them, before anything of them is taken. In: a batch.
// Out: whether it may be taken. Ruled by kafka.md, "Formats": a registry that is down is waited for, and makes no dead
// letters.
import { TrackbridgeError } from '../errors.ts'
import type { BatchContext, ConsumerBatch, TopicPartition } from '../kafka/broker.ts'
import type { State } from './destination-state.ts'

/** Between two tries of a partition whose schemas the registry does not tell. */
const retryMs = 5_000

/** False: the batch is not taken, and comes again. Rejects with TB_BUG alone. */
export async function isReadable(state: State, batch: ConsumerBatch, context: BatchContext): Promise<boolean> {
  const { avro } = state.deps
  if (avro === undefined) return true
  try {
    await avro.ensure(batch.records, context.signal)
    return true
  } catch (error) {
    if (!(error instanceof TrackbridgeError) || error.reaction !== 'retry') throw error
    if (!context.signal.aborted) pauseFor(state, batch, error)
    return false
  }
}

// Paused rather than waited for: a handler that waits holds up every partition of the same broker.
function pauseFor(state: State, { topic, partition }: ConsumerBatch, error: TrackbridgeError): void {
  const { consumer, deps } = state
  deps.log.warn({ topic, partition, error: error.message, retryMs }, 'a partition waits for the schema registry')
  consumer?.pause({ topic, partition })
  void resumeLater(state, { topic, partition })
}

async function resumeLater({ consumer, deps, stopping }: State, source: TopicPartition): Promise<void> {
  await deps.clock.sleep(retryMs, stopping.signal)
  if (!stopping.signal.aborted) consumer?.resume(source)
}
