import { describe, expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { usedBytes } from '../support/heap.ts'
import { runUntil, settle } from '../support/fake-clock.ts'
import { destinationTo, setUpQuiet, type QuietSetting } from '../support/quiet-sink.ts'
import { status, takenIds } from '../support/recording-api.ts'
import { feed, idsOf, stopSink } from '../support/sink.ts'

const hourMs = 3_600_000

async function hourOfOutage(setting: QuietSetting, code: number) {
  const { api, broker, pass } = setting
  for (const partition of [0, 1, 2])
    for (let from = 0; from < 300; from += 100) feed({ broker }, partition, [from, from + 100])
  api.answer(() => status(code))
  const sink = await setting.start([destinationTo('main', { limits: { maxBufferBytes: 30_000 } })])
  await pass(hourMs / 12)
  api.forget()
  const beforeBytes = usedBytes()
  let most = 0
  for (let minute = 5; minute < 60; minute++) {
    await pass(hourMs / 60)
    most = Math.max(most, sink.status()[0]?.counters.bufferedBytes ?? 0)
  }
  const tries = api.requests.length
  api.forget()
  return { sink, most, tries, grownBytes: usedBytes() - beforeBytes }
}

describe('an hour without the API', () => {
  test.each([
    [503, 'ready', 'warn', 'messages cannot be delivered for now; trying again with back-off', 59],
    [401, 'blocked', 'error', 'blocked by a configuration fault; trying again with back-off until it is mended', 60],
  ])(
    'with %i is told once a minute, keeps memory flat, and ends at once when the API is back',
    async (code, state, ...[level, first, reminders]) => {
      const setting = setUpQuiet({ main: 3 })
      const { api, broker, clock, lines } = setting
      const startMs = clock.now()
      const { sink, most, tries, grownBytes } = await hourOfOutage(setting, code)
      expect([sink.status()[0]?.state, most <= 30_000, most > 25_000]).toEqual([state, true, true])
      expect(grownBytes).toBeLessThan(1_000_000)
      expect([tries > 3 * 55, tries < 3 * 55 * 4]).toEqual([true, true])

      expect(lines.map(({ level: at, message }) => [at, message])).toEqual([
        [level, first],
        ...Array.from({ length: reminders }, () => ['warn', 'still not delivering']),
      ])
      const { outageMs, nextTryInMs, waiting, why, ...rest } = lines.at(-1)!.fields as Record<string, number>
      expect(rest).toEqual({ partitions: 3, status: code, state: state === 'ready' ? 'retrying' : 'blocked' })
      expect([
        outageMs! > hourMs - 61_000,
        nextTryInMs! <= 60_000,
        waiting,
        String(why).includes(String(code)),
      ]).toEqual([true, true, sink.status()[0]?.waiting, true])

      const backMs = clock.now()
      api.answer(() => status(200))
      await runUntil(clock, () => api.requests.length > 0)
      expect(clock.now() - backMs).toBeLessThanOrEqual(60_000)
      const firstMs = clock.now()
      await settle()
      expect([clock.now(), new Set(api.requests.map(({ messages }) => messages[0]?.userId)).size]).toEqual([firstMs, 3])
      const done = (): boolean =>
        [0, 1, 2].every((partition) => broker.committed('tb.sink.main', 'main').get(partition) === 300)
      await runUntil(clock, done)
      expect(clock.now() - firstMs).toBeLessThan(2_000)
      const taken = takenIds(api.requests)
      expect([0, 1, 2].map((partition) => taken.filter((id) => id.startsWith(`p${partition}-`)))).toEqual(
        [0, 1, 2].map((partition) => idsOf(partition, 0, 300)),
      )
      expect([lines.at(-1)?.message, broker.stored('dlq')]).toEqual(['delivering again', []])
      expect(Number(lines.at(-1)?.fields['outageMs'])).toBe(firstMs - startMs)
    },
  )
})

describe('waits after a fault', () => {
  test('are not cut short for a partition whose own requests fail while others are taken', async () => {
    const { api, broker, pass, start } = setUpQuiet({ main: 2 })
    api.answer(({ messages }) => status(messages[0]?.userId === 'user0' ? 500 : 200))
    feed({ broker }, 0, [0, 1])
    await start([destinationTo('main')])
    for (let second = 0; second < 600; second++) {
      feed({ broker }, 1, [second, second + 1])
      await pass(1_000)
    }
    const tries = api.requests.filter(({ messages }) => messages[0]?.userId === 'user0').length
    expect([tries > 10, tries < 50]).toEqual([true, true])
  })

  test('hold no slot and no token: another partition goes on at the full rate', async () => {
    const { api, broker, clock, pass, start } = setUpQuiet({ main: 2 })
    api.answer(({ messages }) => status(messages[0]?.userId === 'user0' ? 500 : 200))
    feed({ broker }, 0, [0, 1])
    await start([destinationTo('main', { limits: { maxInFlight: 1, requestsPerSecond: 2, lingerMs: 0 } })])
    await pass(120_000)
    api.forget()
    feed({ broker }, 1, [0, 200])
    const startMs = clock.now()
    await runUntil(clock, () => broker.committed('tb.sink.main', 'main').get(1) === 200)
    const others = api.requests.filter(({ messages }) => messages[0]?.userId === 'user0').length
    const requests = 20 + others
    expect(clock.now() - startMs).toBeLessThanOrEqual((requests / 2) * 1_000)
  })

  test('begin anew with 250 ms after a success', async () => {
    const { api, broker, clock, start } = setUpQuiet({ main: 1 })
    let isUp = false
    api.answer(() => status(isUp ? 200 : 503))
    feed({ broker }, 0, [0, 1])
    await start([destinationTo('main')])
    await runUntil(clock, () => api.requests.length === 12)
    isUp = true
    await runUntil(clock, () => api.requests.length === 13)
    isUp = false
    feed({ broker }, 0, [1, 2])
    await runUntil(clock, () => api.requests.length === 15)
    const [again, retried] = api.requests.slice(13)
    expect(retried!.atMs - again!.atMs).toBeLessThanOrEqual(250)
  })
})

test('a dead letter that is refused stands in the log with its topic, once a minute', async () => {
  const { broker, lines, pass, start } = setUpQuiet({ main: 1 })
  broker.faults.send = () => new TrackbridgeError('TB_KAFKA_FATAL', 'refused')
  broker.append([{ topic: 'main', value: 'no json' }])
  await start([destinationTo('main')])
  await pass(90_000)
  const why = 'TB_DEAD_LETTER_REFUSED: topic "dlq" does not take the dead letter of main:0:0: refused'
  const fields = { partitions: 1, waiting: 1, status: null, why, nextTryInMs: null }
  expect(lines).toEqual([
    {
      level: 'error',
      message: 'a partition has stopped; nothing of it is delivered or skipped',
      fields: { ...fields, outageMs: 0 },
    },
    {
      level: 'error',
      message: 'a dead letter is refused: its partition stops',
      fields: { topic: 'main', partition: 0, offset: 0, person: null, destination: 'main', reason: 'unreadable' },
    },
    { level: 'warn', message: 'still not delivering', fields: { ...fields, outageMs: 60_000, state: 'stopped' } },
  ])
})

test('what was in flight at the end is sent again after a restart, the same but for sentAt', async () => {
  const setting = setUpQuiet({ main: 1 })
  const { api, broker, clock, pass, start } = setting
  feed({ broker }, 0, [0, 25])
  const never = Promise.withResolvers<never>()
  let underWay: readonly object[] = []
  api.answer((request) => {
    if (api.requests.length === 0) return status(200)
    underWay = request.messages
    return never.promise
  })
  const first = await start([destinationTo('main')])
  await runUntil(clock, () => underWay.length > 0)
  const beforeMs = clock.now()
  await stopSink(first, clock)
  expect([clock.now() - beforeMs, broker.committed('tb.sink.main', 'main').get(0)]).toEqual([5_000, 10])
  await pass(1_000)
  api.answer(() => status(200))
  api.forget()
  await start([destinationTo('main')])
  await runUntil(clock, () => broker.committed('tb.sink.main', 'main').get(0) === 25)
  const [again] = api.requests
  expect(again?.messages).toEqual(
    underWay.map((message) => ({ ...message, sentAt: new Date(again!.atMs).toISOString() })),
  )
  expect([underWay.length, again!.messages[0]!.sentAt > (underWay[0] as { sentAt: string }).sentAt]).toEqual([10, true])
  expect(takenIds(api.requests)).toEqual(idsOf(0, 10, 25))
})
