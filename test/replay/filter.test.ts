import { expect, test } from 'vitest'
import { processRecord } from '../../src/processor/topology.ts'
import { parseFilter } from '../../src/replay/filter.ts'
import { messageFacts } from '../../src/replay/message-facts.ts'
import { rawRecord, routeTo, topologySettings } from '../support/raw-records.ts'

const batch = {
  source: 'web',
  method: 'POST',
  path: '/api/v2/batch',
  body: {
    batch: [
      { type: 'person', action: 'event', identifiers: { id: '7' }, name: 'Order Completed' },
      { type: 'person', action: 'identify', identifiers: { id: '8' }, attributes: { plan: 'pro' } },
      { type: 'person', action: 'event', identifiers: { id: '7' } },
    ],
  },
}

/** Sources of the messages that pass, what was left out, and the slot. */
function passed(texts: readonly string[], value: unknown = batch) {
  const { select } = parseFilter(texts, 'translate')
  const { records, slot, filtered } = processRecord(rawRecord(value), {
    ...topologySettings([routeTo('main')]),
    select,
  })
  return [records.map(({ topic, headers }) => `${topic} ${String(headers['tb-src'])}`), filtered, slot]
}

const [first, second] = ['main raw:3:7:0', 'main raw:3:7:1']

test.each([
  [['type=track'], [first], 2],
  [['type!=track'], [second], 2],
  [['event=Order *'], [first], 2],
  [['event!=Order *'], [second], 2],
  [['person=8'], [second], 2],
  [['person=7,8'], [first, second], 1],
  [['operation=person event'], [first], 2],
  [['operation=person *'], [first, second], 1],
  [['source=web', 'type=identify'], [second], 2],
  [['source=app'], [], 3],
])('%j writes %j, leaves out %i, and neither dead letters nor unsupported records', (texts, places, filtered) => {
  expect(passed(texts)).toEqual([places, filtered, 'translated'])
})

test('without conditions on messages the dead letter of the same record is written too', () => {
  expect(passed([])).toEqual([[first, second, 'dlq raw:3:7'], undefined, 'translated'])
  expect(passed(['partition=3'])).toEqual([[first, second, 'dlq raw:3:7'], undefined, 'translated'])
})

test('of a record that cannot be read nothing is written where messages are chosen, and it is counted', () => {
  expect(passed(['type=track'], '{')).toEqual([[], 1, 'dead-letter'])
})

test('the ids of messages stay those of the whole record, whatever is left out', () => {
  const all = processRecord(rawRecord(batch), topologySettings())
  const { select } = parseFilter(['person=8'], 'translate')
  const some = processRecord(rawRecord(batch), { ...topologySettings(), select })
  expect(some.records).toEqual([all.records[1]])
})

test.each([
  [['partition=1,2'], [false, true, true]],
  [['partition!=1'], [true, false, true]],
  [
    ['topic=raw', 'partition!=0'],
    [false, true, true],
  ],
  [['topic=other'], [false, false, false]],
  [['type=track'], [true, true, true]],
])('%j leaves of partitions 0 to 2 of raw: %j', (texts, expected) => {
  const filter = parseFilter(texts, 'translate')
  expect([0, 1, 2].map((partition) => filter.partition({ topic: 'raw', partition }))).toEqual(expected)
})

test.each([
  ['translate', 'userId=1', 'source, operation, type, event, person, topic, partition'],
  ['forward', 'source=web', 'type, event, person, topic, partition'],
] as const)('stage %s refuses %j and names the keys', (stage, text, keys) => {
  expect(() => parseFilter([text], stage)).toThrowError(
    `--filter "${text}" is no condition; write KEY=VALUE or KEY!=VALUE, where KEY is one of ${keys}`,
  )
})

test('messages that stand on a topic are chosen by what they say', () => {
  const { keep } = parseFilter(['person=7', 'type=track'], 'forward')
  const of = (message: object | string | null) =>
    keep?.(
      messageFacts(
        message === null ? null : Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)),
      ),
    )
  expect([
    of({ type: 'track', event: 'A', userId: '7' }),
    of({ type: 'track', event: 'A', anonymousId: '7' }),
    of({ type: 'track', userId: '8', anonymousId: '7' }),
    of({ type: 'page', userId: '7' }),
    of('no JSON'),
    of('[]'),
    of(null),
  ]).toEqual([true, true, false, false, false, false, false])
})

test('the facts of a message in Avro are those of its payload', () => {
  const payload = Buffer.from('{"type":"identify","userId":"7"}')
  expect([messageFacts(Buffer.from([0, 1]), () => payload), messageFacts(Buffer.from([0, 1]))]).toEqual([
    { type: 'identify', person: '7' },
    {},
  ])
})
