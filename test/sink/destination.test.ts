import { describe, expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import type { ConsumeHandlers, ConsumeOptions } from '../../src/kafka/broker.ts'
import { silentLog } from '../../src/ops/log.ts'
import { runUntil, settle } from '../support/fake-clock.ts'
import {
  accepted,
  committed,
  feed,
  group,
  idsOf,
  limits,
  optionsFor,
  setUp,
  start,
  startWith,
  stopSink,
} from '../support/sink.ts'

describe('memory', () => {
  test('never more than maxBufferBytes are held, and all is fetched and sent in order when there is room', async () => {
    const setting = await setUp({ faults: { answerAlways: 503 } })
    const { clock, broker } = setting
    for (const partition of [0, 1])
      for (let from = 0; from < 400; from += 100) feed(setting, partition, [from, from + 100])
    const sink = await start(setting, { limits: { ...limits, maxBufferBytes: 20_000 } })
    const held = (): number => sink.status()[0]?.counters.bufferedBytes ?? 0
    let most = 0
    const look = (): void => void (most = Math.max(most, held()))
    await runUntil(clock, () => (look(), setting.api.counters().requests > 10))
    expect([held() > 18_000, most <= 20_000]).toEqual([true, true])
    delete setting.api.faults.answerAlways
    await runUntil(clock, () => (look(), committed(setting)[0] === 400 && committed(setting)[1] === 400))
    expect([most <= 20_000, held()]).toEqual([true, 0])
    expect([accepted(setting, 0), accepted(setting, 1), broker.stored('dlq')]).toEqual([
      idsOf(0, 0, 400),
      idsOf(1, 0, 400),
      [],
    ])
  })

  test('partitions that come in the midst of an outage get what others leave of it, one record at least', async () => {
    const setting = await setUp({ faults: { answerAlways: 503 } })
    for (const partition of [0, 1]) feed(setting, partition, [0, 300])
    const small = { limits: { ...limits, maxBufferBytes: 20_000 } }
    const first = await start(setting, small)
    const second = await start(setting, small)
    const held = (): number => first.status()[0]?.counters.bufferedBytes ?? 0
    await runUntil(setting.clock, () => held() > 18_000)
    await stopSink(second, setting.clock)
    await runUntil(setting.clock, () => first.status()[0]?.partitions === 2)
    await settle()
    expect(held() < 20_400).toBe(true)
    delete setting.api.faults.answerAlways
    await runUntil(setting.clock, () => committed(setting)[0] === 300 && committed(setting)[1] === 300)
    expect([accepted(setting, 0), accepted(setting, 1)]).toEqual([idsOf(0, 0, 300), idsOf(1, 0, 300)])
  })

  test('a record that is larger than its share is taken alone', async () => {
    const setting = await setUp({ partitions: 1 })
    feed(setting, 0, [0, 5])
    await start(setting, { limits: { ...limits, maxBufferBytes: 100 } })
    await runUntil(setting.clock, () => committed(setting)[0] === 5)
    expect(accepted(setting, 0)).toEqual(idsOf(0, 0, 5))
  })

  test('a fetch asks for no more than fits when unpacked, and added partitions are noticed within a minute', async () => {
    const setting = await setUp({ partitions: 4 })
    const asked: ConsumeOptions[] = []
    const { clock } = setting
    const broker = {
      ...setting.broker,
      consume: (options: ConsumeOptions, handlers: ConsumeHandlers) => {
        asked.push(options)
        return setting.broker.consume(options, handlers)
      },
    }
    const small = optionsFor(setting, { limits: { ...limits, maxBufferBytes: 3_200_000 } })
    await startWith({ broker, clock, log: silentLog, random: () => 0 }, small)
    expect(asked).toEqual([
      {
        group,
        topics: ['main'],
        concurrency: 16,
        sessionTimeoutMs: 15_000,
        maxWaitMs: 250,
        maxBytesPerPartition: 50_000,
        metadataMaxAgeMs: 60_000,
      },
    ])
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

  test('nothing is sent beyond maxInFlight requests while Kafka takes no offsets', async () => {
    const setting = await setUp()
    let isRefused = true
    setting.broker.faults.commitOffsets = () =>
      isRefused ? new TrackbridgeError('TB_KAFKA_UNAVAILABLE', 'no coordinator') : null
    for (const partition of [0, 1]) feed(setting, partition, [0, 100])
    const sink = await start(setting)
    const most = limits.maxInFlight * limits.maxBatchMessages
    await runUntil(setting.clock, () => setting.api.accepted.length >= most)
    for (let rounds = 0; rounds < 20; rounds++) {
      setting.clock.advance(500)
      await settle()
    }
    expect([setting.api.accepted.length, sink.status()[0]?.counters.inFlight]).toEqual([most, 0])
    isRefused = false
    await runUntil(setting.clock, () => committed(setting)[0] === 100 && committed(setting)[1] === 100)
    expect([accepted(setting, 0), accepted(setting, 1)]).toEqual([idsOf(0, 0, 100), idsOf(1, 0, 100)])
  })

  test('a denied commit is tried again until it is granted', async () => {
    const setting = await setUp()
    let denials = 5
    setting.broker.faults.commitOffsets = () =>
      denials-- > 0 ? new TrackbridgeError('TB_KAFKA_UNAUTHORIZED', 'denied') : null
    feed(setting, 0, [0, 5])
    await start(setting)
    await runUntil(setting.clock, () => committed(setting)[0] === 5)
    expect(accepted(setting, 0)).toEqual(idsOf(0, 0, 5))
  })

  test('a commit that is refused for good ends the sink', async () => {
    const setting = await setUp()
    setting.broker.faults.commitOffsets = () => new TrackbridgeError('TB_KAFKA_FATAL', 'refused')
    feed(setting, 0, [0, 5])
    const sink = await start(setting)
    let ended = false
    sink.ended.catch(() => (ended = true))
    await runUntil(setting.clock, () => ended)
    await expect(sink.ended).rejects.toThrow('refused')
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

  test('does not wait for those that wait for a slot, a token or a back-off', async () => {
    const setting = await setUp({ partitions: 3, faults: { rejectEvents: [] } })
    for (const partition of [0, 1, 2]) feed(setting, partition, [0, 25])
    const sink = await start(setting, { limits: { ...limits, maxInFlight: 2, requestsPerSecond: 0.001 } })
    await runUntil(setting.clock, () => setting.api.counters().requests === 2)
    const beforeMs = setting.clock.now()
    await stopSink(sink, setting.clock)
    expect([setting.clock.now() - beforeMs < 1_000, Object.values(committed(setting))]).toEqual([true, [10, 10]])
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
