import { describe, expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { createPartitioner, type Partitioning } from '../../src/processor/partitioner.ts'
import { createMemoryBroker, type MemoryBroker } from '../support/memory-broker.ts'

function brokerWith(topics: Readonly<Record<string, number>>): MemoryBroker {
  const broker = createMemoryBroker()
  for (const [name, partitions] of Object.entries(topics)) broker.createTopic(name, partitions)
  return broker
}

/** The broker, with the counts of its topics replaced by those that `grown` holds by then. */
function growing(broker: MemoryBroker, grown: Readonly<Record<string, number>>) {
  let asked = 0
  return {
    partitionForKey: (key: string | Buffer, partitions: number) => broker.partitionForKey(key, partitions),
    asked: () => asked,
    async admin() {
      const admin = await broker.admin()
      return {
        ...admin,
        async topics(names: readonly string[]) {
          asked++
          const found = [...(await admin.topics(names))]
          return new Map(
            found.map(([name, info]) => [name, { ...info, partitions: grown[name] ?? info.partitions }] as const),
          )
        },
      }
    },
  }
}

const options = (partitioning: Partitioning) => ({
  partitioning,
  routes: [{ topic: 'main' }, { topic: 'shop' }],
  deadLetterTopic: 'dlq',
  unsupportedTopic: 'unsupported',
})
const topics = { main: 4, shop: 4, dlq: 3, unsupported: 1 }

describe('partitioner', () => {
  test('by source gives messages the number of their raw partition', async () => {
    const partitioner = await createPartitioner(brokerWith(topics), options('source'))
    expect([0, 1, 2, 3].map((raw) => partitioner.partitionOf('main', 'any', raw))).toEqual([0, 1, 2, 3])
    expect([0, 1, 2, 3].map((raw) => partitioner.partitionOf('shop', null, raw))).toEqual([0, 1, 2, 3])
  })

  test('by key asks for the partition that Java would choose, whatever the raw partition', async () => {
    const broker = brokerWith({ ...topics, main: 100 })
    const partitioner = await createPartitioner(broker, options('key'))
    // Reference values of Kafka's own tests of murmur2: abc -> 479470107.
    expect([0, 5].map((raw) => partitioner.partitionOf('main', 'abc', raw))).toEqual([7, 7])
    expect(partitioner.partitionOf('main', Buffer.from('abc'), 5)).toBe(7)
    expect(partitioner.partitionOf('shop', null, 6)).toBe(2)
  })

  test.each<Partitioning>(['source', 'key'])('by %s wraps dead letters and unsupported calls round', async (by) => {
    const partitioner = await createPartitioner(brokerWith(topics), options(by))
    expect([0, 2, 3, 7].map((raw) => partitioner.partitionOf('dlq', 'abc', raw))).toEqual([0, 2, 0, 1])
    expect([0, 2, 3, 7].map((raw) => partitioner.partitionOf('unsupported', 'abc', raw))).toEqual([0, 0, 0, 0])
  })

  test('names every topic that does not exist, and leaves nothing open', async () => {
    const broker = brokerWith({ main: 1, dlq: 1 })
    await expect(createPartitioner(broker, options('source'))).rejects.toEqual(
      new TrackbridgeError('TB_TOPIC_MISSING', 'these topics do not exist: shop, unsupported'),
    )
    expect(broker.open()).toBe(0)
  })

  test('covers a raw partition that all destinations have without asking again', async () => {
    const broker = growing(brokerWith(topics), {})
    const partitioner = await createPartitioner(broker, options('source'))
    await partitioner.cover({ topic: 'raw', partition: 3 })
    expect(broker.asked()).toBe(1)
  })

  test('refuses a raw partition that a destination has no counterpart for, and says what to do', async () => {
    const broker = brokerWith({ ...topics, shop: 2 })
    const partitioner = await createPartitioner(broker, options('source'))
    await expect(partitioner.cover({ topic: 'raw', partition: 2 })).rejects.toEqual(
      new TrackbridgeError(
        'TB_KAFKA_FATAL',
        'topic shop has 2 partitions, raw partition raw/2 needs 3: add partitions to it',
        { context: { topic: 'shop', partition: 2 } },
      ),
    )
    expect(broker.open()).toBe(0)
  })

  test('takes note of partitions that were added since', async () => {
    const grown: Record<string, number> = {}
    const partitioner = await createPartitioner(
      growing(brokerWith({ ...topics, main: 2, shop: 2 }), grown),
      options('source'),
    )
    await expect(partitioner.cover({ topic: 'raw', partition: 3 })).rejects.toThrow('topic main has 2 partitions')
    Object.assign(grown, { main: 4, shop: 4, dlq: 4 })
    await expect(partitioner.cover({ topic: 'raw', partition: 3 })).resolves.toBe(undefined)
    expect([partitioner.partitionOf('main', null, 3), partitioner.partitionOf('dlq', null, 3)]).toEqual([3, 3])
  })

  test('by key covers any raw partition', async () => {
    const partitioner = await createPartitioner(brokerWith({ ...topics, main: 1, shop: 1 }), options('key'))
    await expect(partitioner.cover({ topic: 'raw', partition: 7 })).resolves.toBe(undefined)
  })
})
