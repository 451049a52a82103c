import { describe, expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { runUntil, settle } from '../support/fake-clock.ts'
import { accepted, committed, feed, group, idsOf, limits, setUp, start } from '../support/sink.ts'

describe('memory', () => {
  test('a partition is paused above its share of the bytes and resumed when it has drained', async () => {
    const setting = await setUp({ faults: { answerAlways: 503 } })
    const { clock, broker } = setting
    for (let from = 0; from < 400; from += 100) feed(setting, 0, [from, from + 100])
    const small = { ...limits, maxBufferBytes: 20_000 }
    const sink = await start(setting, { limits: small })
    await runUntil(clock, () => setting.api.counters().requests > 5)
    const held = sink.status()[0]?.counters.bufferedBytes ?? 0
    expect(held).toBeGreaterThan(10_000)
    expect(held).toBeLessThan(75_000)
    feed(setting, 1, [0, 3])
    delete setting.api.faults.answerAlways
    await runUntil(clock, () => committed(setting)[0] === 400 && committed(setting)[1] === 3)
    expect([accepted(setting, 0), broker.stored('dlq')]).toEqual([idsOf(0, 0, 400), []])
  })
})

describe('rebalance', () => {
  test('records delivered again after a rejoin are sent once, and what is in flight goes on', async () => {
    const setting = await setUp({ faults: { answerAlways: 503 } })
    feed(setting, 0, [0, 30])
    await start(setting)
    await runUntil(setting.clock, () => setting.api.counters().requests > 2)
    await setting.broker.rebalance(group)
    await settle()
    delete setting.api.faults.answerAlways
    await runUntil(setting.clock, () => committed(setting)[0] === 30)
    expect(accepted(setting, 0)).toEqual(idsOf(0, 0, 30))
  })

  test('partitions that leave are given up at once, and the new owner sends what was not committed', async () => {
    const setting = await setUp({ faults: { answerAlways: 503 } })
    feed(setting, 0, [0, 10])
    feed(setting, 1, [0, 10])
    const first = await start(setting)
    await runUntil(setting.clock, () => first.status()[0]?.partitions === 2 && setting.api.counters().requests > 3)
    const second = await start(setting)
    await settle()
    expect(first.status()[0]?.partitions).toBe(1)
    delete setting.api.faults.answerAlways
    await runUntil(setting.clock, () => committed(setting)[0] === 10 && committed(setting)[1] === 10)
    expect([first, second].map((sink) => sink.status()[0]?.counters.delivered)).toEqual([10, 10])
    expect([accepted(setting, 0), accepted(setting, 1)]).toEqual([idsOf(0, 0, 10), idsOf(1, 0, 10)])
  })

  test('a commit that the group refuses is made later', async () => {
    const setting = await setUp()
    let refusals = 2
    setting.broker.faults.commitOffsets = () =>
      refusals-- > 0 ? new TrackbridgeError('TB_KAFKA_REBALANCED', 'moved on') : null
    feed(setting, 0, [0, 5])
    await start(setting)
    await runUntil(setting.clock, () => committed(setting)[0] === 5)
    expect(accepted(setting, 0)).toEqual(idsOf(0, 0, 5))
  })

  test('a denied commit ends the sink', async () => {
    const setting = await setUp()
    setting.broker.faults.commitOffsets = () => new TrackbridgeError('TB_KAFKA_UNAUTHORIZED', 'denied')
    feed(setting, 0, [0, 5])
    const sink = await start(setting)
    let ended = false
    sink.ended.catch(() => (ended = true))
    await runUntil(setting.clock, () => ended)
    await expect(sink.ended).rejects.toThrow('denied')
  })

  test('a member that was thrown out and comes back does not send again what another has done meanwhile', async () => {
    const setting = await setUp({ partitions: 1, faults: { answerAlways: 503 } })
    feed(setting, 0, [0, 10])
    const first = await start(setting, { limits: { ...limits, maxBufferBytes: 1 } })
    await runUntil(setting.clock, () => setting.api.counters().requests > 2)
    const evicted = await setting.broker.evict(group)
    const offsets = { next: 10, topic: 'main', partition: 0 }
    const other = await setting.broker.consume(
      { group, topics: [], concurrency: 1, sessionTimeoutMs: 1, maxWaitMs: 1, maxBytesPerPartition: 1 },
      { onBatch: async () => undefined, onAssignment: () => undefined },
    )
    await other.commit([offsets])
    await other.stop()
    feed(setting, 0, [10, 12])
    await evicted.rejoin()
    await settle()
    delete setting.api.faults.answerAlways
    await runUntil(setting.clock, () => committed(setting)[0] === 12)
    expect([accepted(setting, 0), first.status()[0]?.counters.delivered]).toEqual([idsOf(0, 10, 12), 2])
  })
})

describe('a mended configuration fault', () => {
  test('is tried by all partitions as soon as one of them has seen it', async () => {
    const setting = await setUp({ partitions: 4, faults: { answerAlways: 401 } })
    for (const partition of [0, 1, 2, 3]) feed(setting, partition, [0, 1])
    await start(setting)
    await runUntil(setting.clock, () => setting.api.counters().requests > 40)
    delete setting.api.faults.answerAlways
    await runUntil(setting.clock, () => setting.api.accepted.length > 0)
    const mendedMs = setting.clock.now()
    await expect.poll(() => setting.api.accepted.length).toBe(4)
    expect(setting.clock.now()).toBe(mendedMs)
  })
})

describe('stop', () => {
  test('finishes the request under way, commits it, leaves the rest, and may be called again', async () => {
    const setting = await setUp({ faults: { slowMs: 1_000 } })
    feed(setting, 0, [0, 25])
    const sink = await start(setting)
    await runUntil(setting.clock, () => sink.status()[0]?.counters.inFlight === 1)
    const stopping = sink.stop()
    expect(sink.stop()).toBe(stopping)
    let stopped = false
    void stopping.then(() => (stopped = true))
    await runUntil(setting.clock, () => stopped)
    await sink.ended
    expect([accepted(setting, 0), committed(setting)]).toEqual([idsOf(0, 0, 10), { 0: 10 }])
  })

  test('waits no longer than shutdownTimeoutMs, and then commits nothing that is not known to be delivered', async () => {
    const setting = await setUp({ faults: { slowMs: 60_000 } })
    feed(setting, 0, [0, 25])
    const sink = await start(setting)
    await runUntil(setting.clock, () => sink.status()[0]?.counters.inFlight === 1)
    const beforeMs = setting.clock.now()
    let stopped = false
    void sink.stop().then(() => (stopped = true))
    await runUntil(setting.clock, () => stopped)
    expect([setting.clock.now() - beforeMs, committed(setting)]).toEqual([5_000, {}])
  })
})
