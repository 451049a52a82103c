// Who owns which partitions, as the group's coordinator says it. In: a client, a group, its topic. Test machinery.
import type { Kafka } from 'kafkajs'
import { kafkajs } from '../../test/support/cluster-state.ts'
import type { Leg } from '../scenario.ts'

export interface Ownership {
  readonly kafka: Kafka
  readonly group: string
  readonly topic: string
  readonly partitions: number
}

/** Whether each leg owns partitions and all of them have an owner among the legs; false when nobody answers. */
export async function isOwned(options: Ownership, legs: readonly Leg[]): Promise<boolean> {
  const shares = await sharesOf(options).catch(() => new Map<string, number>())
  const own = legs.map(({ name }) => shares.get(name) ?? 0)
  return own.every((share) => share > 0) && own.reduce((sum, share) => sum + share, 0) === options.partitions
}

/** Number of partitions by client id; empty while the group is in a rebalance. */
async function sharesOf({ kafka, group, topic }: Ownership): Promise<ReadonlyMap<string, number>> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const { groups } = await admin.describeGroups([group])
    const members = groups[0]?.state === 'Stable' ? groups[0].members : []
    return new Map(
      members.map(({ clientId, memberAssignment }) => {
        const decoded = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)
        return [clientId, decoded?.assignment[topic]?.length ?? 0]
      }),
    )
  } finally {
    await admin.disconnect()
  }
}
