import { describe, expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { silentLog } from '../../src/ops/log.ts'
import type { HttpEndpoint } from '../../src/sink/http-endpoint.ts'
import { startSink } from '../../src/sink/sink.ts'
import { runUntil } from '../support/fake-clock.ts'
import type { MemoryBroker } from '../support/memory-broker.ts'
import {
  accepted,
  committed,
  destination,
  endpointOf,
  feed,
  group,
  idsOf,
  letters,
  optionsFor,
  setUp,
  start,
  stopSink,
} from '../support/sink.ts'

describe('sink', () => {
  test('delivers everything in order and commits it', async () => {
    const setting = await setUp()
    feed(setting, 0, [0, 25])
    const sink = await start(setting)
    feed(setting, 1, [0, 5])
    await runUntil(setting.clock, () => committed(setting)[0] === 25 && committed(setting)[1] === 5)
    expect([accepted(setting, 0), accepted(setting, 1)]).toEqual([idsOf(0, 0, 25), idsOf(1, 0, 5)])
    expect(setting.api.accepted[0]?.message['receivedAt']).toBe(undefined)
    expect(sink.status()).toEqual([
      {
        destination: 'main',
        state: 'ready',
        why: null,
        partitions: 2,
        waiting: 0,
        nextTryInMs: null,
        counters: {
          delivered: 30,
          rejected: 0,
          retries: 0,
          requests: setting.api.counters().requests,
          inFlight: 0,
          bufferedBytes: 0,
        },
      },
    ])
  })

  test('through 429, 503, cut connections and a refused message, delivers all others in order and names the answer in the dead letter', async () => {
    const setting = await setUp({
      faults: { tooManyRequestsShare: 0.2, unavailableShare: 0.2, resetShare: 0.2, rejectMessageIds: ['p0-17'] },
    })
    feed(setting, 0, [0, 60])
    feed(setting, 1, [0, 60])
    const sink = await start(setting)
    await runUntil(setting.clock, () => committed(setting)[0] === 60 && committed(setting)[1] === 60)
    const firsts = (partition: number): string[] => [...new Set(accepted(setting, partition))]
    const wanted = idsOf(0, 0, 60).filter((id) => id !== 'p0-17')
    expect([firsts(0), firsts(1)]).toEqual([wanted, idsOf(1, 0, 60)])
    expect(
      letters(setting).map(({ reason, source, destination: to, stage, answer }) => [
        reason,
        source.offset,
        to,
        stage,
        answer,
      ]),
    ).toEqual([
      [
        'rejected',
        17,
        'main',
        'sink',
        { status: 400, body: '{"meta":{"errors":["batch[0]: message p0-17 is refused"]}}' },
      ],
    ])
    const { answers, resets } = setting.api.counters()
    expect([answers[429], answers[503], resets].every((count = 0) => count > 0)).toBe(true)
    const [status] = sink.status()
    expect([status?.counters.delivered, status?.counters.rejected]).toEqual([119, 1])
  })

  test('a partition that retries holds up no other', async () => {
    const setting = await setUp({ faults: { rejectEvents: [] } })
    const { broker, clock } = setting
    feed(setting, 1, [0, 3])
    broker.faults.send = () => new TrackbridgeError('TB_KAFKA_UNAVAILABLE', 'away')
    broker.append([{ topic: 'main', partition: 0, value: 'no json' }])
    const sink = await start(setting)
    await runUntil(clock, () => committed(setting)[1] === 3)
    feed(setting, 1, [3, 40])
    await runUntil(clock, () => committed(setting)[1] === 40)
    expect([committed(setting)[0], sink.status()[0]?.state, accepted(setting, 1)]).toEqual([
      undefined,
      'ready',
      idsOf(1, 0, 40),
    ])
    broker.faults.send = null
    await runUntil(clock, () => committed(setting)[0] === 1)
    expect(letters(setting).map(({ reason, value }) => [reason, value])).toEqual([['unreadable', 'no json']])
  })

  test('a destination that is down holds up no other', async () => {
    const setting = await setUp()
    setting.broker.createTopic('other', 1)
    const down = destination(setting, { name: 'other', topic: 'other', endpoint: endpointOf('http://127.0.0.1:1') })
    feed(setting, 0, [0, 5], 'other')
    feed(setting, 0, [0, 5])
    const sink = await start(setting, { others: [down] })
    const why = 'no answer from the API: nothing listens there (ECONNREFUSED)'
    await runUntil(setting.clock, () => committed(setting)[0] === 5 && sink.status()[1]?.why === why)
    expect(sink.status().map(({ state, counters }) => [state, counters.delivered])).toEqual([
      ['ready', 5],
      ['ready', 0],
    ])
  })

  test.each([401, 403, 404, 301])(
    '%i blocks, turns readiness off, dead-letters nothing, and goes on when it is mended',
    async (code) => {
      const setting = await setUp({ faults: { answerAlways: code } })
      feed(setting, 0, [0, 5])
      feed(setting, 1, [0, 5])
      const sink = await start(setting)
      await runUntil(setting.clock, () => setting.api.counters().requests > 6)
      expect([sink.status()[0]?.state, sink.status()[0]?.why, committed(setting)]).toEqual([
        'blocked',
        expect.stringContaining(`(status ${code})`),
        {},
      ])
      delete setting.api.faults.answerAlways
      await runUntil(setting.clock, () => committed(setting)[0] === 5 && committed(setting)[1] === 5)
      expect([sink.status()[0]?.state, letters(setting)]).toEqual(['ready', []])
    },
  )

  test('a dead letter that the topic refuses stops its partition and readiness, and skips nothing', async () => {
    const setting = await setUp()
    setting.broker.faults.send = () => new TrackbridgeError('TB_KAFKA_FATAL', 'refused')
    feed(setting, 1, [0, 5])
    setting.broker.append([{ topic: 'main', partition: 0, value: 'no json' }])
    feed(setting, 0, [1, 5])
    const sink = await start(setting)
    await runUntil(setting.clock, () => committed(setting)[1] === 5)
    const [status] = sink.status()
    expect([status?.state, committed(setting)[0], accepted(setting, 0)]).toEqual(['blocked', undefined, []])
    expect(status?.why).toBe('TB_DEAD_LETTER_REFUSED: topic "dlq" does not take the dead letter of main:0:0: refused')
  })

  test('a partition that stopped for a refused dead letter goes on after a restart, once the topic takes it', async () => {
    const setting = await setUp()
    setting.broker.faults.send = () => new TrackbridgeError('TB_KAFKA_FATAL', 'refused')
    setting.broker.append([{ topic: 'main', partition: 0, value: 'no json' }])
    feed(setting, 0, [1, 5])
    const first = await start(setting)
    await runUntil(setting.clock, () => first.status()[0]?.state === 'blocked')
    await stopSink(first, setting.clock)
    setting.broker.faults.send = null
    const second = await start(setting)
    await runUntil(setting.clock, () => committed(setting)[0] === 5)
    expect([second.status()[0]?.state, accepted(setting, 0), letters(setting).map(({ value }) => value)]).toEqual([
      'ready',
      idsOf(0, 1, 5),
      ['no json'],
    ])
  })

  test('offsets behind control records are committed to the end of the fetch', async () => {
    const setting = await setUp()
    const session = setting.broker.session({
      group: 'process',
      source: { topic: 'raw', partition: 0 },
      delivery: 'exactly-once',
      commit: 'partition',
      transactionalId: 't',
      transactionTimeoutMs: 30_000,
    })
    await session.init()
    const value = JSON.stringify({ type: 'page', messageId: 'a', userId: 'user0' })
    const out = { topic: 'main', partition: 0, key: null, value, timestamp: 0, headers: {} }
    await session.commit({ records: [out], next: 1, member: { assignment: 1, memberId: 'm', generation: 1 } })
    await session.close()
    await start(setting)
    await runUntil(setting.clock, () => committed(setting)[0] !== undefined)
    expect([committed(setting), accepted(setting, 0)]).toEqual([{ 0: 2 }, ['a']])
  })

  test('refuses to start without its topics, and leaves nothing open', async () => {
    const setting = await setUp()
    const deps = { broker: setting.broker, clock: setting.clock, log: silentLog, random: () => 0 }
    const options = { ...optionsFor(setting, { topic: 'absent' }), deadLetterTopic: 'gone' }
    await expect(startSink(deps, options)).rejects.toEqual(
      new TrackbridgeError('TB_TOPIC_MISSING', 'the sink needs topics that do not exist: "gone", "absent"'),
    )
    expect(setting.broker.open()).toBe(0)
  })

  test('leaves nothing open when a later destination cannot start', async () => {
    const setting = await setUp()
    const { broker, clock } = setting
    let calls = 0
    const failing: MemoryBroker = {
      ...broker,
      consume: (options, handlers) =>
        ++calls === 2 ? Promise.reject(new Error('no')) : broker.consume(options, handlers),
    }
    const again = destination(setting, { name: 'again' })
    let open = 0
    const openApi = (): Pick<HttpEndpoint, 'send' | 'close'> => {
      open++
      return { send: async () => ({ networkError: 'no' }), close: async () => void open-- }
    }
    const deps = { broker: failing, clock, log: silentLog, random: () => 0, openApi }
    const starting = startSink(deps, optionsFor(setting, { others: [again] }))
    await expect(starting).rejects.toThrow('no')
    expect([broker.open(), clock.sleeping(), open]).toEqual([0, 0, 0])
  })

  test('ends with an error when its consumer has given up', async () => {
    const setting = await setUp()
    const sink = await start(setting)
    setting.broker.crash(group, new Error('gave up'))
    await expect(sink.ended).rejects.toThrow('gave up')
  })
})
