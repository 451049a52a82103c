import { expect, test } from 'vitest'
import type { ElementaryOperation } from '../../src/translate/operation.ts'
import type { Message } from '../../src/translate/message.ts'
import { readWindow } from '../../src/replay/translate-window.ts'
import { rawRecord, routeTo, topologySettings } from '../support/raw-records.ts'
import { createWindow, event, identify, rehearsalOf } from './diff-window.ts'

const batch = (...operations: readonly object[]) => ({
  method: 'POST',
  path: '/api/v2/batch',
  body: { batch: operations },
})
const person = (id: string) => ({ type: 'person', action: 'identify', identifiers: { id }, attributes: {} })

const encode = () => Buffer.from('Avro')

test('a record becomes messages by name of their destination, in JSON whatever the format of the topic', () => {
  const rehearsed = rehearsalOf(topologySettings([routeTo('main', { topic: 'other', encode }), routeTo('crm')]))(
    rawRecord(identify('42')),
  )
  expect(
    rehearsed.messages.map(({ destination, type, person: key, isAsked }) => [destination, type, key, isAsked]),
  ).toEqual([
    ['main', 'identify', '42', true],
    ['crm', 'identify', '42', true],
  ])
  expect(JSON.parse(String(rehearsed.messages[0]?.value))).toMatchObject({ type: 'identify', traits: { plan: 'free' } })
})

test('a batch with every kind of operation tells both what is unsupported and what is invalid', () => {
  const delivery = { type: 'delivery', action: 'event', identifiers: { id: 'd' }, name: 'bounced' }
  const { slot, faults, messages } = rehearsalOf()(
    rawRecord(batch(person('1'), delivery, { type: 'person', action: 'event' })),
  )
  expect([slot, messages.length, faults.map(({ reason, field, slot: to }) => [to, reason, field])]).toEqual([
    'translated',
    1,
    [
      ['unsupported', 'delivery metric', undefined],
      ['dead-letter', 'invalid', expect.any(String)],
    ],
  ])
  expect(faults.every(({ message }) => message !== '')).toBe(true)
})

const select = ({ userId }: Message, operation: ElementaryOperation, source: string | undefined) =>
  userId !== '2' && operation.type === 'person' && source === undefined

test('messages that the filter leaves out are marked and counted, and so are dead letters', () => {
  const routes = [routeTo('main', { where: { excludeEmailOnly: false, types: ['identify'] } })]
  const rehearse = rehearsalOf({ ...topologySettings(routes), select })
  const rehearsed = rehearse(
    rawRecord(batch(person('1'), person('2'), person('3'), { type: 'person', action: 'event' })),
  )
  expect(rehearsed.messages.map(({ person: key, isAsked }) => [key, isAsked])).toEqual([
    ['1', true],
    ['2', false],
    ['3', true],
  ])
  expect([rehearsed.filtered, rehearsed.unrouted, rehearsed.faults]).toEqual([2, 0, []])
  const unrouted = rehearse(rawRecord(event('2')))
  expect([unrouted.filtered, unrouted.unrouted, rehearse(rawRecord(event('1'))).unrouted]).toEqual([1, 0, 1])
})

const readCall = () => {
  throw new Error('boom')
}

test('a record whose translation throws is a dead letter', () => {
  const { slot, faults } = rehearsalOf({ ...topologySettings(), readCall })(rawRecord(event('1')))
  expect([slot, faults]).toEqual([
    'dead-letter',
    [{ slot: 'dead-letter', reason: 'translation_failed', field: undefined, message: 'TB_BUG: boom' }],
  ])
})

test('batches of all ranges are read in order, each when its schemas are known, and offsets are told', async () => {
  const window = await createWindow(2)
  window.raw([event('a'), event('b'), event('c')], 0)
  window.raw([event('d')], 1)
  const told: number[] = []
  const ensured: number[] = []
  const deps = {
    history: await window.broker.history(),
    signal: new AbortController().signal,
    ensureSchemas: async (records: Iterable<unknown>) => void ensured.push([...records].length),
    onOffsets: (offsets: number) => void told.push(offsets),
  }
  const places: string[] = []
  for await (const { partition, records } of readWindow(deps, [
    { topic: 'raw', partition: 0, from: 1, to: 3 },
    { topic: 'raw', partition: 1, from: 0, to: 1 },
  ]))
    places.push(...records.map(({ offset }) => `${partition}:${offset}`))
  expect([places, ensured, told]).toEqual([
    ['0:1', '0:2', '1:0'],
    [2, 1],
    [2, 1],
  ])
})
