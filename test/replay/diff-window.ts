// A window of raw records on a broker in memory, and what `process` made of them on the topic of destination `main`. Test
// support.
import { systemClock } from '../../src/clock.ts'
import type { OffsetRange, OutRecord } from '../../src/kafka/broker.ts'
import { silentLog } from '../../src/ops/log.ts'
import { processRecord, type TopologySettings } from '../../src/processor/topology.ts'
import { createDiffTally } from '../../src/replay/diff-tally.ts'
import { compareWithTopic, type TopicDiffDeps, type TopicDiffOptions } from '../../src/replay/diff-topic.ts'
import { createRehearsal, type RehearseSettings } from '../../src/replay/translate-window.ts'
import { createMemoryBroker } from '../support/memory-broker.ts'
import { rawTimestamp, topologySettings } from '../support/raw-records.ts'

/** An event of a person. */
export const event = (userId: string, data: object = { price: 1 }) => ({
  method: 'POST',
  path: `/api/v1/customers/${userId}/events`,
  body: { name: 'purchase', data },
})

export const identify = (userId: string, attributes: object = { plan: 'free' }) => ({
  method: 'PUT',
  path: `/api/v1/customers/${userId}`,
  body: attributes,
})

export const rehearsalOf = (settings: RehearseSettings = topologySettings()) =>
  createRehearsal(settings, { clock: systemClock, log: silentLog })

/** Topics `raw` and `main` with so many partitions; a minute lies between two raw records. */
export async function createWindow(partitions = 1) {
  const broker = createMemoryBroker()
  for (const topic of ['raw', 'main', 'dlq', 'unsupported']) broker.createTopic(topic, partitions)
  const counts = Array.from({ length: partitions }, () => 0)
  const admin = await broker.admin()

  return {
    broker,
    /** Appends raw records to a partition. */
    raw(values: readonly (object | null)[], partition = 0): void {
      for (const value of values) {
        const timestamp = rawTimestamp + 60_000 * (counts[partition] ?? 0)
        counts[partition] = (counts[partition] ?? 0) + 1
        broker.append([{ topic: 'raw', partition, timestamp, value: value === null ? null : JSON.stringify(value) }])
      }
    },
    /** What `process` writes for all raw records. */
    made(settings: TopologySettings = topologySettings()): readonly OutRecord[] {
      const raws = broker.stored('raw')
      return raws.flatMap((record) => processRecord({ ...record, topic: 'raw' }, settings).records)
    },
    /** Writes records, e.g. those of `made`. */
    write: (records: readonly OutRecord[]): void => broker.append(records),
    ranges: async (): Promise<readonly OffsetRange[]> =>
      [...(await admin.watermarks('raw'))].map(([partition, { lastStable }]) => {
        return { topic: 'raw', partition, from: 0, to: lastStable }
      }),
    /** Compares the whole window, or these ranges, with topic `main`. */
    async compare(
      changes: Partial<TopicDiffDeps & TopicDiffOptions> & { readonly ranges?: readonly OffsetRange[] } = {},
      settings?: RehearseSettings,
    ) {
      const tally = createDiffTally({ samples: 3 })
      const ranges = changes.ranges ?? (await this.ranges())
      const deps = {
        admin,
        history: await broker.history(),
        signal: new AbortController().signal,
        rehearse: rehearsalOf(settings),
        ...changes,
      }
      const options = { destination: 'main', topic: 'main', partitioning: 'source', ...changes } as const
      const notes = await compareWithTopic(deps, ranges, options, tally)
      return { notes, ...tally.counts() }
    },
  }
}

/** A record with another JSON value. */
export function withValue(
  record: OutRecord | undefined,
  change: (message: Record<string, unknown>) => unknown,
): OutRecord {
  if (record === undefined) throw new Error('there is no such record')
  return { ...record, value: JSON.stringify(change(JSON.parse(String(record.value)) as Record<string, unknown>)) }
}
