import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { openTransactionalProducer } from '../../src/kafka/transactional-producer.ts'
import { silentLog } from '../../src/ops/log.ts'
import { batchLine, createScriptedCluster, outRecord, outRecords, writerDeps } from './scripted-cluster.ts'
import { openScripted, options, partOf } from './scripted-producer.ts'

const producerFields = { transactionalId: 'tb.g.raw.3', producerId: 7n, epoch: 0 }
const offsetsFields = {
  group: 'g',
  generation: 4,
  memberId: 'm-1',
  instance: null,
  topics: [{ topic: 'raw', partitions: [{ partition: 3, next: 7n, leaderEpoch: -1, metadata: null }] }],
}

test('opening asks for coordinators anew, then for the protocol, then fences the older owners of the id', async () => {
  const { calls, requests } = await openScripted()
  expect(calls).toEqual(['open', 'refresh', 'coordinator of transaction tb.g.raw.3', 'coordinator of group g'])
  expect(requests).toEqual([
    { node: 'transaction', api: 'ApiVersions', version: 3, software: 'trackbridge', softwareVersion: '1' },
    { node: 'transaction', api: 'InitProducerId', version: 1, transactionalId: 'tb.g.raw.3', timeoutMs: 30_000 },
  ])
})

test.each([0, 1])(
  'with transaction.version %i partitions and group are named before they are written to',
  async (level) => {
    const { producer, requests } = await openScripted({ level })
    const records = [
      outRecord('a'),
      outRecord('b', { partition: 1 }),
      outRecord('c'),
      outRecord('d', { topic: 'dead' }),
    ]
    expect(await producer.commit([partOf(records)])).toEqual({ ok: true })
    const sent = requests.slice(2)
    const ofOffsets = sent.filter(({ node, api }) => node === 'group' || api === 'AddOffsetsToTxn')
    const ofRecords = sent.filter(({ node, api }) => node === 'leader' || api === 'AddPartitionsToTxn')
    expect(ofOffsets).toEqual([
      { node: 'transaction', api: 'AddOffsetsToTxn', version: 1, ...producerFields, group: 'g' },
      { node: 'group', api: 'TxnOffsetCommit', version: 3, ...producerFields, ...offsetsFields },
    ])
    expect(ofRecords).toEqual([
      {
        node: 'transaction',
        api: 'AddPartitionsToTxn',
        version: 1,
        ...producerFields,
        topics: [
          { topic: 'out', partitions: [0, 1] },
          { topic: 'dead', partitions: [0] },
        ],
      },
      { node: 'leader', api: 'Produce', version: 7, transactionalId: 'tb.g.raw.3', acks: -1, timeoutMs: 30_000 },
    ])
    expect(sent.at(-1)).toEqual({ node: 'transaction', api: 'EndTxn', version: 1, ...producerFields, end: 'commit' })
    expect(sent.length).toBe(5)
  },
)

test('with transaction.version 2 nothing is named before', async () => {
  const { producer, requests } = await openScripted({ level: 2 })
  expect(await producer.commit([partOf([outRecord('a')])])).toEqual({ ok: true })
  expect(requests.slice(2)).toEqual([
    { node: 'group', api: 'TxnOffsetCommit', version: 5, ...producerFields, ...offsetsFields },
    { node: 'leader', api: 'Produce', version: 12, transactionalId: 'tb.g.raw.3', acks: -1, timeoutMs: 30_000 },
    { node: 'transaction', api: 'EndTxn', version: 5, ...producerFields, end: 'commit' },
  ])
})

test('batches are written as those of a transaction', async () => {
  const { producer, batches } = await openScripted()
  await producer.commit([partOf([outRecord('a')])])
  expect(batches.flat().map(({ transactional }) => transactional)).toEqual([true])
})

test.each([
  { level: 0, expected: ['AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn commit'] },
  { level: 2, expected: ['TxnOffsetCommit', 'EndTxn commit'] },
])('a unit without records sends its offset only, at level $level', async ({ level, expected }) => {
  const { producer, names } = await openScripted({ level })
  expect(await producer.commit([partOf([])])).toEqual({ ok: true })
  expect(names().slice(2)).toEqual(expected)
})

test('parts of several partitions go in one transaction, records in their order', async () => {
  const { producer, names, requests, batches } = await openScripted({ level: 2 })
  const parts = [partOf(outRecords(2), 7, 3), partOf([], 9, 5), partOf(outRecords(1), 1, 0)]
  expect(await producer.commit(parts)).toEqual({ ok: true })
  expect(names().slice(2)).toEqual(['TxnOffsetCommit', 'Produce', 'EndTxn commit'])
  expect(requests[2]?.['topics']).toEqual([
    {
      topic: 'raw',
      partitions: [
        { partition: 3, next: 7n, leaderEpoch: -1, metadata: null },
        { partition: 5, next: 9n, leaderEpoch: -1, metadata: null },
        { partition: 0, next: 1n, leaderEpoch: -1, metadata: null },
      ],
    },
  ])
  expect(batches.flat().map(batchLine)).toEqual(['out/0 7:0 @0 x3'])
})

test('in the older protocol sequences go on from one transaction to the next, partition by partition', async () => {
  const { producer, batches } = await openScripted({ level: 0 })
  for (const count of [2, 3, 1]) {
    await producer.commit([partOf([...outRecords(count), ...outRecords(1, { partition: 1 })])])
  }
  expect(batches.map((request) => request.map(batchLine))).toEqual([
    ['out/0 7:0 @0 x2', 'out/1 7:0 @0 x1'],
    ['out/0 7:0 @2 x3', 'out/1 7:0 @1 x1'],
    ['out/0 7:0 @5 x1', 'out/1 7:0 @2 x1'],
  ])
})

test('in the newer protocol sequences begin anew with the epoch that each end brings', async () => {
  const next = { answer: { code: 0, next: { producerId: 8n, producerEpoch: 0 } } }
  const { producer, batches, requests } = await openScripted({ level: 2, replies: { EndTxn: [undefined, next] } })
  for (const count of [2, 3, 1]) await producer.commit([partOf(outRecords(count))])
  expect(batches.flat().map(batchLine)).toEqual(['out/0 7:0 @0 x2', 'out/0 7:1 @0 x3', 'out/0 8:0 @0 x1'])
  const identities = requests.slice(2).map(({ producerId, epoch }) => [producerId, epoch])
  expect(identities.filter(([id]) => id !== undefined)).toEqual([
    [7n, 0],
    [7n, 0],
    [7n, 1],
    [7n, 1],
    [8n, 0],
    [8n, 0],
  ])
})

test('in the newer protocol an end that brings no epoch leaves identity and sequences as they are', async () => {
  const { producer, batches } = await openScripted({ level: 2, replies: { EndTxn: [{ answer: { code: 0 } }] } })
  for (const count of [2, 1]) await producer.commit([partOf(outRecords(count))])
  expect(batches.flat().map(batchLine)).toEqual(['out/0 7:0 @0 x2', 'out/0 7:0 @2 x1'])
})

test('opening waits while the last transaction of the id is ending', async () => {
  const { names, bytes } = await openScripted({ replies: { InitProducerId: [51, 51, 14] } })
  expect(names()).toEqual(['ApiVersions', ...Array.from({ length: 4 }, () => 'InitProducerId')])
  expect(new Set(bytes.slice(1)).size).toBe(1)
})

test.each([
  {
    name: 'a refused transactional id',
    script: { replies: { InitProducerId: [53] } },
    code: 'TB_KAFKA_UNAUTHORIZED',
    calls: ['open', 'refresh', 'coordinator of transaction tb.g.raw.3', 'coordinator of group g', 'close'],
  },
  {
    name: 'a timeout that is too long',
    script: { replies: { InitProducerId: [50] } },
    code: 'TB_KAFKA_FATAL',
    calls: ['open', 'refresh', 'coordinator of transaction tb.g.raw.3', 'coordinator of group g', 'close'],
  },
  {
    name: 'a cluster that does not answer',
    script: { refreshFails: new Error('down') },
    code: 'TB_KAFKA_UNAVAILABLE',
    calls: ['open', 'refresh', 'close'],
  },
  {
    name: 'a cluster that cannot be connected to',
    script: { openFails: new TrackbridgeError('TB_KAFKA_UNAVAILABLE', 'down') },
    code: 'TB_KAFKA_UNAVAILABLE',
    calls: ['open'],
  },
])('$name rejects the opening, and who opened closes', async ({ script, code, calls }) => {
  const scripted = createScriptedCluster(script)
  const opened = openTransactionalProducer({ ...writerDeps(scripted), log: silentLog }, options)
  await expect(opened).rejects.toMatchObject({ code })
  expect(scripted.calls).toEqual(calls)
})

test('brokers without fencing of offsets by generation are refused before anything is fenced', async () => {
  const scripted = createScriptedCluster({ newestVersion: 2 })
  await expect(openTransactionalProducer({ ...writerDeps(scripted), log: silentLog }, options)).rejects.toEqual(
    new TrackbridgeError(
      'TB_KAFKA_FATAL',
      'the brokers know TxnOffsetCommit up to version 2; version 3, of Kafka 2.5, is needed (KIP-447)',
    ),
  )
  expect(scripted.names()).toEqual([])
  expect(scripted.calls.at(-1)).toBe('close')
})

test('the committed offset is asked of the coordinator of the group', async () => {
  const { producer, requests } = await openScripted()
  expect(await producer.committed({ topic: 'raw', partition: 3 })).toBe(5)
  expect(requests.slice(2)).toEqual([
    {
      node: 'group',
      api: 'OffsetFetch',
      version: 7,
      group: 'g',
      topics: [{ topic: 'raw', partitions: [3] }],
      requireStable: true,
    },
  ])
})

test('a producer that is closed twice counts itself out once', async () => {
  const { producer, calls } = await openScripted()
  await Promise.all([producer.close(), producer.close()])
  expect(calls.filter((call) => call === 'close')).toEqual(['close'])
})
