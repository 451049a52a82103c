import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { CommitResult, OutRecord } from '../../src/kafka/broker.ts'
import { knowsNewerTransactions } from '../support/kafka-version.ts'
import { kafkaClient, produceRaw, randomName, readCommitted } from '../support/kafka.ts'
import { openSession, outRecord, unitOf } from '../support/kafkajs-adapter.ts'
import { setUpSession, withoutError } from '../support/session.ts'
import { until } from '../support/until.ts'

test('a commit makes the records and the source offset visible together', async () => {
  const { broker, group, source, out, values, committedUpTo } = await setUpSession()
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
  const { broker, group, source, out } = await setUpSession()
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
  const { broker, group, source, committedUpTo } = await setUpSession()
  const session = await openSession(broker, { group, source })
  expect(await session.commit(unitOf([], 3))).toEqual({ ok: true })
  await committedUpTo(3)
})

test('commits in quick succession all succeed, in order', async () => {
  const { broker, group, source, out, values, committedUpTo } = await setUpSession()
  const session = await openSession(broker, { group, source })
  const results: CommitResult[] = []
  for (let next = 1; next <= 15; next += 1)
    results.push(await session.commit(unitOf([outRecord(out, String(next))], next)))
  expect(results).toEqual(Array.from({ length: 15 }, () => ({ ok: true })))
  expect(await values(15)).toEqual(Array.from({ length: 15 }, (_, index) => String(index + 1)))
  await committedUpTo(15)
})

test('a unit with a record for a partition that does not exist leaves nothing behind and kills the session', async () => {
  const { broker, group, source, out, values, committed } = await setUpSession()
  const session = await openSession(broker, { group, source })
  const result = await session.commit(unitOf([outRecord(out, 'a'), outRecord(out, 'b', 9)], 7))
  expect(withoutError(result)).toEqual({
    ok: false,
    outcome: 'aborted',
    reason: 'transient',
    error: 'TrackbridgeError',
  })
  // The older protocol names the partition to the coordinator before it looks for its leader.
  const told = knowsNewerTransactions()
    ? `partition ${out}/9 does not exist or has no leader`
    : `cannot commit a transaction for ${source.topic}/${source.partition} up to offset 7: a topic or partition does not ` +
      'exist, or may not be described; create the topics, or look at the ACLs (UNKNOWN_TOPIC_OR_PARTITION)'
  expect(!result.ok && result.error.message).toBe(told)
  const second = await session.commit(unitOf([outRecord(out, 'c')], 7))
  expect(second).toMatchObject({ ok: false, outcome: 'aborted', reason: 'fatal', error: { code: 'TB_BUG' } })
  const heir = await openSession(broker, { group, source })
  expect(await heir.committed()).toBeNull()
  expect(await values(0)).toEqual([])
  expect(await committed()).toBeUndefined()
})

test('the next session takes up where the last commit ended', async () => {
  const { broker, group, source, out, values } = await setUpSession()
  const first = await openSession(broker, { group, source })
  expect(await first.commit(unitOf([outRecord(out, 'a')], 1))).toEqual({ ok: true })
  await first.close()
  const second = await openSession(broker, { group, source })
  expect(await second.committed()).toBe(1)
  expect(await second.commit(unitOf([outRecord(out, 'b')], 2))).toEqual({ ok: true })
  expect(await values(2)).toEqual(['a', 'b'])
})

test('a transaction timeout above what the brokers allow is fatal and says which setting to look at', async () => {
  const { broker, group, source } = await setUpSession()
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
    const { broker, group, source, out, values, admin } = await setUpSession()
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
