import { expect, test } from 'vitest'
import { createByteReader } from '../../../src/kafka/wire/byte-reader.ts'
import { offsetFetch, transactionVersion } from '../../../src/kafka/wire/group-requests.ts'
import { produce } from '../../../src/kafka/wire/produce-request.ts'
import type { Request } from '../../../src/kafka/wire/request.ts'
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  initProducerId,
  txnOffsetCommit,
} from '../../../src/kafka/wire/transaction-requests.ts'

const identity = { transactionalId: 'tb', producerId: 7n, producerEpoch: 2 }
const member = { generation: 12, memberId: 'tb-1' }
const partitions = [{ topic: 'a', partition: 0 }]
const offsets = [{ topic: 'raw', partition: 0, next: 1 }]

const answer = <T>(request: Request<T>, ...hex: string[]): T =>
  request.decode(createByteReader(Buffer.from(hex.join(''), 'hex')))
const throttle = '00000064'
const tagged = '010902beef'
const ok = '0000'
const tooLarge = '000a'
const fenced = '005a'
const minusOne = 'ffffffffffffffff'

test('InitProducerId gives the identity', () => {
  expect(answer(initProducerId('tb', 1), throttle, ok, '0000000000000102', '0003')).toEqual({
    code: 0,
    producerId: 258n,
    producerEpoch: 3,
  })
})

test('InitProducerId gives its error code', () => {
  expect(answer(initProducerId('tb', 1), throttle, '0033', minusOne, 'ffff').code).toBe(51)
})

test('AddPartitionsToTxn gives the first error of any partition of any topic', () => {
  const request = addPartitionsToTxn(identity, partitions)
  const topics = (second: string): string =>
    ['00000002', '0001', '61', '00000002', '00000003', ok, '00000001', second].join('') +
    ['0001', '62', '00000001', '00000000', ok].join('')
  expect(answer(request, throttle, topics(ok))).toBe(0)
  expect(answer(request, throttle, topics(fenced))).toBe(90)
})

test('AddPartitionsToTxn gives the error that kept the other partitions from being attempted', () => {
  const request = addPartitionsToTxn(identity, partitions)
  const two = ['00000001', '0001', '61', '00000002', '00000000'].join('')
  expect(answer(request, throttle, two, '0037', '00000001', '0003')).toBe(3)
  expect(answer(request, throttle, two, ok, '00000001', '0037')).toBe(55)
})

test('AddOffsetsToTxn gives its error code', () => {
  expect(answer(addOffsetsToTxn(identity, 'g'), throttle, '0031')).toBe(49)
})

test.each([3, 5] as const)(
  'TxnOffsetCommit %i gives the first error of any partition, tagged fields or not',
  (version) => {
    const request = txnOffsetCommit(identity, { group: 'g', member, offsets }, version)
    const topics = (second: string): string =>
      ['03', '02', '61', '02', '00000003', ok, tagged, tagged].join('') +
      ['02', '62', '03', '00000000', ok, '00', '00000001', second, '00', '00'].join('')
    expect(answer(request, tagged, throttle, topics(ok), '00')).toBe(0)
    expect(answer(request, '00', throttle, topics('0016'), tagged)).toBe(22)
  },
)

test('EndTxn of the older protocol gives its error code and no identity', () => {
  expect(answer(endTxn(identity, 'commit', 1), throttle, '0030')).toEqual({ code: 48 })
})

test('EndTxn of the newer protocol gives the next identity', () => {
  expect(answer(endTxn(identity, 'commit', 5), '00', throttle, ok, '0000000000000102', '0004', '00')).toEqual({
    code: 0,
    next: { producerId: 258n, producerEpoch: 4 },
  })
})

test('EndTxn of the newer protocol gives no identity with an error', () => {
  expect(answer(endTxn(identity, 'commit', 5), tagged, throttle, '0033', minusOne, 'ffff', '00')).toEqual({ code: 51 })
})

const produceOptions = { transactionalId: 'tb', timeoutMs: 9 }
const offsetsOfAppend = minusOne + minusOne + '0000000000000000'

test('Produce 7 gives the error code of each partition', () => {
  const request = produce([], { ...produceOptions, apiVersion: 7 })
  const first = ['0001', '61', '00000002', '00000003', ok, offsetsOfAppend, '00000001', tooLarge, offsetsOfAppend]
  const second = ['0001', '62', '00000001', '00000000', fenced, offsetsOfAppend]
  expect(answer(request, '00000002', ...first, ...second, throttle)).toEqual([
    { topic: 'a', partition: 3, code: 0 },
    { topic: 'a', partition: 1, code: 10 },
    { topic: 'b', partition: 0, code: 90 },
  ])
})

test('Produce 12 gives the error code of each partition, past the errors of records, messages and tagged fields', () => {
  const request = produce([], { ...produceOptions, apiVersion: 12 })
  const plain = ['00000003', ok, offsetsOfAppend, '01', '00', tagged]
  const faulty = ['00000001', tooLarge, offsetsOfAppend, '02', '00000000', '04', '626164', tagged, '03', '6e6f', '00']
  const first = ['02', '61', '03', ...plain, ...faulty, '00']
  const second = ['02', '62', '02', '00000000', fenced, offsetsOfAppend, '00', '00', '00', tagged]
  expect(answer(request, tagged, '03', ...first, ...second, throttle, '00')).toEqual([
    { topic: 'a', partition: 3, code: 0 },
    { topic: 'a', partition: 1, code: 10 },
    { topic: 'b', partition: 0, code: 90 },
  ])
})

const fetchAnswer = (offset: string, code: string): string =>
  ['02', '04', '726177', '02', '00000003', offset, 'ffffffff', '01', code, '00', '00'].join('')

test.each([
  { name: 'the committed offset', offset: '0020000000000001', expected: { code: 0, offset: 2n ** 53n + 1n } },
  { name: '-1 for none', offset: minusOne, expected: { code: 0, offset: -1n } },
])('OffsetFetch gives $name', ({ offset, expected }) => {
  const request = offsetFetch('g', { topic: 'raw', partition: 3 })
  expect(answer(request, '00', throttle, fetchAnswer(offset, ok), ok, tagged)).toEqual(expected)
})

test('OffsetFetch gives the error of the partition, and that of the group before it', () => {
  const request = offsetFetch('g', { topic: 'raw', partition: 3 })
  expect(answer(request, tagged, throttle, fetchAnswer(minusOne, '0058'), ok, '00').code).toBe(88)
  expect(answer(request, '00', throttle, fetchAnswer(minusOne, '0003'), '000e', '00')).toEqual({
    code: 14,
    offset: -1n,
  })
  expect(answer(request, '00', throttle, '01', '001e', '00')).toEqual({ code: 30, offset: -1n })
})

test('OffsetFetch without the partition throws instead of answering none', () => {
  const request = offsetFetch('g', { topic: 'raw', partition: 3 })
  expect(() => answer(request, '00', throttle, '01', ok, '00')).toThrow(
    new RangeError('the answer to OffsetFetch does not name the partition'),
  )
})

const apis = ['03', '0000', '0000', '000c', '00', '0016', '0000', '0005', tagged].join('')
const feature = (name: string, max: string): string =>
  [(name.length + 1).toString(16).padStart(2, '0'), Buffer.from(name).toString('hex'), max, '0000', '00'].join('')
const tag = (number: string, bytes: string): string =>
  [number, (bytes.length / 2).toString(16).padStart(2, '0'), bytes].join('')
const supported = tag('00', '02' + feature('transaction.version', '0000').replace('00000000', '00000002'))
const epoch = tag('01', '0000000000000005')

test.each([
  {
    name: 'finalized level',
    features: '03' + feature('metadata.version', '001b') + feature('transaction.version', '0002'),
    level: 2,
  },
  { name: 'older finalized level', features: '02' + feature('transaction.version', '0001'), level: 1 },
  {
    name: 'level 0 where the feature is not finalized',
    features: '02' + feature('metadata.version', '001b'),
    level: 0,
  },
])('ApiVersions gives the $name of the transaction protocol, not what the broker supports', ({ features, level }) => {
  expect(answer(transactionVersion(), ok, apis, throttle, '03', supported, epoch, tag('02', features))).toBe(level)
})

test('ApiVersions of a broker without features, or without version 3, is level 0', () => {
  expect(answer(transactionVersion(), ok, apis, throttle, '00')).toBe(0)
  expect(answer(transactionVersion(), '0023', '00000001', '0012', '0000', '0002')).toBe(0)
})

test.each([
  { request: initProducerId('tb', 1), hex: throttle + ok },
  { request: addPartitionsToTxn(identity, partitions), hex: throttle + '0000000100016100000001' },
  { request: addOffsetsToTxn(identity, 'g'), hex: throttle + '00' },
  { request: txnOffsetCommit(identity, { group: 'g', member, offsets }, 3), hex: '00' + throttle + '020261' },
  { request: endTxn(identity, 'commit', 1), hex: throttle },
  { request: endTxn(identity, 'commit', 5), hex: '00' + throttle + ok },
  {
    request: produce([], { ...produceOptions, apiVersion: 7 }),
    hex: '000000010001610000000100000003',
  },
  {
    request: produce([], { ...produceOptions, apiVersion: 12 }),
    hex: '000202610200000003' + ok,
  },
  { request: offsetFetch('g', { topic: 'raw', partition: 3 }), hex: '00' + throttle + fetchAnswer(minusOne, ok) },
  { request: transactionVersion(), hex: ok + apis },
] satisfies readonly { request: Request<unknown>; hex: string }[])(
  'an answer to $request.apiName $request.apiVersion that is too short throws RangeError',
  ({ request, hex }) => {
    expect(() => answer<unknown>(request, hex)).toThrow(RangeError)
  },
)
