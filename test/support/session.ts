// A raw and an output topic with a broker over them, for tests of sessions. Test support.
import { onTestFinished } from 'vitest'
import type { Admin, Broker, CommitResult } from '../../src/kafka/broker.ts'
import { createTopics, randomName, readCommitted } from './kafka.ts'
import { openBroker } from './kafkajs-adapter.ts'
import { until } from './until.ts'

export interface SessionSetting {
  readonly broker: Broker
  readonly admin: Admin
  readonly raw: string
  readonly out: string
  readonly group: string
  readonly source: { readonly topic: string; readonly partition: number }
  /** All committed values, once there are `count` at least: a commit is answered a moment before its markers are there. */
  readonly values: (count: number) => Promise<readonly (string | null)[]>
  readonly committed: () => Promise<number | undefined>
  readonly committedUpTo: (next: number) => Promise<unknown>
}

type TopicShape = Parameters<typeof createTopics>[0][string]

/** Topics of random names: a raw one of three partitions, the source being number 1, and the output topic. */
export async function setUpSession(outShape: TopicShape = 2, broker = openBroker()): Promise<SessionSetting> {
  const raw = randomName('raw')
  const out = randomName('out')
  const group = randomName('group')
  await createTopics({ [raw]: 3, [out]: outShape })
  const admin = await broker.admin()
  onTestFinished(() => admin.close())
  const committed = async (): Promise<number | undefined> => (await admin.groupOffsets(group, raw)).get(1)
  return {
    broker,
    admin,
    raw,
    out,
    group,
    source: { topic: raw, partition: 1 },
    values: async (count) => (await readCommitted(out, { until: count })).map(({ value }) => value),
    committed,
    committedUpTo: (next) => until(async () => (await committed()) === next),
  }
}

/** The error by its class only. */
export const withoutError = (result: CommitResult): object =>
  result.ok ? result : { ...result, error: result.error.constructor.name }
