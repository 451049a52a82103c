import { expect, onTestFinished, test } from 'vitest'
import { produceRaw } from '../support/kafka.ts'
import { collect, outRecord, unitOf } from '../support/kafkajs-adapter.ts'
import { setUpSession, withoutError } from '../support/session.ts'
import { until } from '../support/until.ts'

test('an at-least-once session commits the offset after the records', async () => {
  const { broker, raw, out, group, values, committed } = await setUpSession()
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
  const { broker, raw, out, group, values, committed } = await setUpSession()
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
