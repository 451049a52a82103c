import { expect, test } from 'vitest'
import { comparable, isUlidOfTime, messagesOf, origin, printedLine } from './fixture-rows.ts'

const receivedAt = '2023-08-24T14:15:22.000Z'
const call = {
  method: 'PUT',
  path: '/v1/customers/42',
  body: { cio_relationships: [{ identifiers: { object_id: 'a' } }] },
}

function messageIds(record: Record<string, unknown>, at = origin): unknown[] {
  return messagesOf(comparable(printedLine(JSON.stringify(record), {}, at))).map(({ messageId }) => messageId)
}

const elsewhere = [
  { where: 'at another offset', at: { ...origin, offset: 1 } },
  { where: 'in another partition', at: { ...origin, partition: 1 } },
  { where: 'in another topic', at: { ...origin, topic: 'other.raw' } },
]

test.each(elsewhere)('the same call $where has other messageIds', ({ at }) => {
  const record = { ...call, received_at: receivedAt }
  const ids = [...messageIds(record), ...messageIds(record, at)]
  expect(ids.length).toBe(4)
  expect(new Set(ids).size).toBe(4)
})

test.each(elsewhere)('the same record with an id of its own keeps its messageIds $where', ({ at }) => {
  const record = { ...call, id: 'r-1', received_at: receivedAt }
  expect(messageIds(record).length).toBe(2)
  expect(messageIds(record, at)).toStrictEqual(messageIds(record))
})

test('records with different ids have different messageIds', () => {
  const ids = ['r-1', 'r-2', 'r-11'].flatMap((id) => messageIds({ ...call, id, received_at: receivedAt }))
  expect(new Set(ids).size).toBe(6)
})

test('partition and offset are told apart', () => {
  const ids = [
    { ...origin, partition: 1, offset: 11 },
    { ...origin, partition: 11, offset: 1 },
  ].flatMap((at) => messageIds({ ...call, received_at: receivedAt }, at))
  expect(new Set(ids).size).toBe(4)
})

test('the time part of a messageId is the time of receipt, never the time of the event', () => {
  const record = { method: 'POST', path: '/v1/customers/42/events', body: { name: 'x', timestamp: 1361205308 } }
  const [id] = messageIds({ ...record, received_at: '2020-02-29T12:00:00.123Z' })
  expect(isUlidOfTime(String(id), '2020-02-29T12:00:00.123Z')).toBe(true)
})

test("the time part of a messageId is the Kafka record's time where received_at is absent", () => {
  const [id] = messageIds(call, { ...origin, timestampMs: Date.parse('2021-01-01T00:00:00.007Z') })
  expect(isUlidOfTime(String(id), '2021-01-01T00:00:00.007Z')).toBe(true)
})

test("the Kafka record's time does not matter where received_at is present", () => {
  const record = { ...call, received_at: receivedAt }
  expect(messageIds(record, { ...origin, timestampMs: 5 })).toStrictEqual(messageIds(record))
})

test('the source of a call does not change its messageIds', () => {
  const record = { ...call, received_at: receivedAt }
  expect(messageIds({ ...record, source: 'website' })).toStrictEqual(messageIds(record))
})
