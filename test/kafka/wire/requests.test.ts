import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { offsetFetch, transactionVersion } from '../../../src/kafka/wire/group-requests.ts'
import { produce } from '../../../src/kafka/wire/produce-request.ts'
import { createBatchEncoder } from '../../../src/kafka/wire/record-batch-encoder.ts'
import type { Request } from '../../../src/kafka/wire/request.ts'
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  initProducerId,
  txnOffsetCommit,
} from '../../../src/kafka/wire/transaction-requests.ts'
import { decodeRequest } from './request-decoder.ts'

const identity = { transactionalId: 'tb.ü.raw.3', producerId: 2n ** 40n + 7n, producerEpoch: 32_767 }
const sentIdentity = { transactionalId: 'tb.ü.raw.3', producerId: 2n ** 40n + 7n, epoch: 32_767 }
const encode = createBatchEncoder('none')
const writer = { producerId: 5n, producerEpoch: 2, firstSequence: 9, transactional: true }
const batchBytes = encode([{ key: 'k', value: 'v', timestamp: 1, headers: {} }], writer)
const written = { producerId: 5n, epoch: 2, sequence: 9, count: 1, transactional: true, bytes: batchBytes }
const batch = (topic: string, partition: number) => ({ topic, partition, bytes: batchBytes, count: 1 })
const partitions = [
  { topic: 'a', partition: 3 },
  { topic: 'b', partition: 0 },
  { topic: 'a', partition: 1 },
]
const member = { generation: 12, memberId: 'tb-1' }
const offsets = [
  { topic: 'raw', partition: 0, next: 2 ** 40 },
  { topic: 'raw', partition: 3, next: 0 },
]
const sentOffset = (partition: number, next: bigint) => ({ partition, next, leaderEpoch: -1, metadata: null })

test.each([
  {
    name: 'InitProducerId of a transactional id',
    request: initProducerId('tb', 30_000),
    sent: { api: 'InitProducerId', version: 1, transactionalId: 'tb', timeoutMs: 30_000 },
  },
  {
    name: 'InitProducerId of nobody',
    request: initProducerId(null, 30_000),
    sent: { api: 'InitProducerId', version: 1, transactionalId: null, timeoutMs: 30_000 },
  },
  {
    name: 'AddPartitionsToTxn of several topics',
    request: addPartitionsToTxn(identity, partitions),
    sent: {
      api: 'AddPartitionsToTxn',
      version: 1,
      ...sentIdentity,
      topics: [
        { topic: 'a', partitions: [3, 1] },
        { topic: 'b', partitions: [0] },
      ],
    },
  },
  {
    name: 'AddOffsetsToTxn',
    request: addOffsetsToTxn(identity, 'g'),
    sent: { api: 'AddOffsetsToTxn', version: 1, ...sentIdentity, group: 'g' },
  },
  ...([3, 5] as const).map((version) => ({
    name: `TxnOffsetCommit ${version} of several partitions`,
    request: txnOffsetCommit(identity, { group: 'g', member, offsets }, version),
    sent: {
      api: 'TxnOffsetCommit',
      version,
      ...sentIdentity,
      group: 'g',
      ...member,
      instance: null,
      topics: [{ topic: 'raw', partitions: [sentOffset(0, 2n ** 40n), sentOffset(3, 0n)] }],
    },
  })),
  ...([1, 5] as const).flatMap((version) =>
    (['commit', 'abort'] as const).map((end) => ({
      name: `EndTxn ${version}, ${end}`,
      request: endTxn(identity, end, version),
      sent: { api: 'EndTxn', version, ...sentIdentity, end },
    })),
  ),
  ...([7, 12] as const).map((apiVersion) => ({
    name: `Produce ${apiVersion} of several topics`,
    request: produce([batch('a', 3), batch('b', 0), batch('a', 1)], {
      transactionalId: 'tb',
      apiVersion,
      timeoutMs: 9,
    }),
    sent: {
      api: 'Produce',
      version: apiVersion,
      transactionalId: 'tb',
      acks: -1,
      timeoutMs: 9,
      batches: [
        { topic: 'a', partition: 3, ...written },
        { topic: 'a', partition: 1, ...written },
        { topic: 'b', partition: 0, ...written },
      ],
    },
  })),
  {
    name: 'Produce outside of a transaction',
    request: produce([batch('a', 0)], { transactionalId: null, apiVersion: 7, timeoutMs: 9 }),
    sent: {
      api: 'Produce',
      version: 7,
      transactionalId: null,
      acks: -1,
      timeoutMs: 9,
      batches: [{ topic: 'a', partition: 0, ...written }],
    },
  },
  {
    name: 'OffsetFetch asks for a stable offset',
    request: offsetFetch('g', { topic: 'raw', partition: 3 }),
    sent: {
      api: 'OffsetFetch',
      version: 7,
      group: 'g',
      topics: [{ topic: 'raw', partitions: [3] }],
      requireStable: true,
    },
  },
  {
    name: 'ApiVersions',
    request: transactionVersion(),
    sent: { api: 'ApiVersions', version: 3, software: 'trackbridge', softwareVersion: '1' },
  },
] satisfies readonly { name: string; request: Request<unknown>; sent: object }[])(
  '$name bears what went in',
  ({ request, sent }) => {
    expect(decodeRequest(request)).toEqual(sent)
  },
)

test('EndTxn is, byte for byte, what the message definition says', () => {
  const request = endTxn({ transactionalId: 'tb', producerId: 258n, producerEpoch: 1 }, 'commit', 1)
  expect(request.encode().toString('hex')).toBe('000274620000000000000102000101')
  const newer = endTxn({ transactionalId: 'tb', producerId: 258n, producerEpoch: 1 }, 'abort', 5)
  expect(newer.encode().toString('hex')).toBe('00037462000000000000010200010000')
})

const topicName = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 })
const anyOffsets = fc.uniqueArray(
  fc.record({ topic: topicName, partition: fc.nat(), next: fc.nat({ max: Number.MAX_SAFE_INTEGER }) }),
  { minLength: 1, selector: ({ topic, partition }) => `${partition}/${topic}` },
)

test('any offsets of any topics are all in the request, whatever their number', () => {
  fc.assert(
    fc.property(anyOffsets, fc.constantFrom(3 as const, 5 as const), (given, version) => {
      const { topics } = decodeRequest(txnOffsetCommit(identity, { group: 'g', member, offsets: given }, version))
      const found = (topics as { topic: string; partitions: { partition: number; next: bigint }[] }[]).flatMap(
        ({ topic, partitions: of }) => of.map(({ partition, next }) => [topic, partition, Number(next)]),
      )
      expect(new Set(found.map(String))).toEqual(
        new Set(given.map(({ topic, partition, next }) => String([topic, partition, next]))),
      )
      expect(found.length).toBe(given.length)
    }),
  )
})
