// Partitions in memory as Kafka keeps them: offsets with gaps for control records, open transactions that hold the last
// stable offset back, aborted records that stay in the log and are filtered on reading. Test support.
import type { ConsumerRecord, OutRecord, TopicAlteration, TopicPartition, TopicSpec } from '../../src/kafka/broker.ts'

type Visibility = 'open' | 'committed' | 'aborted'

export interface LogEntry {
  readonly offset: number
  readonly record: ConsumerRecord | null
  visibility: Visibility
}

export interface MemoryTopic {
  readonly spec: TopicSpec
  readonly partitions: LogEntry[][]
}

export interface Read {
  readonly records: readonly ConsumerRecord[]
  readonly nextOffset: number
}

const toBuffer = (value: Buffer | string | null): Buffer | null => (value === null ? null : Buffer.from(value))

const toConsumerRecord = (record: OutRecord, offset: number): ConsumerRecord => ({
  offset,
  timestamp: record.timestamp,
  key: toBuffer(record.key),
  value: toBuffer(record.value),
  headers: Object.entries(record.headers).map(([key, value]) => [key, toBuffer(value)] as const),
})

const recordBytes = (record: ConsumerRecord): number => (record.key?.length ?? 0) + (record.value?.length ?? 0)

export type MemoryLog = ReturnType<typeof createMemoryLog>

/** Topics and their entries. `onChange` is told after anything became readable. */
export function createMemoryLog() {
  const topics = new Map<string, MemoryTopic>()
  const listeners = new Set<() => void>()

  const entriesOf = ({ topic, partition }: TopicPartition): LogEntry[] => {
    const entries = topics.get(topic)?.partitions[partition]
    if (!entries) throw new Error(`memory broker: there is no partition ${partition} of topic "${topic}"`)
    return entries
  }
  const changed = (): void => listeners.forEach((listener) => listener())
  const lastStable = (where: TopicPartition): number => {
    const entries = entriesOf(where)
    return entries.find((entry) => entry.visibility === 'open')?.offset ?? entries.length
  }

  return {
    topics,
    lastStable,
    changed,
    onChange(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    createTopic(spec: TopicSpec): void {
      if (topics.has(spec.name)) throw new Error(`memory broker: topic "${spec.name}" exists already`)
      const known = { ...spec, replicationFactor: Math.max(1, spec.replicationFactor) }
      topics.set(spec.name, { spec: known, partitions: Array.from({ length: spec.partitions }, () => []) })
    },
    /** Sets these settings and adds partitions up to that many. */
    alterTopic(name: string, { settings, partitions: wanted }: TopicAlteration): void {
      const topic = topics.get(name)
      if (!topic) throw new Error(`memory broker: there is no topic "${name}"`)
      const count = wanted ?? topic.partitions.length
      while (topic.partitions.length < count) topic.partitions.push([])
      const spec = { ...topic.spec, partitions: count, settings: { ...topic.spec.settings, ...settings } }
      topics.set(name, { spec, partitions: topic.partitions })
    },
    highWatermark: (where: TopicPartition): number => entriesOf(where).length,
    /** Appends one record; the entry's visibility may be changed later. */
    append(record: OutRecord, visibility: Visibility): LogEntry {
      const entries = entriesOf(record)
      const entry: LogEntry = {
        offset: entries.length,
        record: toConsumerRecord(record, entries.length),
        visibility,
      }
      entries.push(entry)
      return entry
    },
    /** A commit or abort marker: takes an offset, is never read. */
    appendControl(where: TopicPartition): void {
      const entries = entriesOf(where)
      entries.push({ offset: entries.length, record: null, visibility: 'committed' })
    },
    /** What a read_committed reader gets from `from` on; null when there is nothing up to the last stable offset. */
    read(where: TopicPartition, from: number, maxBytes: number): Read | null {
      const readable = entriesOf(where).slice(from, lastStable(where))
      if (readable.length === 0) return null
      const records: ConsumerRecord[] = []
      let bytes = 0
      let nextOffset = from
      for (const entry of readable) {
        const visible = entry.visibility === 'committed' ? entry.record : null
        if (visible && records.length > 0 && bytes + recordBytes(visible) > maxBytes) break
        if (visible) records.push(visible)
        bytes += visible ? recordBytes(visible) : 0
        nextOffset = entry.offset + 1
      }
      return { records, nextOffset }
    },
  }
}
