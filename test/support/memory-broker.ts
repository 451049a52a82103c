// The broker port in memory: topics, groups, transactions with fencing by transactional id, a plain producer. Small but
// honest: the contract suite holds it against real Kafka. Test support.
import { TrackbridgeError } from '../../src/errors.ts'
import type {
  Admin,
  Broker,
  CommitResult,
  Consumer,
  ConsumerRecord,
  OutRecord,
  Session,
  SessionOptions,
  TopicSpec,
  Unit,
} from '../../src/kafka/broker.ts'
import { matchingTopics } from '../../src/kafka/topic-pattern.ts'
import { createMemoryGroups, slotKey, type GroupFaults, type MemoryGroups } from './memory-consumer.ts'
import { createMemoryInspector } from './memory-inspector.ts'
import { createMemoryLog, type MemoryLog } from './memory-log.ts'
import { failure, faultResults, openTransaction, transactionsOf, type CommitFault } from './memory-transactions.ts'

export type { CommitFault }

export interface MemoryFaults extends GroupFaults {
  /** Asked before a producer sends; an error makes it fail with nothing written. */
  send: ((records: readonly OutRecord[]) => Error | null) | null
  /** Asked before records are committed without source offsets. */
  transactionCommit: ((records: readonly OutRecord[]) => CommitFault | null) | null
  /** Asked before a session commits. */
  sessionCommit: ((unit: Unit) => CommitFault | null) | null
}

export interface StoredRecord extends ConsumerRecord {
  readonly partition: number
}

export interface MemoryBroker extends Broker {
  readonly faults: MemoryFaults
  createTopic(name: string, partitions: number, settings?: TopicSpec['settings']): void
  /** Writes records as an open transaction; gives what ends it. */
  appendOpen(records: readonly OutRecord[]): (how: 'committed' | 'aborted') => void
  /** Writes committed records outside of transactions. */
  append(records: readonly (Pick<OutRecord, 'topic'> & Partial<OutRecord>)[]): void
  /** What a read_committed reader sees, by partition and offset. */
  stored(topic: string): readonly StoredRecord[]
  committed(group: string, topic: string): ReadonlyMap<number, number>
  rebalance: MemoryGroups['rebalance']
  evict: MemoryGroups['evict']
  crash: MemoryGroups['crash']
  renew: MemoryGroups['renew']
  /** Consumers, producers, sessions and admins that were opened and not closed. */
  open(): number
}

/** An empty broker. Changes are seen by consumers in the next turn of the event loop. */
export function createMemoryBroker(): MemoryBroker {
  const faults: MemoryFaults = { send: null, commitOffsets: null, transactionCommit: null, sessionCommit: null }
  const log = createMemoryLog()
  const groups = createMemoryGroups(log, faults)
  const epochs = new Map<string, number>()
  let opened = 0
  const closer = (): (() => Promise<void>) => {
    opened++
    let closed = false
    return async () => {
      if (!closed) opened--
      closed = true
    }
  }
  const write = (records: readonly OutRecord[]): void => {
    for (const record of records) log.append(record, 'committed')
    log.changed()
  }

  return {
    faults,
    rebalance: groups.rebalance,
    evict: (group, index) => groups.evict(group, index),
    crash: (group, error) => groups.crash(group, error),
    renew: (group) => groups.renew(group),
    open: () => opened,
    createTopic: (name, partitions, settings = {}) =>
      log.createTopic({ name, partitions, replicationFactor: 1, settings }),
    append: (records) =>
      write(records.map((record) => ({ partition: 0, key: null, value: null, timestamp: 0, headers: {}, ...record }))),
    appendOpen: (records) => openTransaction(log, records),
    stored: (topic) => storedRecords(log, topic),
    committed: (group, topic) => groupOffsets(groups, group, topic),
    admin: async () => adminOf(log, groups, closer()),
    async consume(options, handlers) {
      const consumer = await groups.consume(options, handlers)
      const close = closer()
      const stop = async (): Promise<void> => {
        await consumer.stop()
        await close()
      }
      return { ...consumer, stop }
    },
    producer: async () => ({
      close: closer(),
      async send(records) {
        await new Promise((resolve) => setImmediate(resolve))
        const fault = faults.send?.(records)
        if (fault) throw fault
        write(records)
      },
    }),
    history: async () => ({
      close: closer(),
      async *read(range, signal) {
        for (let from = range.from; from < range.to;) {
          await new Promise((resolve) => setImmediate(resolve))
          signal.throwIfAborted()
          const found = log.read(range, from, 100_000)
          if (found === null) throw new Error(`memory broker: ${range.topic}/${range.partition} ends below ${range.to}`)
          const nextOffset = Math.min(range.to, found.nextOffset)
          const records = found.records.filter(({ offset }) => offset < range.to)
          const { topic, partition } = range
          yield { topic, partition, fetchedOffset: from, nextOffset, gone: 0, records }
          from = nextOffset
        }
      },
    }),
    transactions: (_owner, id) => transactionsOf({ log, epochs, faults, close: closer() }, id),
    session: (options) => sessionOf({ log, groups, epochs, faults, close: closer() }, options),
    partitionForKey: (key, partitions) => (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions,
  }
}

function storedRecords(log: MemoryLog, topic: string): StoredRecord[] {
  const partitions = log.topics.get(topic)?.partitions ?? []
  return partitions.flatMap((_, partition) =>
    (log.read({ topic, partition }, 0, Infinity)?.records ?? []).map((record) => ({ ...record, partition })),
  )
}

function groupOffsets(groups: MemoryGroups, group: string, topic: string): Map<number, number> {
  const ours = [...groups.groupOf(group).offsets].filter(([key]) => key.slice(0, key.lastIndexOf('/')) === topic)
  return new Map(ours.map(([key, next]) => [Number(key.slice(key.lastIndexOf('/') + 1)), next]))
}

function adminOf(log: MemoryLog, groups: MemoryGroups, close: () => Promise<void>): Admin {
  return {
    close,
    ...createMemoryInspector(log),
    topics: async (names) =>
      new Map(names.flatMap((name) => (log.topics.has(name) ? [[name, log.topics.get(name)!.spec] as const] : []))),
    topicsMatching: async (pattern) => matchingTopics([...log.topics.keys()], pattern),
    createTopics: async (specs) => specs.forEach((spec) => log.createTopic(spec)),
    alterTopic: async (name, alteration) => log.alterTopic(name, alteration),
    groupOffsets: async (group, topic) => groupOffsets(groups, group, topic),
    groupCommits: async (group, topic) =>
      new Map(
        [...groupOffsets(groups, group, topic)].map(([partition, next]) => [
          partition,
          { next, note: groups.groupOf(group).notes.get(slotKey({ topic, partition })) ?? '' },
        ]),
      ),
    commitOffsets: async (group, topic, offsets) => {
      if (groups.hasMembers(group))
        throw new TrackbridgeError('TB_KAFKA_REBALANCED', `memory broker: group ${group} has members`)
      for (const [partition, { next, note }] of offsets) {
        groups.groupOf(group).offsets.set(slotKey({ topic, partition }), next)
        groups.groupOf(group).notes.set(slotKey({ topic, partition }), note)
      }
    },
    watermarks: async (topic) =>
      new Map(
        (log.topics.get(topic)?.partitions ?? []).map((_, partition) => [
          partition,
          { earliest: 0, lastStable: log.lastStable({ topic, partition }) },
        ]),
      ),
  }
}

interface SessionParts {
  readonly log: MemoryLog
  readonly groups: MemoryGroups
  readonly epochs: Map<string, number>
  readonly faults: MemoryFaults
  close(): Promise<void>
}

function sessionOf(parts: SessionParts, options: SessionOptions): Session {
  const { log, groups, epochs } = parts
  const id = options.delivery === 'exactly-once' ? options.transactionalId : null
  let epoch = 0
  let dead = true

  const commitTransaction = (unit: Unit): CommitResult => {
    if (dead) throw new TrackbridgeError('TB_BUG', 'a session was used before init or after a failed commit')
    if (id !== null && epochs.get(id) !== epoch) return failure('aborted', 'fenced')
    const fault = parts.faults.sessionCommit?.(unit) ?? null
    const committed = fault === null || fault === 'unknown-committed'
    const entries = unit.records.map((record) => log.append(record, 'open'))
    for (const entry of entries) entry.visibility = committed ? 'committed' : 'aborted'
    for (const where of new Map(unit.records.map((record) => [slotKey(record), record])).values()) {
      log.appendControl(where)
    }
    if (committed) groups.commit(options.group, options.source, unit.next)
    log.changed()
    return fault === null ? { ok: true } : faultResults[fault]
  }
  const commitPlainly = async (unit: Unit, consumer: Pick<Consumer, 'commit'>): Promise<CommitResult> => {
    for (const record of unit.records) log.append(record, 'committed')
    log.changed()
    try {
      await consumer.commit([{ ...options.source, next: unit.next }])
      return { ok: true }
    } catch (error) {
      return { ok: false, outcome: 'unknown', reason: 'rebalanced', error: error as Error }
    }
  }

  return {
    close: () => parts.close(),
    async init() {
      await new Promise((resolve) => setImmediate(resolve))
      epoch = id === null ? 0 : (epochs.get(id) ?? 0) + 1
      if (id !== null) epochs.set(id, epoch)
      dead = false
    },
    committed: async () => groups.groupOf(options.group).offsets.get(slotKey(options.source)) ?? null,
    async commit(unit) {
      await new Promise((resolve) => setImmediate(resolve))
      const result =
        options.delivery === 'exactly-once' ? commitTransaction(unit) : await commitPlainly(unit, options.consumer)
      dead = !result.ok
      return result
    },
  }
}

/** Austin Appleby's MurmurHash2, 32 bit, with the seed of Kafka's Java client. */
function murmur2(data: Buffer): number {
  const m = 0x5bd1e995
  let hash = 0x9747b28c ^ data.length
  const whole = data.length - (data.length % 4)
  for (let index = 0; index < whole; index += 4) {
    let word = Math.imul(data.readInt32LE(index), m)
    word = Math.imul(word ^ (word >>> 24), m)
    hash = Math.imul(hash, m) ^ word
  }
  for (let index = data.length - 1; index >= whole; index--) hash ^= data[index]! << (8 * (index - whole))
  if (whole < data.length) hash = Math.imul(hash, m)
  hash = Math.imul(hash ^ (hash >>> 13), m)
  return hash ^ (hash >>> 15)
}
