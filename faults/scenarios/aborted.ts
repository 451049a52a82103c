// Others write to the raw topic in transactions, interleaved on the same partitions, and abort most of them: those records
// never happened. Some transactions hold aborted and committed ones of the same producer back to back.
import type { Producer, Transaction } from 'kafkajs'
import { systemClock } from '../../src/clock.ts'
import { mixedCalls } from '../../test/support/mixed-calls.ts'
import type { Scenario, Stage } from '../process/scenario.ts'

const producers = 4
const slices = 5

/** Foreign transactions on the raw topic. */
export const aborted: Scenario = {
  name: 'aborted',
  promise: "records of others' aborted transactions never happened",
  brokers: 1,
  usual: { rounds: 20, records: 40_000 },
  short: { rounds: 6, records: 6_000 },
  async run(stage) {
    stage.start()
    const others = await Promise.all(Array.from({ length: producers }, (_, index) => connect(stage, index)))
    const portion = Math.ceil(stage.size.records / stage.size.rounds)
    try {
      for (let round = 0; round < stage.size.rounds; round++) await interleave(stage, others, portion)
      // What stands behind the last aborted record brings the group past it.
      await stage.feed(8 * stage.topics.partitions)
    } finally {
      await Promise.all(others.map((producer) => producer.disconnect()))
    }
  },
}

async function connect({ kafka, group }: Stage, index: number): Promise<Producer> {
  const producer = kafka.producer({
    transactionalId: `${group}-other-${index}`,
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await producer.connect()
  return producer
}

async function interleave(stage: Stage, others: readonly Producer[], portion: number): Promise<void> {
  const transactions: Transaction[] = []
  for (const producer of others) transactions.push(await producer.transaction())
  for (let slice = 0; slice < slices; slice++) {
    for (const transaction of transactions) await write(stage, transaction, portion / (slices * producers))
    await stage.feed(Math.ceil(portion / slices / 4))
  }
  const survivor = Math.floor(stage.random() * others.length)
  for (const [index, transaction] of transactions.entries()) {
    if (index === survivor) {
      await transaction.commit()
      continue
    }
    await transaction.abort()
    stage.struck('aborted transaction')
  }
}

async function write({ topics }: Stage, transaction: Transaction, records: number): Promise<void> {
  const size = { count: Math.ceil(records), partitions: topics.partitions, people: 200 }
  const calls = mixedCalls({ topic: topics.raw, timestamp: systemClock.now(), ...size })
  const messages = calls.map(({ partition, key, value, timestamp }) => ({
    partition,
    key,
    value,
    timestamp: String(timestamp),
  }))
  await transaction.send({ topic: topics.raw, messages, acks: -1 })
}
