import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import type { CommitResult } from '../../src/kafka/broker.ts'
import { createFakeClock, runUntil, settle } from '../support/fake-clock.ts'
import { outRecord } from './scripted-cluster.ts'
import { failure, member, openScripted, partOf, short } from './scripted-producer.ts'

const opening = ['ApiVersions', 'InitProducerId']
const cause = new Error('socket hang up')
const stepsOf = {
  0: ['AddOffsetsToTxn', 'AddPartitionsToTxn', 'TxnOffsetCommit', 'Produce', 'EndTxn'],
  2: ['TxnOffsetCommit', 'Produce', 'EndTxn'],
}
const passing = ([0, 2] as const).flatMap((level) =>
  stepsOf[level].flatMap((api) => [51, 14].map((code) => ({ level, api, code }))),
)

test.each(passing)(
  'answer $code to $api passes: the same bytes go again, at level $level',
  async ({ level, api, code }) => {
    const { producer, requests, bytes } = await openScripted({ level, replies: { [api]: [code, code, code] } })
    expect(await producer.commit([partOf([outRecord('a')])])).toEqual({ ok: true })
    const sent = bytes.filter((_, index) => requests[index]?.api === api)
    expect(sent).toEqual(Array.from({ length: 4 }, () => sent[0]))
  },
)

test.each([
  { api: 'TxnOffsetCommit', expected: failure('aborted', 'transient') },
  { api: 'Produce', expected: failure('aborted', 'transient') },
  { api: 'EndTxn', expected: failure('unknown', 'transient') },
])('an answer to $api that never passes is given up', async ({ api, expected }) => {
  const { producer } = await openScripted({ replies: { [api]: Array.from({ length: 200 }, () => 51) } })
  expect(short(await producer.commit([partOf([outRecord('a')])]))).toEqual(expected)
})

test.each([
  { api: 'AddOffsetsToTxn', code: 47, reason: 'fenced' },
  { api: 'AddOffsetsToTxn', code: 49, reason: 'fenced' },
  { api: 'AddOffsetsToTxn', code: 90, reason: 'fenced' },
  { api: 'AddOffsetsToTxn', code: 53, reason: 'fatal' },
  { api: 'AddPartitionsToTxn', code: 90, reason: 'fenced' },
  { api: 'AddPartitionsToTxn', code: 3, reason: 'transient' },
  { api: 'AddPartitionsToTxn', code: 29, reason: 'fatal' },
  { api: 'TxnOffsetCommit', code: 22, reason: 'rebalanced' },
  { api: 'TxnOffsetCommit', code: 25, reason: 'rebalanced' },
  { api: 'TxnOffsetCommit', code: 82, reason: 'rebalanced' },
  { api: 'TxnOffsetCommit', code: 113, reason: 'rebalanced' },
  { api: 'TxnOffsetCommit', code: 47, reason: 'fenced' },
  { api: 'TxnOffsetCommit', code: 15, reason: 'transient' },
  { api: 'TxnOffsetCommit', code: 16, reason: 'transient' },
  { api: 'TxnOffsetCommit', code: 30, reason: 'fatal' },
  { api: 'Produce', code: 47, reason: 'fenced' },
  { api: 'Produce', code: 10, reason: 'too-large' },
  { api: 'Produce', code: 18, reason: 'too-large' },
  { api: 'Produce', code: 3, reason: 'transient' },
  { api: 'Produce', code: 6, reason: 'transient' },
  { api: 'Produce', code: 19, reason: 'transient' },
  { api: 'Produce', code: 45, reason: 'transient' },
  { api: 'Produce', code: 120, reason: 'transient' },
  { api: 'Produce', code: 29, reason: 'fatal' },
  { api: 'Produce', code: 87, reason: 'fatal' },
])('answer $code to $api aborts and is $reason', async ({ api, code, reason }) => {
  const { producer, names } = await openScripted({ replies: { [api]: [code] } })
  expect(short(await producer.commit([partOf([outRecord('a')])]))).toEqual(failure('aborted', reason))
  expect(names().filter((name) => name.startsWith('EndTxn'))).toEqual(['EndTxn abort'])
  expect(names().at(-1)).toBe('EndTxn abort')
})

test.each([
  { api: 'AddOffsetsToTxn', unsent: 'TxnOffsetCommit' },
  { api: 'AddPartitionsToTxn', unsent: 'Produce' },
])('after a refused $api no $unsent goes out', async ({ api, unsent }) => {
  const { producer, names } = await openScripted({ replies: { [api]: [47] } })
  await producer.commit([partOf([outRecord('a')])])
  expect(names()).not.toContain(unsent)
  expect(names().at(-1)).toBe('EndTxn abort')
})

test.each([
  { level: 0, api: 'AddOffsetsToTxn' },
  { level: 0, api: 'AddPartitionsToTxn' },
  { level: 0, api: 'TxnOffsetCommit' },
  { level: 2, api: 'TxnOffsetCommit' },
  { level: 2, api: 'Produce' },
])('$api without an answer is not aborted but left to the next owner, at level $level', async ({ level, api }) => {
  const { producer, names } = await openScripted({ level, replies: { [api]: [cause] } })
  expect(await producer.commit([partOf([outRecord('a')])])).toEqual({
    ...failure('aborted', 'transient'),
    error: new TrackbridgeError(
      'TB_KAFKA_UNAVAILABLE',
      'cannot commit a transaction for raw/3 up to offset 7: socket hang up (Error)',
      { context: { topic: 'raw', partition: 3, kafkaError: 'Error' }, cause },
    ),
  })
  expect(names().filter((name) => name.startsWith('EndTxn'))).toEqual([])
})

test.each([
  { name: 'the offsets are refused', replies: { TxnOffsetCommit: [22], Produce: [cause] }, reason: 'rebalanced' },
  { name: 'the records are refused', replies: { TxnOffsetCommit: [cause], Produce: [47] }, reason: 'transient' },
])('nothing is aborted where $name and the other side has no answer', async ({ replies, reason }) => {
  const { producer, names } = await openScripted({ level: 2, replies })
  expect(short(await producer.commit([partOf([outRecord('a')])]))).toEqual(failure('aborted', reason))
  expect(names()).toEqual([...opening, 'TxnOffsetCommit', 'Produce'])
})

test('a leader without an answer keeps the abort back, whatever another leader has answered', async () => {
  const { producer, names } = await openScripted({
    level: 2,
    leaderOf: ({ partition }) => `node ${partition}`,
    replies: { Produce: [47, cause] },
  })
  const records = [outRecord('a'), outRecord('b', { partition: 1 })]
  expect(short(await producer.commit([partOf(records)]))).toEqual(failure('aborted', 'transient'))
  expect(names().at(-1)).toBe('Produce')
})

test.each([
  { name: 'a lost connection', reply: new Error('socket hang up'), reason: 'transient' },
  { name: 'INVALID_TXN_STATE', reply: 48, reason: 'transient' },
  { name: 'PRODUCER_FENCED', reply: 90, reason: 'fenced' },
  { name: 'an error that Kafka does not explain', reply: -1, reason: 'fatal' },
])('$name at the commit itself is an unknown outcome and is never aborted', async ({ reply, reason }) => {
  const { producer, names } = await openScripted({ replies: { EndTxn: [reply] } })
  expect(short(await producer.commit([partOf([outRecord('a')])]))).toEqual(failure('unknown', reason))
  expect(names().filter((name) => name.startsWith('EndTxn'))).toEqual(['EndTxn commit'])
})

test.each([
  { failing: 'TxnOffsetCommit', slow: 'Produce' },
  { failing: 'Produce', slow: 'TxnOffsetCommit' },
])('a failed $failing is not aborted before the slow $slow has been answered', async ({ failing, slow }) => {
  const gate = Promise.withResolvers<void>()
  const { producer, names } = await openScripted({ level: 2, replies: { [failing]: [47], [slow]: [gate.promise] } })
  const committing = producer.commit([partOf([outRecord('a')])])
  await settle()
  expect(names()).toEqual([...opening, 'TxnOffsetCommit', 'Produce'])
  gate.resolve()
  expect(short(await committing)).toEqual(failure('aborted', 'fenced'))
  expect(names()).toEqual([...opening, 'TxnOffsetCommit', 'Produce', 'EndTxn abort'])
})

test('where both fail, the error of the offsets tells why', async () => {
  const { producer } = await openScripted({ replies: { TxnOffsetCommit: [22], Produce: [120] } })
  expect(short(await producer.commit([partOf([outRecord('a')])]))).toEqual(failure('aborted', 'rebalanced'))
})

test('an abort that fails changes nothing about the outcome and is a debug line', async () => {
  const { producer, lines } = await openScripted({ replies: { Produce: [6], EndTxn: [new Error('socket hang up')] } })
  expect(short(await producer.commit([partOf([outRecord('a')])]))).toEqual(failure('aborted', 'transient'))
  expect(lines).toEqual([
    {
      level: 'debug',
      fields: { error: 'cannot abort the transaction: socket hang up (Error)' },
      message: 'a transaction was left to the broker to abort',
    },
  ])
})

test('an abort that is never answered is left after its time limit', async () => {
  const clock = createFakeClock()
  const never = new Promise<void>(() => undefined)
  const { producer, lines } = await openScripted({ replies: { Produce: [6], EndTxn: [never] } }, clock)
  let result: CommitResult | undefined
  const committing = producer.commit([partOf([outRecord('a')])]).then((settled) => (result = settled))
  await runUntil(clock, () => result !== undefined)
  expect(short(await committing)).toEqual(failure('aborted', 'transient'))
  expect(lines.map(({ fields }) => fields)).toEqual([
    { error: 'cannot abort the transaction: no answer within 5000 ms' },
  ])
})

const stray = partOf([], 9, 5)
const noOffset = 'a unit bears an offset that is no whole number from 0'
test.each([
  {
    name: 'parts of different generations',
    parts: [partOf([outRecord('a')]), { ...stray, unit: { ...stray.unit, member: { ...member, generation: 5 } } }],
    text: 'raw/3 up to offset 7, raw/5 up to offset 9: a transaction mixes generations',
  },
  {
    name: 'an offset that is none',
    parts: [partOf([outRecord('a')], Number.NaN)],
    text: `raw/3 up to offset NaN: ${noOffset}`,
  },
  {
    name: 'an offset below 0',
    parts: [partOf([], 7), partOf([], -1, 5)],
    text: `raw/3 up to offset 7, raw/5 up to offset -1: ${noOffset}`,
  },
  {
    name: 'an offset that is not exact',
    parts: [partOf([], 2 ** 53)],
    text: `raw/3 up to offset 9007199254740992: ${noOffset}`,
  },
  { name: 'no parts at all', parts: [], text: ': a transaction has no parts' },
])('$name are a bug of the caller, of which nothing is sent', async ({ parts, text }) => {
  const { producer, names } = await openScripted()
  expect(await producer.commit(parts)).toEqual({
    ...failure('aborted', 'fatal'),
    error: new TrackbridgeError('TB_BUG', `cannot commit a transaction for ${text}`),
  })
  expect(names()).toEqual(opening)
})

test('members of one generation may differ in the assignment they belong to', async () => {
  const { producer } = await openScripted()
  const other = { ...stray, unit: { ...stray.unit, member: { ...member, assignment: 2 } } }
  expect(await producer.commit([partOf([]), other])).toEqual({ ok: true })
})
