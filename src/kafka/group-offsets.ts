// Offsets of consumer groups as an administrator sees and sets them. In: kafkajs's admin to read, requests of our own to
// write, for kafkajs can set offsets only by joining the group. Out: the port's methods.
import type { Admin as KafkajsAdmin } from 'kafkajs'
import type { Clock } from '../clock.ts'
import { onGroup, onTopic, type Access, type Identity } from './access.ts'
import type { Admin, GroupCommitted } from './broker.ts'
import type { Calls } from './cluster-inspector.ts'
import { needing } from './denial.ts'
import { toOffset } from './kafkajs-batch.ts'
import { retryPassing } from './retry-passing.ts'
import { offsetCommit } from './wire/group-requests.ts'

export interface GroupOffsetsDeps {
  /** Runs one kafkajs call under a time limit. `access`: the rights that it needs. */
  admin<T>(tried: string, run: (admin: KafkajsAdmin) => Promise<T>, access: readonly Access[]): Promise<T>
  readonly cluster: Calls['cluster']
  readonly clock: Clock
  readonly identity: Identity
}

/** Every method rejects with TB_KAFKA_*. */
export function createGroupOffsets(
  deps: GroupOffsetsDeps,
): Pick<Admin, 'groupOffsets' | 'groupCommits' | 'commitOffsets'> {
  return {
    groupOffsets: async (group, topic) =>
      new Map([...(await readCommits(deps, group, topic))].map(([partition, { next }]) => [partition, next])),
    groupCommits: (group, topic) => readCommits(deps, group, topic),
    async commitOffsets(group, topic, offsets) {
      if (offsets.size === 0) return
      const access = [onGroup('Read', group), onTopic('Read', topic)]
      await deps.cluster(`set the offsets of group ${group} for ${topic}`, (cluster) =>
        needing({ identity: deps.identity, access }, async () => {
          const coordinator = await cluster.coordinator('group', group)
          await retryPassing(deps.clock, () => coordinator.send(offsetCommit(group, topic, offsets)))
        }),
      )
    },
  }
}

async function readCommits(
  deps: GroupOffsetsDeps,
  group: string,
  topic: string,
): Promise<ReadonlyMap<number, GroupCommitted>> {
  // Never with resolveOffsets: that commits.
  const answer = await deps.admin(
    `read the offsets of group ${group} for ${topic}`,
    (client) => client.fetchOffsets({ groupId: group, topics: [topic] }),
    [onGroup('Describe', group), onTopic('Describe', topic)],
  )
  const partitions = answer.find((one) => one.topic === topic)?.partitions ?? []
  return new Map(
    partitions
      .map(({ partition, offset, metadata }) => [partition, { next: toOffset(offset), note: metadata ?? '' }] as const)
      .filter(([, { next }]) => next >= 0),
  )
}
