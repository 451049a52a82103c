// The groups that trackbridge reads in: may we join, is anybody else in them, how far have they come, and will their
// backlog live long enough? In: what Kafka says. Out: items. Ruled by kafka.md, "Rebalances, shutdown, lag".
import type { Clock } from '../../clock.ts'
import { grantCommand, onGroup, type Identity } from '../../kafka/access.ts'
import { counted, durationText, grouped } from '../../amount-text.ts'
import type { Admin, GroupInfo, Watermarks } from '../../kafka/broker.ts'
import type { TopicPlan } from '../../kafka/topics.ts'
import { fault, fine, skipped, unlessDenied, warning, type CheckItem } from './check-item.ts'

export interface GroupOfTopics {
  readonly group: string
  readonly topics: readonly string[]
}

export interface GroupDeps {
  readonly admin: Admin
  readonly clock: Clock
  readonly plan: readonly TopicPlan[]
  readonly identity: Identity
  /** Topics that may not be described. */
  readonly denied: ReadonlySet<string>
}

// kafkajs's default, which our consumers use.
const ourAssignor = 'RoundRobinAssigner'
const retentionShares = [0.9, 0.75, 0.5] as const

/** One item for each thing that is amiss with the group, or one tick. Rejects with TB_KAFKA_*. */
export async function groupItems(deps: GroupDeps, { group, topics }: GroupOfTopics): Promise<readonly CheckItem[]> {
  const name = `group ${group}`
  const missing = topics.find((topic) => deps.plan.some((entry) => entry.name === topic && entry.state === 'missing'))
  if (missing !== undefined)
    return [skipped(name, `${missing} ${deps.denied.has(missing) ? 'may not be described' : 'does not exist'}`)]
  const info = await unlessDenied(deps.admin.group(group))
  if (info === undefined)
    return [fault(name, 'may not even be described', grantCommand(onGroup('Read', group), deps.identity))]
  const reads = await Promise.all(topics.map((topic) => readPosition(deps.admin, group, topic)))
  const behind = await Promise.all(reads.map((read) => backlogItems(deps, name, read)))
  const amiss = [
    ...rightItems(name, group, { info, identity: deps.identity }),
    ...memberItems(name, info, topics),
    ...behind.flat(),
  ]
  return [...amiss, ...(amiss.some(({ state }) => state === 'failed') ? [] : [fine(name, positionText(reads, info))])]
}

interface Position {
  readonly topic: string
  readonly committed: ReadonlyMap<number, number>
  readonly ends: ReadonlyMap<number, Watermarks>
  /** Where the group goes on, by partition. */
  readonly next: ReadonlyMap<number, number>
}

async function readPosition(admin: Admin, group: string, topic: string): Promise<Position> {
  const [committed, ends] = await Promise.all([admin.groupOffsets(group, topic), admin.watermarks(topic)])
  const next = new Map(
    [...ends].map(([partition, { earliest }]) => [partition, Math.max(earliest, committed.get(partition) ?? 0)]),
  )
  return { topic, committed, ends, next }
}

const lagOf = ({ ends, next }: Position): number =>
  [...ends].reduce((sum, [partition, { lastStable }]) => sum + Math.max(0, lastStable - (next.get(partition) ?? 0)), 0)

function positionText(reads: readonly Position[], { members }: GroupInfo): string {
  const texts = reads.map((read) => {
    const { topic, committed, ends } = read
    const offsets =
      committed.size === 0
        ? 'none, so it begins at the earliest record'
        : `${committed.size} of ${counted(ends.size, 'partition')}`
    // Offsets count more than records: transactions take some of them.
    return `committed offsets of ${topic}: ${offsets}; at most ${grouped(lagOf(read))} unread`
  })
  return [...texts, counted(members.length, 'live member')].join('; ')
}

function rightItems(
  name: string,
  group: string,
  { info, identity }: { readonly info: GroupInfo; readonly identity: Identity },
): readonly CheckItem[] {
  // A group that nobody has used yet bears rights as well; brokers that tell none are believed to allow it.
  if (info.operations.size === 0 || info.operations.has('Read')) return []
  const who = identity.principal() ?? 'the principal of this connection'
  return [fault(name, `${who} may not read in it`, grantCommand(onGroup('Read', group), identity))]
}

const namesOf = (members: GroupInfo['members']): string =>
  [...new Set(members.map(({ clientId, host }) => `${clientId} at ${host.replace(/^\//, '')}`))].join(', ')

function memberItems(name: string, { assignor, members }: GroupInfo, topics: readonly string[]): readonly CheckItem[] {
  if (members.length > 0 && assignor !== '' && assignor !== ourAssignor) {
    const found = `is in use by ${counted(members.length, 'member')} of another kind (${namesOf(members)}), with the assignor ${assignor}: Kafka would refuse us`
    return [fault(name, found, 'stop those members, or choose another kafka.prefix')]
  }
  const others = members.filter(({ topics: read }) => read.some((topic) => !topics.includes(topic)))
  if (others.length === 0) return []
  const read = [...new Set(others.flatMap((member) => member.topics))].filter((topic) => !topics.includes(topic))
  const found = `has ${counted(others.length, 'member')} (${namesOf(others)}) that also read ${read.join(', ')}: partitions that they are given stand still for us`
  return [warning(name, found, 'stop those members, or choose another kafka.prefix')]
}

async function backlogItems(
  { admin, clock, plan }: GroupDeps,
  name: string,
  read: Position,
): Promise<readonly CheckItem[]> {
  const lost = [...read.committed].filter(([partition, next]) => next < (read.ends.get(partition)?.earliest ?? 0))
  if (lost.length > 0) {
    const offsets = lost.reduce(
      (sum, [partition, next]) => sum + (read.ends.get(partition)?.earliest ?? next) - next,
      0,
    )
    const found = `${grouped(offsets)} offsets of ${read.topic} were deleted before they were read`
    return [fault(name, found, `raise retention.ms of ${read.topic}; what is deleted cannot be read again from there`)]
  }
  const retentionMs = retentionOf(plan.find((entry) => entry.name === read.topic))
  if (retentionMs === undefined || lagOf(read) === 0) return []
  const nowMs = clock.now()
  for (const share of retentionShares) {
    const since = await admin.offsetsSince(read.topic, nowMs - retentionMs * share)
    const late = [...read.ends].filter(
      ([partition, { lastStable }]) =>
        (read.next.get(partition) ?? 0) < Math.min(lastStable, since.get(partition) ?? 0),
    )
    if (late.length === 0) continue
    const found =
      `records of ${read.topic} in ${counted(late.length, 'partition')} wait unread for more than ${share * 100} % of ` +
      `the retention of ${durationText(retentionMs)}, after which they are deleted`
    const catchUp = 'let it catch up: more replicas or --workers, up to one for each partition'
    return [warning(name, found, `raise retention.ms of ${read.topic} until the backlog is read`, catchUp)]
  }
  return []
}

function retentionOf(plan: TopicPlan | undefined): number | undefined {
  const settings = plan?.existing?.settings ?? {}
  const deletes = (settings['cleanup.policy'] ?? 'delete').split(',').includes('delete')
  const retentionMs = Number(settings['retention.ms'] ?? -1)
  return deletes && retentionMs >= 0 ? retentionMs : undefined
}
