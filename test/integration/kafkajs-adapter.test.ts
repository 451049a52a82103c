import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import type { Admin } from '../../src/kafka/broker.ts'
import type { ConnectionSettings } from '../../src/kafka/connection.ts'
import { createTopics, kafkaClient, produceRaw, randomName, readCommitted, withAdmin } from '../support/kafka.ts'
import { collect, openBroker, openSession, outRecord, unitOf } from '../support/kafkajs-adapter.ts'
import { until } from '../support/until.ts'

const codecs: readonly ConnectionSettings['compression'][] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

async function openAdmin(): Promise<Admin> {
  const admin = await openBroker().admin()
  onTestFinished(() => admin.close())
  return admin
}

test.each(codecs)(
  'what is written with compression %s is read, small and large, in a transaction and outside',
  async (compression) => {
    const topic = randomName('codec')
    await createTopics({ [topic]: 1 })
    const broker = openBroker({ settings: { compression } })
    const large = Array.from({ length: 300 }, (_, index) => `${index}:${randomBytes(500).toString('hex')}`)
    const producer = await broker.producer()
    onTestFinished(() => producer.close())
    await producer.send([outRecord(topic, 'small')])
    await producer.send(large.map((value) => outRecord(topic, value)))
    const session = await openSession(broker, { group: randomName('group'), source: { topic, partition: 0 } })
    expect(await session.commit(unitOf([outRecord(topic, 'end')], 0))).toEqual({ ok: true })
    const collected = await collect(broker, { topics: [topic] })
    await until(() => collected.values().includes('end'))
    expect(collected.values()).toEqual(['small', ...large, 'end'])
  },
)

test('one topic that holds batches of every codec is read', async () => {
  const topic = randomName('codecs')
  await createTopics({ [topic]: 1 })
  for (const compression of codecs) {
    const producer = await openBroker({ settings: { compression } }).producer()
    await producer.send([outRecord(topic, compression)])
    await producer.close()
  }
  const collected = await collect(openBroker(), { topics: [topic] })
  await until(() => collected.values().length === codecs.length)
  expect(collected.values()).toEqual(codecs)
})

test('a producer writes to the partition that is asked for', async () => {
  const topic = randomName('out')
  await createTopics({ [topic]: 3 })
  const producer = await openBroker().producer()
  onTestFinished(() => producer.close())
  await producer.send([])
  await producer.send([outRecord(topic, 'a', 2), outRecord(topic, 'b', 0), outRecord(topic, 'c', 2)])
  const read = await readCommitted(topic, { until: 3 })
  expect(read.map(({ partition, value }) => [partition, value])).toEqual([
    [0, 'b'],
    [2, 'a'],
    [2, 'c'],
  ])
})

test('a producer does not try again what is too large', async () => {
  const topic = randomName('out')
  await createTopics({ [topic]: { partitions: 1, settings: { 'max.message.bytes': '1000' } } })
  const producer = await openBroker({ settings: { compression: 'none' } }).producer()
  onTestFinished(() => producer.close())
  await expect(producer.send([outRecord(topic, randomBytes(1000).toString('hex'))])).rejects.toMatchObject({
    code: 'TB_KAFKA_TOO_LARGE',
    message:
      `cannot write to ${topic}: the batch is larger than the topic's max.message.bytes or the broker's ` +
      `message.max.bytes (MESSAGE_TOO_LARGE)`,
  })
})

test('topics are created as specified and described; those that do not exist are left out and not created', async () => {
  const admin = await openAdmin()
  const name = randomName('made')
  const missing = randomName('missing')
  const settings = { 'message.timestamp.type': 'LogAppendTime', 'retention.ms': '3600000' }
  onTestFinished(() => withAdmin((client) => client.deleteTopics({ topics: [name] })))
  await admin.createTopics([{ name, partitions: 3, replicationFactor: -1, settings }])
  const topics = await admin.topics([missing, name])
  expect([...topics.keys()]).toEqual([name])
  expect(topics.get(name)).toMatchObject({ name, partitions: 3, replicationFactor: 1, settings })
  expect((await admin.topics([missing])).size).toBe(0)
})

test('a topic that exists already is not created and is named', async () => {
  const admin = await openAdmin()
  const name = randomName('twice')
  await createTopics({ [name]: 1 })
  const spec = { name, partitions: 1, replicationFactor: -1, settings: {} }
  await expect(admin.createTopics([spec])).rejects.toMatchObject({
    code: 'TB_KAFKA_FATAL',
    message: `cannot create the topics ${name}: they exist already`,
  })
})

test('a setting that Kafka refuses is said with the topic', async () => {
  const admin = await openAdmin()
  const name = randomName('bad')
  const spec = { name, partitions: 1, replicationFactor: -1, settings: { 'retention.ms': 'soon' } }
  await expect(admin.createTopics([spec])).rejects.toMatchObject({
    code: 'TB_KAFKA_FATAL',
    message: `cannot create the topics ${name}: a topic setting is not valid (INVALID_CONFIG) [${name}]`,
  })
})

test('watermarks end before an open transaction, and group offsets are those of partitions that have one', async () => {
  const admin = await openAdmin()
  const topic = randomName('marks')
  const group = randomName('group')
  await createTopics({ [topic]: 2 })
  await produceRaw(topic, [
    { partition: 0, value: 'a' },
    { partition: 0, value: 'b' },
  ])
  const producer = kafkaClient().producer({
    transactionalId: randomName('tx'),
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await producer.connect()
  onTestFinished(() => producer.disconnect())
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: [{ partition: 0, value: 'open' }] })
  const session = await openSession(openBroker(), { group, source: { topic, partition: 1 } })
  await session.commit(unitOf([], 5))
  expect(await admin.watermarks(topic)).toEqual(
    new Map([
      [0, { earliest: 0, lastStable: 2 }],
      [1, { earliest: 0, lastStable: 0 }],
    ]),
  )
  await until(async () => (await admin.groupOffsets(group, topic)).size > 0)
  expect(await admin.groupOffsets(group, topic)).toEqual(new Map([[1, 5]]))
  expect(await admin.groupOffsets(randomName('unknown'), topic)).toEqual(new Map())
  await transaction.abort()
})

test('a cluster that is not there is unavailable, with the address', async () => {
  const broker = openBroker({ settings: { brokers: ['127.0.0.1:1'], connectionTimeoutMs: 500 } })
  await expect(broker.admin()).rejects.toMatchObject({
    code: 'TB_KAFKA_UNAVAILABLE',
    message:
      'cannot connect to Kafka: Connection error: connect ECONNREFUSED 127.0.0.1:1 (broker 127.0.0.1:1) (ECONNREFUSED)',
  })
})

test('a listener without TLS or SASL is refused in words that say where to look', async () => {
  const tls = openBroker({ settings: { ssl: () => ({}), connectionTimeoutMs: 1_000 } })
  await expect(tls.admin()).rejects.toMatchObject({ code: expect.stringMatching(/^TB_KAFKA_UN/) as string })
  const sasl = openBroker({ settings: { sasl: { mechanism: 'plain', username: 'u', password: () => 'secret' } } })
  const refusal = await sasl.admin().catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'TB_KAFKA_UNAUTHORIZED' })
  expect(String(refusal)).not.toContain('secret')
})

test('transactions without offsets are fenced by their id, and end where they say', async () => {
  const topic = randomName('letters')
  await createTopics({ [topic]: 1 })
  const broker = openBroker()
  const owner = randomName('redrive')
  const open = async () => {
    const transactions = broker.transactions(owner, `${owner}.${topic}.0`, 30_000)
    onTestFinished(() => transactions.close())
    await transactions.init()
    return transactions
  }
  const where = { topic, partition: 0 }
  const older = await open()
  expect(await older.commit([outRecord(topic, 'a'), outRecord(topic, 'b')])).toEqual({ ok: true })
  expect(await older.commit([outRecord(topic, 'c')])).toEqual({ ok: true })
  const newer = await open()
  // Each commit takes an offset for its marker.
  expect(await newer.ends(where)).toEqual({ lastStable: 5, highWatermark: 5 })
  expect(await older.commit([outRecord(topic, 'late')])).toMatchObject({ ok: false, reason: 'fenced' })
  const producer = kafkaClient().producer({
    transactionalId: randomName('tx'),
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await producer.connect()
  onTestFinished(() => producer.disconnect())
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: [{ partition: 0, value: 'open' }] })
  expect(await newer.commit([outRecord(topic, 'd')])).toEqual({ ok: true })
  await until(async () => {
    const { lastStable, highWatermark } = await newer.ends(where)
    return lastStable < highWatermark - 2
  })
  await transaction.abort()
  expect((await readCommitted(topic, { until: 4 })).map(({ value }) => value)).toEqual(['a', 'b', 'c', 'd'])
})
