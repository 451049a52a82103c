import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import type { CommitResult, OutRecord } from '../../src/kafka/broker.ts'
import type { Compression } from '../../src/kafka/wire/compression.ts'
import { readCommitted } from '../support/kafka.ts'
import { openBroker, openSession, outRecord, unitOf } from '../support/kafkajs-adapter.ts'
import { setUpSession, withoutError } from '../support/session.ts'

const uncompressed = () => openBroker({ settings: { compression: 'none' } })
const incompressible = (bytes: number): string => randomBytes(bytes / 2).toString('hex')
const topicOf = (maxMessageBytes: number) => ({
  partitions: 1,
  settings: { 'max.message.bytes': String(maxMessageBytes) },
})

test('one record larger than the topic takes is too large and leaves nothing behind', async () => {
  const { broker, group, source, out, values, committed } = await setUpSession(topicOf(2_000), uncompressed())
  const session = await openSession(broker, { group, source })
  expect(withoutError(await session.commit(unitOf([outRecord(out, incompressible(3_000))], 1)))).toEqual({
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

test('several records that are too large together are aborted as passing, and split the next time', async () => {
  const { broker, group, source, out, values, committed } = await setUpSession(topicOf(2_000), uncompressed())
  const records = Array.from({ length: 3 }, (_, index) => outRecord(out, `${index}${incompressible(1_000)}`))
  const session = await openSession(broker, { group, source })
  const refused = await session.commit(unitOf(records, 3))
  expect(withoutError(refused)).toEqual({
    ok: false,
    outcome: 'aborted',
    reason: 'transient',
    error: 'TrackbridgeError',
  })
  expect(!refused.ok && refused.error.message).toMatch(
    /^topic \S+ refuses a batch of \d+ bytes; batches of at most \d+ /,
  )
  expect(await committed()).toBeUndefined()
  const heir = await openSession(broker, { group, source })
  expect(await heir.commit(unitOf(records, 3))).toEqual({ ok: true })
  expect((await values(3)).map((value) => value?.[0])).toEqual(['0', '1', '2'])
})

/** Commits with one session after the other until it is through, as a task does. */
async function commitAtLast(
  open: () => ReturnType<typeof openSession>,
  records: readonly OutRecord[],
): Promise<readonly CommitResult[]> {
  const results: CommitResult[] = []
  while (results.length < 10 && results.at(-1)?.ok !== true) {
    const session = await open()
    results.push(await session.commit(unitOf(records, records.length)))
    await session.close()
  }
  return results
}

test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] satisfies readonly Compression[])(
  'a unit of 5 MB goes through in one transaction to a topic that takes 100 kB, with compression %s',
  async (compression) => {
    const broker = openBroker({ settings: { compression } })
    const { group, source, out, committedUpTo } = await setUpSession(topicOf(100_000), broker)
    const records = Array.from({ length: 1_000 }, (_, index) => outRecord(out, `${index} ${incompressible(5_000)}`))
    const results = await commitAtLast(() => openSession(broker, { group, source }), records)
    expect(results.map(withoutError)).toEqual([
      ...results
        .slice(0, -1)
        .map(() => ({ ok: false, outcome: 'aborted', reason: 'transient', error: 'TrackbridgeError' })),
      { ok: true },
    ])
    const read = await readCommitted(out, { until: records.length })
    const first = read[0]?.offset ?? -1
    expect(read.length).toBe(records.length)
    expect(read.filter(({ value, offset }) => value !== records[offset - first]?.value)).toEqual([])
    await committedUpTo(records.length)
    const next = await openSession(broker, { group, source })
    expect(await next.commit(unitOf(records, 2 * records.length))).toEqual({ ok: true })
  },
)

test('a producer outside of transactions learns what a topic takes within one call, and loses nothing', async () => {
  const { broker, out } = await setUpSession(topicOf(100_000), uncompressed())
  const producer = await broker.producer()
  onTestFinished(() => producer.close())
  await producer.send(Array.from({ length: 400 }, (_, index) => outRecord(out, `${index} ${incompressible(5_000)}`)))
  const found = new Set((await readCommitted(out, { until: 400 })).map(({ value }) => Number(value?.split(' ')[0])))
  expect([...found].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, index) => index))
})
