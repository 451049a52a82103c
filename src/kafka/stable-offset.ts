// A group's committed offset of one partition, waiting for transactions that hold another one (KIP-447, requireStable).
import type { Clock } from '../clock.ts'
import { onGroup, onTopic, type Identity } from './access.ts'
import type { TopicPartition } from './broker.ts'
import type { ClusterNode } from './cluster.ts'
import { withNeeds } from './denial.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'
import { errorOfCode } from './kafkajs.ts'
import { offsetFetch } from './wire/group-requests.ts'
import { errorCode } from './wire/request.ts'

const limitMs = 10_000
const retryMs = 20

/** null when there is none. `node`: the group's coordinator. Rejects with TB_KAFKA_*, also after 10 s with an offset that
 *  is still open: its owner will end it, or the transaction timeout will. */
export async function readCommittedOffset(
  { node, clock, identity }: { readonly node: ClusterNode; readonly clock: Clock; readonly identity: Identity },
  group: string,
  source: TopicPartition,
): Promise<number | null> {
  const tried = `read the committed offset of group ${group} for ${source.topic}/${source.partition}`
  const untilMs = clock.now() + limitMs
  try {
    for (;;) {
      const { code, offset } = await node.send(offsetFetch(group, source))
      // Kafka's -1 is none; kafkajs commits -2 when it resets a partition, which says "from the earliest".
      if (code === errorCode.none) return offset < 0n ? null : Number(offset)
      const passes = code === errorCode.unstableOffsetCommit || code === errorCode.coordinatorLoading
      if (!passes || clock.now() > untilMs) throw errorOfCode(code)
      await clock.sleep(retryMs)
    }
  } catch (error) {
    const access = [onGroup('Read', group), onTopic('Read', source.topic)]
    throw toTrackbridgeError(withNeeds(error, { identity, access }), tried, source)
  }
}
