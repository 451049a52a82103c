import { describe, expect, test } from 'vitest'
import type { OutRecord } from '../../src/kafka/broker.ts'
import { rawTimestamp, routeTo, topologySettings } from '../support/raw-records.ts'
import { createWindow, event, identify, withValue } from './diff-window.ts'

const noNotes = { repeats: 0, unasked: 0, outside: 0, foreign: 0, misplaced: 0, isCut: false }
const people = Array.from({ length: 20 }, (_, index) => event(`p${index}`))
const changeProperty = (record: OutRecord | undefined) =>
  withValue(record, (message) => ({ ...message, properties: { price: 2 } }))

const turned = (record: OutRecord) =>
  withValue(record, (message) => Object.fromEntries(Object.entries(message).toReversed()))

/** One of each difference: raw offset 3 changed, 7 missing, 11 has a message that it does not make. */
function planted(made: readonly OutRecord[]): readonly OutRecord[] {
  const stray = { ...made[11]!, headers: { ...made[11]!.headers, 'tb-mid': 'stray', 'tb-type': 'page' } }
  return made.flatMap((record, index) => {
    if (index === 3) return [changeProperty(record)]
    if (index === 7) return []
    return index === 11 ? [record, stray] : [record]
  })
}

const messageIds = (made: readonly OutRecord[], offsets: readonly number[]) =>
  offsets.map((offset) => made[offset]?.headers['tb-mid'])

describe('a window and what stands on the topic', () => {
  test.each([
    ['kept whole until they are found', {}],
    ['kept as hashes', { maxHeldBytes: 0 }],
    ['spread over the topic by key', { partitioning: 'key' }],
  ] as const)('differ in exactly the three planted messages, where messages are %s', async (_how, changes) => {
    const window = await createWindow()
    window.raw(people)
    const made = window.made()
    window.write(planted(made))
    const { types, totals, samples, notes } = await window.compare(changes)
    const [changed, missing] = messageIds(made, [3, 7])
    expect(totals).toEqual({ same: 18, changed: 1, onlyHere: 1, onlyThere: 1 })
    expect(types).toEqual([
      { destination: 'main', type: 'track', same: 18, changed: 1, onlyHere: 1, onlyThere: 0 },
      { destination: 'main', type: 'page', same: 0, changed: 0, onlyHere: 0, onlyThere: 1 },
    ])
    const base = { destination: 'main', type: 'track', changes: [] }
    expect(samples).toEqual([
      {
        ...base,
        verdict: 'changed',
        place: 'raw:0:3',
        messageId: changed,
        person: 'p3',
        changes: [{ path: 'properties.price', here: '1', there: '2' }],
      },
      { ...base, verdict: 'onlyThere', type: 'page', place: 'raw:0:11', messageId: 'stray', person: 'p11' },
      { ...base, verdict: 'onlyHere', place: 'raw:0:7', messageId: missing, person: 'p7' },
    ])
    expect(notes).toEqual({ ...noNotes, records: 20 })
  })

  test('tell which paths differ, where both sides were in memory together', async () => {
    const window = await createWindow()
    window.raw(people)
    window.write(window.made().map(changeProperty))
    const near = await window.compare()
    const far = await window.compare({ maxHeldBytes: 0 })
    expect([near.paths, near.pathsUnknown]).toEqual([[{ path: 'properties.price', messages: 20 }], 0])
    expect([far.paths, far.pathsUnknown, far.totals.changed]).toEqual([[], 20, 20])
    expect([near.samples.length, far.samples.length]).toEqual([3, 3])
  })

  test('are the same whatever the order and the blanks of the JSON', async () => {
    const window = await createWindow()
    window.raw(people)
    window.write(window.made().map(turned))
    for (const maxHeldBytes of [0, 1_000_000])
      expect((await window.compare({ maxHeldBytes })).totals).toEqual({
        same: 20,
        changed: 0,
        onlyHere: 0,
        onlyThere: 0,
      })
  })

  test('are the same in whatever order the topic has the messages', async () => {
    const window = await createWindow()
    window.raw(people)
    window.write(window.made().toReversed())
    expect((await window.compare({ maxHeldBytes: 500 })).totals).toEqual({
      same: 20,
      changed: 0,
      onlyHere: 0,
      onlyThere: 0,
    })
  })

  test('are held together partition by partition, and what stands in the wrong one is told', async () => {
    const window = await createWindow(3)
    for (const partition of [0, 1, 2]) window.raw(people, partition)
    const made = window.made()
    window.write(made.map((record, index) => (index === 30 ? { ...record, partition: 0 } : record)))
    const { totals, notes } = await window.compare()
    expect(totals).toEqual({ same: 59, changed: 0, onlyHere: 1, onlyThere: 0 })
    expect(notes).toEqual({ ...noNotes, records: 60, misplaced: 1 })
    const byKey = await window.compare({ partitioning: 'key' })
    expect([byKey.totals.same, byKey.notes.misplaced]).toEqual([60, 0])
  })

  test('count the first of several copies, and the others as repeats', async () => {
    const window = await createWindow()
    window.raw(people)
    const made = window.made()
    const replayed = made.map((record) => ({
      ...changeProperty(record),
      headers: { ...record.headers, 'tb-replay': 'again' },
    }))
    window.write([...made, ...replayed])
    const { totals, notes } = await window.compare()
    expect([totals, notes]).toEqual([
      { same: 20, changed: 0, onlyHere: 0, onlyThere: 0 },
      { ...noNotes, records: 40, repeats: 20 },
    ])
  })

  test('leave out what is from other raw records, and what nobody knows the origin of', async () => {
    const window = await createWindow()
    window.raw(people)
    const made = window.made()
    window.write([...made, { ...made[0]!, headers: {} }, { ...made[0]!, headers: { 'tb-src': 'other:0:1:0' } }])
    const { totals, notes } = await window.compare({ ranges: [{ topic: 'raw', partition: 0, from: 5, to: 15 }] })
    expect(totals).toEqual({ same: 10, changed: 0, onlyHere: 0, onlyThere: 0 })
    expect(notes).toEqual({ ...noNotes, records: 22, outside: 11, foreign: 1 })
  })

  test('read the topic from an hour before the first raw record on, and tell when retention has cut it there', async () => {
    const window = await createWindow()
    window.raw(people)
    const made = window.made()
    const old = { ...made[0]!, timestamp: rawTimestamp - 3_600_001, headers: { 'tb-src': 'raw:0:900:0' } }
    window.write([old, old, ...made])
    expect((await window.compare()).notes).toEqual({ ...noNotes, records: 20 })
    const admin = await window.broker.admin()
    const watermarks = async (topic: string) =>
      new Map([...(await admin.watermarks(topic))].map(([partition, ends]) => [partition, { ...ends, earliest: 5 }]))
    const cut = await window.compare({ admin: { ...admin, watermarks } })
    expect([cut.totals, cut.notes]).toEqual([
      { same: 17, changed: 0, onlyHere: 3, onlyThere: 0 },
      { ...noNotes, records: 17, isCut: true },
    ])
  })

  test('leave out messages of raw records that retention takes while they are read', async () => {
    const window = await createWindow()
    window.raw(people)
    window.write(window.made())
    const history = await window.broker.history()
    const read: typeof history.read = async function* (range, signal) {
      if (range.topic !== 'raw') return yield* history.read(range, signal)
      yield { ...range, fetchedOffset: 0, nextOffset: 4, gone: 4, records: [] }
      yield* history.read({ ...range, from: 4 }, signal)
    }
    const { totals, notes } = await window.compare({ history: { read } })
    expect([totals.same, totals.onlyThere, notes.outside]).toEqual([16, 0, 4])
  })

  test('tell apart messages of one raw record that have one messageId', async () => {
    const window = await createWindow()
    const twice = { type: 'person', action: 'event', id: 'own', identifiers: { id: '1' }, name: 'x' }
    window.raw([{ method: 'POST', path: '/api/v2/batch', body: { batch: [twice, { ...twice, name: 'y' }] } }])
    window.write(window.made())
    expect((await window.compare()).totals).toEqual({ same: 2, changed: 0, onlyHere: 0, onlyThere: 0 })
  })

  test('differ in values that cannot be read, as a whole', async () => {
    const window = await createWindow()
    window.raw(people.slice(0, 3))
    const [first, second, third] = window.made()
    window.write([{ ...first!, value: 'not JSON' }, { ...second!, value: null }, third!])
    const { totals, samples } = await window.compare()
    expect(totals).toEqual({ same: 1, changed: 2, onlyHere: 0, onlyThere: 0 })
    const there = samples.map(({ changes }) => changes.map((change) => change.there))
    expect(there).toEqual([['not JSON: not JSON'], ['not JSON: ']])
  })

  test('compare only what is asked for, on both sides', async () => {
    const window = await createWindow()
    window.raw([event('a'), identify('a'), event('b'), identify('b')])
    const made = window.made()
    const stray = { ...made[0]!, headers: { ...made[0]!.headers, 'tb-mid': 'stray' } }
    window.write([...made.map(changeProperty), stray])
    const settings = { ...topologySettings(), select: ({ type }: { readonly type: string }) => type === 'identify' }
    const { types, notes } = await window.compare({ isAsked: ({ type }) => type === 'identify' }, settings)
    expect(types).toEqual([{ destination: 'main', type: 'identify', same: 0, changed: 2, onlyHere: 0, onlyThere: 0 }])
    expect(notes).toEqual({ ...noNotes, records: 5, unasked: 3 })
  })

  test('are refused where they make more messages than memory shall hold', async () => {
    const window = await createWindow()
    window.raw(people)
    window.write(window.made())
    await expect(window.compare({ maxMessages: 19 })).rejects.toThrow(
      'the window makes more than 19 messages of partition raw/0, which is the most that is compared at once: choose a shorter one with --from and --to',
    )
  })

  test('are compared where the topic holds nothing at all', async () => {
    const window = await createWindow()
    window.raw([...people, null])
    const { totals, notes } = await window.compare()
    expect([totals, notes]).toEqual([
      { same: 0, changed: 0, onlyHere: 20, onlyThere: 0 },
      { ...noNotes, records: 0 },
    ])
  })

  test('close every reader when reading one of them fails', async () => {
    const window = await createWindow(2)
    for (const partition of [0, 1]) window.raw(people, partition)
    window.write(window.made())
    const history = await window.broker.history()
    let open = 0
    const read: typeof history.read = async function* (range, signal) {
      open++
      try {
        for await (const batch of history.read(range, signal)) {
          if (range.topic === 'main' && range.partition === 1) throw new Error('the topic is gone')
          yield { ...batch, nextOffset: batch.nextOffset - 1 }
        }
      } finally {
        open--
      }
    }
    await expect(window.compare({ history: { read }, partitioning: 'key' })).rejects.toThrow('the topic is gone')
    expect(open).toBe(0)
  })
})

test('a message of a destination that the window routes nothing to is only on the topic', async () => {
  const window = await createWindow()
  window.raw(people.slice(0, 2))
  window.write(window.made())
  const nobody = topologySettings([routeTo('main', { where: { excludeEmailOnly: false, types: ['page'] } })])
  expect((await window.compare({}, nobody)).totals).toEqual({ same: 0, changed: 0, onlyHere: 0, onlyThere: 2 })
})
