// A producer's id and epoch from the cluster, by InitProducerId. In: the broker to ask. Out: the identity to write under.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { ClusterNode } from './cluster.ts'
import { retryPassing } from './retry-passing.ts'
import { initProducerId, type ProducerIdentity } from './wire/transaction-requests.ts'

/** Waits while the id's last transaction is still ending. Without a transactional id: a fresh idempotent producer.
 *  Rejects with kafkajs's errors. */
export async function claimProducerId(
  { node, clock }: { readonly node: ClusterNode; readonly clock: Clock },
  transactionalId: string | null,
  transactionTimeoutMs: number,
): Promise<ProducerIdentity> {
  let identity: ProducerIdentity | undefined
  await retryPassing(clock, async () => {
    const { code, ...claimed } = await node.send(initProducerId(transactionalId, transactionTimeoutMs))
    identity = claimed
    return code
  })
  if (identity === undefined) throw new TrackbridgeError('TB_BUG', 'a producer was opened without an identity')
  return identity
}
