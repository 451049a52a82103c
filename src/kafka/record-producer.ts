// A producer outside of transactions over a cluster of its own use: idempotent or plain, acks=all. Opens and closes.
import { onGroup } from './access.ts'
import type { OutRecord } from './broker.ts'
import { needing } from './denial.ts'
import { claimProducerId } from './producer-id.ts'
import { createRecordWriter, type WriterDeps } from './record-writer.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'
import type { ProducerIdentity } from './wire/transaction-requests.ts'

export interface RecordProducer {
  /** As RecordWriter.write. */
  write(records: readonly OutRecord[]): Promise<void>
  close(): Promise<void>
}

const produceTimeoutMs = 30_000
const nobody: ProducerIdentity = { producerId: -1n, producerEpoch: -1 }

/** Connects. `idempotentFor`: a consumer group that we may read; repeats within the producer are harmless then. Rejects
 *  with TB_KAFKA_*. */
export async function openRecordProducer(
  deps: WriterDeps,
  { idempotentFor }: { readonly idempotentFor?: string } = {},
): Promise<RecordProducer> {
  const { cluster } = deps
  await cluster.open()
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= cluster.close())
  try {
    await cluster.refresh()
    const identity = idempotentFor === undefined ? nobody : await claimIdentity(deps, idempotentFor)
    const options = { transactionalId: null, apiVersion: 7, timeoutMs: produceTimeoutMs } as const
    const writer = createRecordWriter(deps, options)
    return { write: (records) => writer.write(records, identity), close }
  } catch (error) {
    await close()
    throw toTrackbridgeError(error, 'open a producer')
  }
}

// Any broker hands out producer ids; the group's coordinator is one that we are allowed to ask for.
async function claimIdentity({ cluster, clock }: WriterDeps, group: string): Promise<ProducerIdentity> {
  const needs = { identity: cluster.identity, access: [onGroup('Read', group)] }
  const node = await needing(needs, () => cluster.coordinator('group', group))
  return claimProducerId({ node, clock }, null, produceTimeoutMs)
}
