// What a cluster says of its replicas, leaders and coordinators, asked with stock kafkajs. Test support.
import { createRequire } from 'node:module'
import type * as Library from 'kafkajs'
import type { Admin, Kafka as KafkaClient } from 'kafkajs'

/** kafkajs's values, with those that a module cannot import by name. */
export const kafkajs = createRequire(import.meta.url)('kafkajs') as typeof Library

/** A stock kafkajs client that logs nothing and gives up soon. */
export function stockKafka(brokers: readonly string[]): KafkaClient {
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'faults',
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 20 },
  })
}

/** Runs `work` with a connected admin and disconnects it. */
export async function withStockAdmin<T>(brokers: readonly string[], work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = stockKafka(brokers).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Partitions that lack a replica in sync, or a leader: `raw-3f9c/2`. */
export async function replicasOutOfSync(brokers: readonly string[]): Promise<readonly string[]> {
  const { topics } = await withStockAdmin(brokers, (admin) => admin.fetchTopicMetadata())
  return topics.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ isr, replicas, leader }) => leader < 0 || isr.length < replicas.length)
      .map(({ partitionId }) => `${name}/${partitionId}`),
  )
}

/** Node id of the leader of each partition of a topic, by partition. */
export async function leadersOf(brokers: readonly string[], topic: string): Promise<ReadonlyMap<number, number>> {
  const { topics } = await withStockAdmin(brokers, (admin) => admin.fetchTopicMetadata({ topics: [topic] }))
  return new Map((topics[0]?.partitions ?? []).map(({ partitionId, leader }) => [partitionId, leader]))
}
