// Consumer groups of the in-memory broker: round-robin assignment, eager rebalances (everyone starts again from the
// committed offset), one batch a partition at a time, pause, resume, seek, commits fenced by generation. Test support.
import { TrackbridgeError } from '../../src/errors.ts'
import type {
  BatchContext,
  ConsumeHandlers,
  ConsumeOptions,
  Consumer,
  Member,
  TopicPartition,
} from '../../src/kafka/broker.ts'
import type { MemoryLog } from './memory-log.ts'

interface Slot extends TopicPartition {
  position: number
  paused: boolean
  busy: Promise<void> | null
  fresh: boolean
}

interface GroupMember {
  readonly options: ConsumeOptions
  topics: readonly string[]
  readonly handlers: ConsumeHandlers
  readonly memberId: string
  readonly end: { resolve(): void; reject(error: Error): void }
  /** Counts assignments of this member. */
  assignment: number
  /** The group's generation as this member knows it. */
  generation: number
  slots: Map<string, Slot>
  assigned: AbortController
  stopped: boolean
  evicted: boolean
}

export interface Group {
  readonly members: GroupMember[]
  readonly offsets: Map<string, number>
  /** Noted beside the offsets by an administrator. */
  readonly notes: Map<string, string>
  generation: number
  /** Set while a rebalance is under way: commits and heartbeats are refused. */
  rebalancing: Promise<void> | null
}

export interface GroupFaults {
  /** Asked before every offset commit; an error makes it fail. */
  commitOffsets: (() => Error | null) | null
}

export const slotKey = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`
const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const movedOn = (): TrackbridgeError =>
  new TrackbridgeError('TB_KAFKA_REBALANCED', 'the consumer group has moved on while the work was under way')

export type MemoryGroups = ReturnType<typeof createMemoryGroups>

export function createMemoryGroups(log: MemoryLog, faults: GroupFaults) {
  const groups = new Map<string, Group>()
  let joins = 0

  const groupOf = (name: string): Group => {
    const known = groups.get(name)
    if (known) return known
    const group: Group = { members: [], offsets: new Map(), notes: new Map(), generation: 0, rebalancing: null }
    groups.set(name, group)
    return group
  }

  const rebalance = (name: string): Promise<void> => {
    const group = groupOf(name)
    group.generation++
    for (const member of group.members) member.assigned.abort()
    group.rebalancing ??= settleRebalance(log, group)
    return group.rebalancing
  }

  log.onChange(() => {
    for (const group of groups.values()) for (const member of group.members) schedule(log, group, member)
  })

  return {
    groupOf,
    /** As a member does it: what was noted beside the offset goes. */
    commit(name: string, source: TopicPartition, next: number): void {
      groupOf(name).offsets.set(slotKey(source), next)
      groupOf(name).notes.delete(slotKey(source))
    },
    hasMembers: (name: string): boolean => groupOf(name).members.length > 0,
    rebalance,
    /** Throws a member out behind its back, as a lapsed session does: its commits and heartbeats are refused from now on,
     *  the others share its partitions. `rejoin` brings it back as a new member. */
    async evict(name: string, index = 0): Promise<{ rejoin(): Promise<void> }> {
      const group = groupOf(name)
      const [member] = group.members.splice(index, 1)
      if (!member) throw new Error(`memory broker: group "${name}" has no member ${index}`)
      member.evicted = true
      await rebalance(name)
      return {
        async rejoin() {
          const again = { ...member, memberId: `member-${++joins}`, evicted: false }
          Object.assign(member, again)
          group.members.push(member)
          await rebalance(name)
        },
      }
    },
    /** The moment in which every member asks for its topics again (`renewTopics`). */
    async renew(name: string): Promise<void> {
      for (const member of groupOf(name).members)
        member.topics = (await member.options.renewTopics?.()) ?? member.topics
      await rebalance(name)
    },
    /** Ends every consumer of the group as one that has given up restarting. */
    crash(name: string, error: Error): void {
      for (const member of groupOf(name).members.splice(0)) {
        member.assigned.abort()
        member.stopped = true
        member.end.reject(error)
      }
    },
    async consume(options: ConsumeOptions, handlers: ConsumeHandlers): Promise<Consumer> {
      const group = groupOf(options.group)
      const { promise: ended, resolve, reject } = Promise.withResolvers<void>()
      ended.catch(() => undefined)
      const member: GroupMember = {
        options,
        topics: options.topics,
        handlers,
        memberId: `member-${++joins}`,
        end: { resolve, reject },
        assignment: 0,
        generation: -1,
        slots: new Map(),
        assigned: new AbortController(),
        stopped: false,
        evicted: false,
      }
      group.members.push(member)
      await rebalance(options.group)
      return consumerOf({ log, group, member, faults, leave: () => rebalance(options.group) }, ended)
    },
  }
}

async function settleRebalance(log: MemoryLog, group: Group): Promise<void> {
  await immediate()
  group.rebalancing = null
  assign(log, group)
}

function assign(log: MemoryLog, group: Group): void {
  const topics = [...new Set(group.members.flatMap((member) => member.topics))].sort()
  const shares = group.members.map((): TopicPartition[] => [])
  for (const topic of topics) {
    const takers = group.members.flatMap((member, index) => (member.topics.includes(topic) ? [index] : []))
    const partitions = log.topics.get(topic)?.partitions.length ?? 0
    for (let partition = 0; partition < partitions; partition++) {
      shares[takers[partition % takers.length]!]!.push({ topic, partition })
    }
  }
  group.members.forEach((member, index) => {
    member.assigned = new AbortController()
    member.assignment++
    member.generation = group.generation
    const before = member.slots
    member.slots = new Map(
      shares[index]!.map((where) => [
        slotKey(where),
        {
          ...where,
          position: group.offsets.get(slotKey(where)) ?? 0,
          paused: before.get(slotKey(where))?.paused ?? false,
          busy: before.get(slotKey(where))?.busy ?? null,
          fresh: true,
        },
      ]),
    )
    member.handlers.onAssignment(shares[index]!)
    schedule(log, group, member)
  })
}

function schedule(log: MemoryLog, group: Group, member: GroupMember): void {
  setImmediate(() => {
    const { signal } = member.assigned
    const slots = [...member.slots.values()]
    for (const slot of slots) {
      const busy = slots.filter((other) => other.busy !== null).length
      if (slot.busy || slot.paused || member.stopped || signal.aborted || busy >= member.options.concurrency) continue
      const running = fetchOnce(log, group, member, slot)
      if (!running) continue
      slot.busy = running.finally(() => {
        for (const current of [slot, member.slots.get(slotKey(slot))]) if (current) current.busy = null
        schedule(log, group, member)
      })
    }
  })
}

function fetchOnce(log: MemoryLog, group: Group, member: GroupMember, slot: Slot): Promise<void> | null {
  let read = log.read(slot, slot.position, member.options.maxBytesPerPartition)
  // As kafkajs does: a fetch that holds filtered records only moves the position and reaches no handler.
  while (read && read.records.length === 0) {
    slot.position = read.nextOffset
    read = log.read(slot, slot.position, member.options.maxBytesPerPartition)
  }
  if (!read) return null
  const { topic, partition } = slot
  const identity: Member = { assignment: member.assignment, memberId: member.memberId, generation: member.assignment }
  const batch = {
    topic,
    partition,
    member: identity,
    fetchedOffset: slot.position,
    nextOffset: read.nextOffset,
    highWatermark: log.highWatermark(slot),
    continuous: !slot.fresh,
    records: read.records,
  }
  slot.fresh = false
  return member.handlers.onBatch(batch, contextOf(group, member, slot)).catch(() => undefined)
}

function contextOf(group: Group, member: GroupMember, slot: Slot): BatchContext {
  const { signal } = member.assigned
  const move = (offset: number): void => {
    if (!signal.aborted) slot.position = offset
  }
  return {
    signal,
    resolve: move,
    seek: move,
    async heartbeat() {
      if (signal.aborted || member.evicted || group.rebalancing) throw movedOn()
      await immediate()
    },
  }
}

interface ConsumerParts {
  readonly log: MemoryLog
  readonly group: Group
  readonly member: GroupMember
  readonly faults: GroupFaults
  leave(): Promise<void>
}

function consumerOf(parts: ConsumerParts, ended: Promise<void>): Consumer {
  const { log, group, member, faults } = parts
  const setPaused = (where: TopicPartition, paused: boolean): void => {
    const slot = member.slots.get(slotKey(where))
    if (slot) slot.paused = paused
    if (!paused) schedule(log, group, member)
  }
  return {
    ended,
    pause: (where) => setPaused(where, true),
    resume: (where) => setPaused(where, false),
    async commit(offsets) {
      await immediate()
      const fault = faults.commitOffsets?.()
      if (fault) throw fault
      if (member.evicted || member.stopped || group.rebalancing || member.generation !== group.generation) {
        throw movedOn()
      }
      for (const { next, ...where } of offsets) group.offsets.set(slotKey(where), next)
    },
    async stop() {
      if (member.stopped) return
      member.stopped = true
      member.assigned.abort()
      await Promise.all([...member.slots.values()].flatMap((slot) => slot.busy ?? []))
      const index = group.members.indexOf(member)
      if (index !== -1) group.members.splice(index, 1)
      if (group.members.length > 0) await parts.leave()
      member.end.resolve()
    },
  }
}
