import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Producer, Transaction } from 'kafkajs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTopics, kafkaBrokers, kafkaClient, produceRaw, randomName } from '../support/kafka.ts'
import { collect, openBroker } from '../support/kafkajs-adapter.ts'
import { until } from '../support/until.ts'

const reader = new URL('../support/stock-reader.ts', import.meta.url).pathname
const starts = [0, 1, 2, 3] as const

async function readWithStock(topic: string): Promise<readonly (readonly string[])[]> {
  const [broker = ''] = kafkaBrokers()
  const { stdout } = await promisify(execFile)(process.execPath, [reader, broker, topic, 'c6', ...starts.map(String)], {
    env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  })
  return JSON.parse(stdout) as readonly (readonly string[])[]
}

async function readWithOurs(topic: string, start: number): Promise<readonly string[]> {
  let sought = false
  const values: string[] = []
  await collect(openBroker(), { topics: [topic] }, (batch, context) => {
    if (!sought) {
      sought = true
      context.seek(start)
      return
    }
    values.push(...batch.records.map(({ value }) => String(value)))
    context.resolve(batch.nextOffset)
  })
  await until(() => values.includes('c6'))
  return values
}

async function transactional(topic: string, name: string): Promise<{ producer: Producer; transaction: Transaction }> {
  const producer = kafkaClient().producer({
    transactionalId: `${topic}-${name}`,
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await producer.connect()
  onTestFinished(() => producer.disconnect())
  return { producer, transaction: await producer.transaction() }
}

/** An abort is answered before its markers are written; the next transaction is refused until they are. */
async function markersWritten(producer: Producer, topic: string): Promise<void> {
  const next = await producer.transaction()
  const topics = [{ topic, partitions: [{ partition: 0, offset: '0' }] }]
  const consumerGroupId = randomName('unused')
  await until(() =>
    next.sendOffsets({ consumerGroupId, topics }).then(
      () => true,
      () => false,
    ),
  )
  await next.abort()
}

/** Offsets: a0 b1 a2 b3, two abort markers, c6. */
async function writeTwoAborted(topic: string, abortedFirst: 'A' | 'B'): Promise<void> {
  await createTopics({ [topic]: 1 })
  const a = await transactional(topic, 'A')
  const b = await transactional(topic, 'B')
  const send = (transaction: Transaction, value: string): Promise<unknown> =>
    transaction.send({ topic, messages: [{ partition: 0, value }] })
  await send(a.transaction, 'a0')
  await send(b.transaction, 'b1')
  await send(a.transaction, 'a2')
  await send(b.transaction, 'b3')
  const order = abortedFirst === 'A' ? [a, b] : [b, a]
  for (const { producer, transaction } of order) {
    await transaction.abort()
    await markersWritten(producer, topic)
  }
  await produceRaw(topic, [{ partition: 0, value: 'c6' }])
}

describe.each([
  { abortedFirst: 'B' as const, stock: [['a0', 'c6'], ['c6'], ['a2', 'c6'], ['c6']] },
  { abortedFirst: 'A' as const, stock: [['c6'], ['b1', 'c6'], ['c6'], ['b3', 'c6']] },
])('two interleaved transactions, $abortedFirst aborted first', ({ abortedFirst, stock }) => {
  test('stock kafkajs delivers aborted records, ours does not, wherever it starts', async () => {
    const topic = randomName('read-committed')
    await writeTwoAborted(topic, abortedFirst)
    const ours = await Promise.all(starts.map((start) => readWithOurs(topic, start)))
    expect(ours).toEqual([['c6'], ['c6'], ['c6'], ['c6']])
    expect(await readWithStock(topic)).toEqual(stock)
  })
})

test('of aborted and committed transactions of the same producers exactly the committed records are delivered', async () => {
  const topic = randomName('read-committed')
  await createTopics({ [topic]: 1 })
  const producers = await Promise.all(['A', 'B', 'C'].map((name) => transactional(topic, name)))
  const first = producers.map(({ transaction }) => transaction)
  const expected: string[] = []
  for (let round = 0; round < 6; round += 1) {
    const transactions =
      round === 0 ? first : await Promise.all(producers.map(({ producer }) => producer.transaction()))
    const values: string[][] = [[], [], []]
    for (const step of [0, 1, 2, 0, 2, 1, 1]) {
      const value = `${round}-${step}-${values[step]!.length}`
      values[step]!.push(value)
      await transactions[step]!.send({ topic, messages: [{ partition: 0, key: Buffer.alloc(4), value }] })
    }
    for (const index of [(round + 1) % 3, (round + 2) % 3, round % 3]) {
      if ((round + index) % 2 === 0) await transactions[index]!.abort()
      else {
        await transactions[index]!.commit()
        expected.push(...values[index]!)
      }
    }
  }
  await produceRaw(topic, [{ partition: 0, value: 'end' }])
  const collected = await collect(openBroker(), { topics: [topic], maxBytesPerPartition: 200 })
  await until(() => collected.values().includes('end'))
  expect([...collected.values()].sort()).toEqual([...expected, 'end'].sort())
})
