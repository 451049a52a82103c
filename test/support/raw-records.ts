// Raw records and the settings under which the topology turns them into records. Test support.
import type { ConsumerRecord, TopicPartition } from '../../src/kafka/broker.ts'
import type { Route } from '../../src/processor/routing.ts'
import type { TopologySettings } from '../../src/processor/topology.ts'
import { defaultMappingSettings } from '../../src/translate/mapping-table.ts'

export type RawRecord = ConsumerRecord & TopicPartition

/** 2026-11-21T10:00:00.000Z. */
export const rawTimestamp = Date.UTC(2026, 10, 21, 10)

/** A record of `raw`, partition 3, offset 7; a value that is no text or bytes becomes JSON. */
export function rawRecord(value: unknown, changes: Partial<RawRecord> = {}): RawRecord {
  return {
    topic: 'raw',
    partition: 3,
    offset: 7,
    timestamp: rawTimestamp,
    key: Buffer.from('42'),
    value: toBytes(value),
    headers: [],
    ...changes,
  }
}

function toBytes(value: unknown): Buffer | null {
  if (value === null || Buffer.isBuffer(value)) return value
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}

/** A destination that takes everything. */
export function routeTo(name: string, changes: Partial<Route> = {}): Route {
  return { name, topic: name, where: { excludeEmailOnly: false }, integrations: { All: true }, ...changes }
}

/** Destinations `main` unless others are given, topics `dlq` and `unsupported`, output partition = raw partition. */
export function topologySettings(routes: readonly Route[] = [routeTo('main')]): TopologySettings {
  return {
    routes,
    mapping: defaultMappingSettings,
    deadLetterTopic: 'dlq',
    unsupportedTopic: 'unsupported',
    partitionOf: (_topic, _key, rawPartition) => rawPartition,
  }
}
