import { expect, test } from 'vitest'
import type { OutRecord } from '../../src/kafka/broker.ts'
import { redriveName } from '../../src/records/marks.ts'
import { rawTimestamp } from '../support/raw-records.ts'
import { auditOptions, faultCounts, setUp } from './setting.ts'

const sourceOf = ({ headers }: OutRecord): string => String(headers['tb-src'])
const placeOf = (text = ''): string => text.slice(0, text.lastIndexOf(':'))
const isMessage = ({ topic }: OutRecord): boolean => topic === 'main' || topic === 'shop'

function withHeaders(record: OutRecord, headers: Readonly<Record<string, string>>): OutRecord {
  return { ...record, headers: { ...record.headers, ...headers } }
}

async function written(shape: Parameters<typeof setUp>[0] = {}, count = 100) {
  const setting = setUp(shape)
  setting.feed(count)
  return { setting, outputs: await setting.outputs() }
}

test('sums are of raw records by what became of them, and of messages by destination', async () => {
  const { setting, outputs } = await written({ partitions: 1 })
  await setting.write(outputs)
  const { partitions, destinations, aside, faults } = await setting.audit()
  expect(partitions.map(({ tally }) => tally)).toEqual([
    {
      in: 100,
      translated: 94,
      unsupported: 1,
      deadLetters: 3,
      empty: 2,
      faulty: 0,
      unjudged: 0,
      messages: [
        outputs.filter(({ topic }) => topic === 'main').length,
        outputs.filter(({ topic }) => topic === 'shop').length,
      ],
      unrouted: 0,
      replayed: 0,
      repeats: 0,
    },
  ])
  const waiting = (number: number) => ({ past: 0, waiting: partitions[0]?.tally.messages[number], deadLetters: 0 })
  expect(destinations).toEqual([
    { name: 'main', topic: 'main', messages: waiting(0).waiting, forwarding: waiting(0) },
    { name: 'shop', topic: 'shop', messages: waiting(1).waiting, forwarding: waiting(1) },
  ])
  expect([aside, faults]).toEqual([{ outside: 0, sourceGone: 0, marks: 0, foreign: 0 }, []])
})

test('an output that names a raw record that does not exist is found', async () => {
  const { setting, outputs } = await written()
  const stray = outputs.find(isMessage)!
  await setting.write([...outputs, withHeaders(stray, { 'tb-src': `raw:${stray.partition}:4711:0` })])
  const { faults } = await setting.audit()
  const at = setting.broker.stored(stray.topic).findLast(({ partition }) => partition === stray.partition)?.offset
  expect(faults.map(({ kind, count, offenders }) => ({ kind, count, offenders }))).toEqual([
    {
      kind: 'no-raw-record',
      count: 1,
      offenders: [
        {
          raw: `raw:${stray.partition}:4711:0`,
          output: `${stray.topic}:${stray.partition}:${at}`,
          note: `the raw partition ends at ${setting.broker.stored('raw').filter(({ partition }) => partition === stray.partition).length}`,
        },
      ],
    },
  ])
})

test.each([
  ['of another topic', { 'tb-src': 'other:0:1:0' }, 'no-raw-record'],
  ['of a partition that there is not', { 'tb-src': 'raw:9:1:0' }, 'no-raw-record'],
  ['without an index', { 'tb-src': 'raw:0:1' }, 'no-source'],
  ['that is no place', { 'tb-src': 'raw' }, 'no-source'],
  ['of a message that the record never had', { 'tb-src': 'raw:0:1:50' }, 'unexpected'],
  ['of the other partition', { 'tb-src': 'raw:1:1:0' }, 'misplaced'],
  ['of a replay, of a raw record that does not exist', { 'tb-src': 'raw:0:4711:0', 'tb-replay': 'r' }, 'no-raw-record'],
])('a message with a provenance %s is found', async (_, headers, kind) => {
  const { setting, outputs } = await written()
  const stray = { ...outputs.find(({ topic }) => topic === 'main')!, partition: 0 }
  await setting.write([...outputs, withHeaders(stray, headers)])
  expect(faultCounts(await setting.audit())).toEqual({ [kind]: 1 })
})

test('a message without any provenance is found', async () => {
  const { setting, outputs } = await written()
  await setting.write([...outputs, { ...outputs.find(isMessage)!, headers: {} }])
  expect(faultCounts(await setting.audit())).toEqual({ 'no-source': 1 })
})

test('a message on a partition that belongs to no raw partition is found', async () => {
  const { setting, outputs } = await written({ partitions: 1 })
  const admin = await setting.broker.admin()
  await admin.alterTopic('main', { partitions: 2, settings: {} })
  await admin.close()
  await setting.write([...outputs, { ...outputs.find(({ topic }) => topic === 'main')!, partition: 1 }])
  expect(faultCounts(await setting.audit())).toEqual({ misplaced: 1 })
})

test('outputs of replays and redrives, on any topic, are neither second copies nor out of order, and are counted', async () => {
  const { setting, outputs } = await written({ partitions: 1 })
  const again = outputs.map((record, number) =>
    withHeaders(record, { 'tb-replay': number % 2 === 0 ? 'march' : redriveName }),
  )
  await setting.write([...outputs, ...again.toReversed()])
  const { faults, partitions } = await setting.audit()
  expect([faults, partitions[0]?.tally.replayed]).toEqual([[], outputs.length])
})

test('messages on the topic for replays are counted as those of replays, and their raw records must exist', async () => {
  const options = auditOptions()
  const destinations = options.destinations.map((one) => ({ ...one, backfill: { topic: `${one.name}.backfill` } }))
  const { setting, outputs } = await written({ partitions: 1, destinations })
  setting.broker.createTopic('main.backfill', 1)
  const messages = outputs.filter(({ topic }) => topic === 'main').map((one) => ({ ...one, topic: 'main.backfill' }))
  const stray = withHeaders(messages[0]!, { 'tb-src': 'raw:0:4711:0' })
  await setting.write([...outputs, ...messages, stray])
  const result = await setting.audit()
  expect([faultCounts(result), result.partitions[0]?.tally.replayed]).toEqual([{ 'no-raw-record': 1 }, messages.length])
})

test('outputs of raw records that bear tb-replay themselves are judged as any others', async () => {
  const setting = setUp({ partitions: 1 })
  const value = JSON.stringify({ type: 'person', action: 'event', name: 'viewed', identifiers: { id: '1' } })
  const headers = { 'tb-replay': 'copied' }
  setting.broker.append([1, 2, 3].map(() => ({ topic: 'raw', value, headers })))
  const outputs = await setting.outputs()
  await setting.write(outputs.slice(1))
  expect(faultCounts(await setting.audit())).toEqual({ missing: 1 })
})

test('a dead letter in place of messages is the end of a record that was too large, and of one that was redriven', async () => {
  const { setting, outputs } = await written({ partitions: 1 })
  const [first, second] = [...new Set(outputs.filter(isMessage).map(sourceOf))].filter((text) => text.endsWith(':0'))
  const letter = outputs.find(({ topic }) => topic === 'dlq')!
  const isOf = (text: string | undefined) => (record: OutRecord) => placeOf(sourceOf(record)) === placeOf(text)
  const given = (text: string | undefined, reason: string): OutRecord => ({
    ...withHeaders(letter, { 'tb-src': placeOf(text) }),
    value: JSON.stringify({ reason }),
  })
  const replaced = outputs.flatMap((record) => {
    if (isOf(first)(record))
      return sourceOf(record) === first && record.topic === 'main' ? [given(first, 'too_large')] : []
    if (isOf(second)(record))
      return sourceOf(record) === second && record.topic === 'main' ? [given(second, 'invalid')] : []
    return [record]
  })
  const redriven = outputs.filter(isOf(second)).map((record) => withHeaders(record, { 'tb-replay': redriveName }))
  const mark = { ...letter, key: null, value: null, headers: { 'tb-mark': 'redriven', 'tb-src': 'dlq:0:3' } }
  await setting.write([...replaced, ...redriven, mark])
  const { faults, partitions, aside } = await setting.audit()
  expect([faults, partitions[0]?.tally.deadLetters, aside.marks]).toEqual([[], 5, 1])

  const { setting: other } = await written({ partitions: 1 })
  await other.write(replaced)
  expect(faultCounts(await other.audit())).toEqual({ different: 1 })
})

test('what is not committed is not processed yet, and no fault', async () => {
  const { setting, outputs } = await written({ partitions: 1 })
  await setting.write(
    outputs.filter((record) => Number(sourceOf(record).split(':')[2]) < 40),
    { 0: 40 },
  )
  const { faults, partitions } = await setting.audit()
  const [view] = partitions
  expect([faults, view?.to, view?.windowTo, view?.tally.in]).toEqual([[], 40, 100, 40])
})

test('outputs are found wherever the times of their raw records jump, and those before the window are not read', async () => {
  const setting = setUp({ partitions: 1 })
  const hourMs = 3_600_000
  setting.feed(200, (number) => rawTimestamp - (number < 100 ? 1_000 : 100) * hourMs + ((number * 37) % 100) * hourMs)
  await setting.write(await setting.outputs())
  const from = { kind: 'place', topic: 'raw', partition: 0, offset: 100 } as const
  const { faults, partitions, aside } = await setting.audit({ from })
  expect([faults, partitions[0]?.tally.in, aside.outside]).toEqual([[], 100, 0])
})

test('second copies are counted and no fault where delivery is at-least-once', async () => {
  const { setting, outputs } = await written({ partitions: 1 })
  await setting.write([...outputs, ...outputs.slice(-5)])
  const { faults, partitions } = await setting.audit({ delivery: 'at-least-once' })
  expect([faults, partitions[0]?.tally.repeats]).toEqual([[], 5])
})

test('a configuration that has changed since shows as differences', async () => {
  const { setting, outputs } = await written({ partitions: 1 })
  await setting.write(outputs)
  const [main, shop] = setting.options.destinations
  const everything = { ...shop!, route: { ...shop!.route, where: { excludeEmailOnly: false } } }
  expect(Object.keys(faultCounts(await setting.audit({ destinations: [main!, everything] })))).toEqual(['missing'])
  const nothing = { ...shop!, route: { ...shop!.route, where: { types: [], excludeEmailOnly: false } } }
  const tracks = outputs.filter(({ topic }) => topic === 'shop').length
  expect(faultCounts(await setting.audit({ destinations: [main!, nothing] }))).toEqual({ unexpected: tracks })
})

test('only the destinations that are asked for are judged', async () => {
  const { setting, outputs } = await written({ partitions: 1 })
  await setting.write(outputs.filter(({ topic }) => topic !== 'shop'))
  const [main, shop] = setting.options.destinations
  expect((await setting.audit({ destinations: [main!] })).faults).toEqual([])
  expect(Object.keys(faultCounts(await setting.audit({ destinations: [shop!] })))).toEqual(['missing'])
})

test('without translating, what left nothing, doubles, disorder and strangers are found', async () => {
  const { setting, outputs } = await written({ partitions: 1 })
  const isTranslated = false
  const lost = sourceOf(outputs[20]!).split(':')[2]
  const left = outputs.filter((record) => sourceOf(record).split(':')[2] !== lost)
  const swapped = left.with(0, left[2]!).with(2, left[0]!)
  await setting.write([...swapped, left.at(-1)!])
  const whole = await written({ partitions: 1 })
  await whole.setting.write(whole.outputs)
  expect((await whole.setting.audit({ isTranslated })).faults).toEqual([])
  const result = await setting.audit({ isTranslated })
  expect(faultCounts(result)).toEqual({ missing: 1, doubled: 1, disorder: 1 })
  expect(result.faults[0]?.offenders).toEqual([
    { raw: `raw:0:${lost}`, output: null, note: 'nothing of it stands on any topic' },
  ])
})

test('how far the sink is, and which dead letters it wrote, is told apart', async () => {
  const { setting, outputs } = await written({ partitions: 1 })
  const letter = { ...outputs.find(({ topic }) => topic === 'dlq')!, headers: { 'tb-src': 'main:0:3' } }
  await setting.write([...outputs, letter, { ...letter, headers: { 'tb-src': 'main:0:4711' } }])
  const admin = await setting.broker.admin()
  await admin.commitOffsets('tb.sink.main', 'main', new Map([[0, { next: 10, note: '' }]]))
  await admin.close()
  const { destinations, faults } = await setting.audit()
  const messages = outputs.filter(({ topic }) => topic === 'main').length
  expect(destinations[0]?.forwarding).toEqual({ past: 10, waiting: messages - 10, deadLetters: 1 })
  expect(faults.map(({ kind, offenders }) => [kind, offenders[0]?.raw])).toEqual([['no-raw-record', 'main:0:4711']])
})

test('dead letters of other installations, and of sinks of destinations that are not audited, are counted and no fault', async () => {
  const { setting, outputs } = await written({ partitions: 1 })
  const letter = outputs.find(({ topic }) => topic === 'dlq')!
  const foreign = ['other.raw:0:3', 'shop:0:1'].map((place) => ({ ...letter, headers: { 'tb-src': place } }))
  await setting.write([...outputs, ...foreign])
  const [main] = setting.options.destinations
  const { faults, aside } = await setting.audit({ destinations: [main!] })
  expect([faults, aside.foreign]).toEqual([[], 2])
})

test('several raw topics of the same partitions are told apart', async () => {
  const { setting, outputs } = await written({ raw: { topics: ['raw', 'more'] } }, 60)
  await setting.write(outputs)
  const { faults, partitions } = await setting.audit()
  expect(faults).toEqual([])
  expect(partitions.map(({ topic, partition, tally }) => [topic, partition, tally.in])).toEqual([
    ['raw', 0, 32],
    ['raw', 1, 28],
    ['more', 0, 32],
    ['more', 1, 28],
  ])
})

test('topics that do not exist are named', async () => {
  const setting = setUp({ partitions: 1 })
  await expect(setting.audit({ deadLetterTopic: 'none' })).rejects.toThrow('these topics do not exist: none')
})

test.each(['source', 'key'] as const)(
  'outputs whose transaction becomes visible only after the ends were asked for are awaited, partitioning %s',
  async (partitioning) => {
    const { setting, outputs } = await written({ partitions: 1, partitioning })
    const late = outputs.slice(-3)
    await setting.write(outputs.slice(0, -3))
    let reads = 0
    const onRead = (): void => {
      if (++reads === 2) setting.broker.append(late)
    }
    expect((await setting.audit({}, onRead)).faults).toEqual([])
    expect(reads).toBeGreaterThan(5)
  },
)

test('of an output that is missing at the very end it is said that it may be behind an open transaction', async () => {
  const { setting, outputs } = await written({ partitions: 1 })
  await setting.write(outputs.slice(0, -1))
  const { faults } = await setting.audit()
  expect(faults[0]?.offenders.map(({ note }) => note)).toEqual([
    expect.stringMatching(
      /^message \w{26} \(\w+\) is not on shop\/0; nothing of later raw records stands there either: lost, or behind a transaction that has not ended$/,
    ),
  ])
})

function interrupt(): never {
  throw new Error('SIGINT')
}

test('an audit that is interrupted while it reads leaves nothing open', async () => {
  const { setting, outputs } = await written({ partitions: 1 })
  await setting.write(outputs)
  await expect(setting.audit({}, interrupt)).rejects.toThrow('SIGINT')
})
