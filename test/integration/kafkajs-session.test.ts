import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Admin, Broker, CommitResult, OutRecord } from '../../src/kafka/broker.ts'
import { createTopics, kafkaClient, produceRaw, randomName, readCommitted } from '../support/kafka.ts'
import { collect, openBroker, openSession, outRecord, unitOf } from '../support/kafkajs-adapter.ts'
import { until } from '../support/until.ts'

interface Setting {
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

async function setUp(outShape: TopicShape = 2, broker = openBroker()): Promise<Setting> {
  const raw = randomName('raw')
  const out = randomName('out')
  const group = randomName('group')
  await createTopics({ [raw]: 2, [out]: outShape })
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

const withoutError = (result: CommitResult): object =>
  result.ok ? result : { ...result, error: result.error.constructor.name }

test('a commit makes the records and the source offset visible together', async () => {
  const { broker, group, source, out, values, committedUpTo } = await setUp()
  const session = await openSession(broker, { group, source })
  expect(await session.committed()).toBeNull()
  expect(await session.commit(unitOf([outRecord(out, 'a'), outRecord(out, 'b', 1), outRecord(out, 'c')], 7))).toEqual({
    ok: true,
  })
  expect(await values(3)).toEqual(['a', 'c', 'b'])
  await committedUpTo(7)
  expect(await session.committed()).toBe(7)
})

test('records keep their key, headers, timestamp and partition', async () => {
  const { broker, group, source, out } = await setUp()
  const session = await openSession(broker, { group, source })
  const timestamp = systemClock.now() - 12_345
  const record: OutRecord = {
    topic: out,
    partition: 1,
    key: 'person',
    value: Buffer.from('ü'),
    timestamp,
    headers: { 'tb-src': 'raw:1:6', 'tb-mid': Buffer.from('01H') },
  }
  expect(await session.commit(unitOf([record, { ...record, key: null, value: null, headers: {} }], 1))).toEqual({
    ok: true,
  })
  expect(await readCommitted(out, { until: 2 })).toEqual([
    {
      partition: 1,
      offset: 0,
      timestamp,
      key: 'person',
      value: 'ü',
      headers: { 'tb-src': 'raw:1:6', 'tb-mid': '01H' },
    },
    { partition: 1, offset: 1, timestamp, key: null, value: null, headers: {} },
  ])
})

test('a unit without records commits its offset', async () => {
  const { broker, group, source, committedUpTo } = await setUp()
  const session = await openSession(broker, { group, source })
  expect(await session.commit(unitOf([], 3))).toEqual({ ok: true })
  await committedUpTo(3)
})

test('commits in quick succession all succeed, in order', async () => {
  const { broker, group, source, out, values, committedUpTo } = await setUp()
  const session = await openSession(broker, { group, source })
  const results: CommitResult[] = []
  for (let next = 1; next <= 15; next += 1)
    results.push(await session.commit(unitOf([outRecord(out, String(next))], next)))
  expect(results).toEqual(Array.from({ length: 15 }, () => ({ ok: true })))
  expect(await values(15)).toEqual(Array.from({ length: 15 }, (_, index) => String(index + 1)))
  await committedUpTo(15)
})

test('a unit with a record for a partition that does not exist leaves nothing behind and kills the session', async () => {
  const { broker, group, source, out, values, committed } = await setUp()
  const session = await openSession(broker, { group, source })
  const result = await session.commit(unitOf([outRecord(out, 'a'), outRecord(out, 'b', 9)], 7))
  expect(withoutError(result)).toEqual({
    ok: false,
    outcome: 'aborted',
    reason: 'transient',
    error: 'TrackbridgeError',
  })
  expect(!result.ok && result.error.message).toBe(
    `Kafka did not acknowledge the records for ${out}/9: the partition does not exist or its leader has moved`,
  )
  const second = await session.commit(unitOf([outRecord(out, 'c')], 7))
  expect(second).toMatchObject({ ok: false, outcome: 'aborted', reason: 'fatal', error: { code: 'TB_BUG' } })
  const heir = await openSession(broker, { group, source })
  expect(await heir.committed()).toBeNull()
  expect(await values(0)).toEqual([])
  expect(await committed()).toBeUndefined()
})

test('the next session takes up where the last commit ended', async () => {
  const { broker, group, source, out, values } = await setUp()
  const first = await openSession(broker, { group, source })
  await first.commit(unitOf([outRecord(out, 'a')], 1))
  await first.close()
  const second = await openSession(broker, { group, source })
  expect(await second.committed()).toBe(1)
  expect(await second.commit(unitOf([outRecord(out, 'b')], 2))).toEqual({ ok: true })
  expect(await values(2)).toEqual(['a', 'b'])
})

test('a newer session fences the older one, whose commit leaves nothing behind', async () => {
  const { broker, group, source, out, values, committedUpTo } = await setUp()
  const first = await openSession(broker, { group, source })
  expect(await first.commit(unitOf([outRecord(out, 'a')], 1))).toEqual({ ok: true })
  const second = await openSession(openBroker(), { group, source })
  expect(await second.committed()).toBe(1)
  const fenced = await first.commit(unitOf([outRecord(out, 'b by the first')], 2))
  expect(withoutError(fenced)).toEqual({ ok: false, outcome: 'aborted', reason: 'fenced', error: 'TrackbridgeError' })
  expect(await second.commit(unitOf([outRecord(out, 'b by the second')], 2))).toEqual({ ok: true })
  expect(await values(2)).toEqual(['a', 'b by the second'])
  await committedUpTo(2)
})

test('a batch larger than the topic takes is too large and leaves nothing behind', async () => {
  const broker = openBroker({ settings: { compression: 'none' } })
  const { group, source, out, values, committed } = await setUp(
    { partitions: 1, settings: { 'max.message.bytes': '2000' } },
    broker,
  )
  const session = await openSession(broker, { group, source })
  const result = await session.commit(unitOf([outRecord(out, randomBytes(3000).toString('hex'))], 1))
  expect(withoutError(result)).toEqual({
    ok: false,
    outcome: 'aborted',
    reason: 'too-large',
    error: 'TrackbridgeError',
  })
  const heir = await openSession(broker, { group, source })
  expect(await committed()).toBeUndefined()
  expect(await heir.commit(unitOf([outRecord(out, 'small')], 1))).toEqual({ ok: true })
  expect(await values(1)).toEqual(['small'])
})

test('a transaction timeout above what the brokers allow is fatal and says which setting to look at', async () => {
  const { broker, group, source } = await setUp()
  await expect(openSession(broker, { group, source, transactionTimeoutMs: 2_000_000_000 })).rejects.toMatchObject({
    code: 'TB_KAFKA_FATAL',
    message:
      `cannot open a transactional producer as ${group}.${source.topic}.1: the transaction timeout is above the ` +
      `brokers' transaction.max.timeout.ms (INVALID_TRANSACTION_TIMEOUT)`,
  })
})

test(
  'an idle session outlives its transaction timeout, an open transaction does not',
  { timeout: 60_000 },
  async () => {
    const { broker, group, source, out, values, admin } = await setUp()
    const idle = await openSession(broker, { group, source, transactionTimeoutMs: 1_000 })
    const producer = kafkaClient().producer({
      transactionalId: randomName('open'),
      transactionTimeout: 1_000,
      maxInFlightRequests: 1,
      retry: { retries: 0 },
    })
    await producer.connect()
    onTestFinished(() => producer.disconnect())
    const open = await producer.transaction()
    await open.send({ topic: out, messages: [{ partition: 0, value: 'never committed' }] })
    await produceRaw(out, [{ partition: 0, value: 'after' }])
    const stableEnd = async (): Promise<number> => (await admin.watermarks(out)).get(0)?.lastStable ?? -1
    expect(await stableEnd()).toBe(0)
    await until(async () => (await stableEnd()) > 1, { timeoutMs: 40_000 })
    expect(await idle.commit(unitOf([outRecord(out, 'a')], 1))).toEqual({ ok: true })
    expect(await values(2)).toEqual(['after', 'a'])
  },
)

test('an at-least-once session commits the offset after the records', async () => {
  const { broker, raw, out, group, values, committed } = await setUp()
  await produceRaw(raw, [{ partition: 1, value: 'call' }])
  const { consumer, batches } = await collect(broker, { topics: [raw], group })
  await until(() => batches.length > 0)
  const source = { topic: raw, partition: 1 }
  const session = broker.session({ delivery: 'at-least-once', group, source, consumer })
  onTestFinished(() => session.close())
  await session.init()
  expect(await session.committed()).toBeNull()
  expect(await session.commit({ records: [outRecord(out, 'a')], next: 1, member: batches[0]!.member })).toEqual({
    ok: true,
  })
  expect(await values(1)).toEqual(['a'])
  expect(await committed()).toBe(1)
  expect(await session.committed()).toBe(1)
})

test('an at-least-once session whose group has moved on has an unknown outcome and does not move the offset', async () => {
  const { broker, raw, out, group, values, committed } = await setUp()
  const { consumer } = await collect(broker, { topics: [raw], group })
  const session = broker.session({ delivery: 'at-least-once', group, source: { topic: raw, partition: 1 }, consumer })
  onTestFinished(() => session.close())
  await session.init()
  const result = await session.commit(unitOf([outRecord(out, 'a')], 1))
  expect(withoutError(result)).toEqual({
    ok: false,
    outcome: 'unknown',
    reason: 'rebalanced',
    error: 'TrackbridgeError',
  })
  expect(await values(1)).toEqual(['a'])
  expect(await committed()).toBeUndefined()
})
