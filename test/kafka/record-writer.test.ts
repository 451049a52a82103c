import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import type { ConsumerRecord, OutRecord } from '../../src/kafka/broker.ts'
import { toTrackbridgeError } from '../../src/kafka/kafkajs-errors.ts'
import {
  createBatchLimits,
  createRecordWriter,
  sequenceAfter,
  type RecordWriter,
} from '../../src/kafka/record-writer.ts'
import { appendRecords, decodeBatches } from '../../src/kafka/wire/record-batch-decoder.ts'
import { settle } from '../support/fake-clock.ts'
import type { SentBatch } from './wire/request-decoder.ts'
import {
  batchLine,
  createScriptedCluster,
  outRecord,
  outRecords,
  writerDeps,
  type Script,
  type ScriptedCluster,
} from './scripted-cluster.ts'

const options = { transactionalId: 'tb', apiVersion: 7, timeoutMs: 30_000 } as const
const identity = { producerId: 7n, producerEpoch: 2 }

interface Writing extends ScriptedCluster {
  readonly write: RecordWriter['write']
  readonly restart: RecordWriter['restart']
  readonly limits: ReturnType<typeof createBatchLimits>
}

function openWriter(script: Script = {}): Writing {
  const scripted = createScriptedCluster(script)
  const deps = writerDeps(scripted)
  const writer = createRecordWriter(deps, options)
  return {
    ...scripted,
    limits: deps.limits,
    write: (...call) => writer.write(...call),
    restart: () => writer.restart(),
  }
}

const incompressible = (bytes: number): string => randomBytes(bytes / 2).toString('hex')
const recordsOf = ({ bytes }: SentBatch): readonly ConsumerRecord[] => {
  const records: ConsumerRecord[] = []
  for (const batch of decodeBatches(bytes)) appendRecords(batch, 0, records)
  return records
}
const fault = (work: Promise<void>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => toTrackbridgeError(error, 'write'),
  )

test('records of one partition go in one batch, in their order, and each partition has its own sequence', async () => {
  const { write, batches } = openWriter()
  const other = { topic: 'other', partition: 0 }
  await write([outRecord('a'), outRecord('b', { partition: 1 }), outRecord('c'), outRecord('d', other)], identity)
  await write([outRecord('e'), outRecord('f')], identity)
  expect(batches.map((request) => request.map(batchLine))).toEqual([
    ['out/0 7:2 @0 x2', 'out/1 7:2 @0 x1', 'other/0 7:2 @0 x1'],
    ['out/0 7:2 @2 x2'],
  ])
  expect(batches[0]?.flatMap(recordsOf).map(({ value }) => String(value))).toEqual(['a', 'c', 'b', 'd'])
})

test('no records need no request', async () => {
  const { write, names } = openWriter()
  await write([], identity)
  expect(names()).toEqual([])
})

test('after a restart every sequence begins at 0', async () => {
  const { write, restart, batches } = openWriter()
  await write(outRecords(3), identity)
  restart()
  await write(outRecords(1), { ...identity, producerEpoch: 3 })
  expect(batches.flat().map(batchLine)).toEqual(['out/0 7:2 @0 x3', 'out/0 7:3 @0 x1'])
})

test.each([
  [0, 3, 3],
  [2 ** 31 - 2, 1, 2 ** 31 - 1],
  [2 ** 31 - 2, 2, 0],
  [2 ** 31 - 2, 4, 2],
])('%i and %i records after it the sequence is %i', (first, count, next) => {
  expect(sequenceAfter(first, count)).toBe(next)
})

test('without a producer id every batch bears the sequence -1', async () => {
  const { write, batches, limits } = openWriter()
  limits.refused('out', 200)
  const nobody = { producerId: -1n, producerEpoch: -1 }
  await write(outRecords(20), nobody)
  await write(outRecords(1), nobody)
  expect(batches.flat().length).toBeGreaterThan(3)
  expect(new Set(batches.flat().map(({ sequence }) => sequence))).toEqual(new Set([-1]))
})

test('what does not fit into one batch as encoded goes in several requests, one after the other', async () => {
  const gate = Promise.withResolvers<void>()
  const { write, batches } = openWriter({ replies: { Produce: [gate.promise] } })
  const values = Array.from({ length: 10 }, () => incompressible(300_000))
  const writing = write([...values.map((value) => outRecord(value)), outRecord('small', { partition: 1 })], identity)
  await settle()
  expect(batches.length).toBe(1)
  gate.resolve()
  await writing
  expect(batches.map((request) => request.map(batchLine))).toEqual([
    ['out/0 7:2 @0 x3', 'out/1 7:2 @0 x1'],
    ['out/0 7:2 @3 x3'],
    ['out/0 7:2 @6 x3'],
    ['out/0 7:2 @9 x1'],
  ])
  const sizes = batches.flat().map(({ bytes }) => bytes.length)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000_000)
  expect(
    batches
      .flatMap(([first]) => (first ? recordsOf(first) : []))
      .every(({ value }, at) => String(value) === values[at]),
  ).toBe(true)
})

test('a request that must wait goes again as it is, and the next batch waits for it', async () => {
  const { write, batches, bytes } = openWriter({ replies: { Produce: [undefined, 51, 51] } })
  await write(
    Array.from({ length: 6 }, () => outRecord(incompressible(300_000))),
    identity,
  )
  expect(batches.flat().map(({ sequence }) => sequence)).toEqual([0, 3, 3, 3])
  expect(bytes[2]).toBe(bytes[1])
})

const anyRecord = fc
  .record({ topic: fc.constantFrom('a', 'b'), partition: fc.nat({ max: 2 }), bytes: fc.nat({ max: 2_000 }) })
  .map(({ bytes, ...partition }) => outRecord('x'.repeat(bytes), partition))

test('any records are all written once, in order, with unbroken sequences, in batches within the limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anyRecord, { maxLength: 30 })),
      fc.integer({ min: 100, max: 9_000 }),
      async (units, limit) => {
        const { write, batches, limits } = openWriter()
        for (const topic of ['a', 'b']) limits.refused(topic, 2 * limit)
        for (const [index, unit] of units.entries())
          await write(
            unit.map((record, at) => ({ ...record, key: `${index}/${at}` })),
            identity,
          )
        const found = new Map<string, string[]>()
        for (const batch of batches.flat()) {
          const key = `${batch.topic}/${batch.partition}`
          const before = found.get(key) ?? []
          expect([key, batch.sequence]).toEqual([key, before.length])
          expect(batch.count === 1 || batch.bytes.length <= limit).toBe(true)
          const records = recordsOf(batch)
          expect(records.length).toBe(batch.count)
          found.set(key, [...before, ...records.map((record) => String(record.key))])
        }
        expect(found).toEqual(keysByPartition(units))
        const mixed = batches.filter(
          (request) => new Set(request.map((one) => `${one.topic}/${one.partition}`)).size < request.length,
        )
        expect(mixed).toEqual([])
      },
    ),
    { numRuns: 60 },
  )
})

function keysByPartition(units: readonly (readonly OutRecord[])[]): Map<string, string[]> {
  const keys = new Map<string, string[]>()
  for (const [index, unit] of units.entries()) {
    for (const [at, { topic, partition }] of unit.entries()) {
      const key = `${topic}/${partition}`
      keys.set(key, [...(keys.get(key) ?? []), `${index}/${at}`])
    }
  }
  return keys
}

test.each([10, 18])('answer %i to several records is passing and halves what is sent from then on', async (code) => {
  const { write, batches, limits } = openWriter({ replies: { Produce: [code] } })
  const records = Array.from({ length: 8 }, () => outRecord(incompressible(100_000)))
  const refused = await fault(write(records, identity))
  const size = batches[0]?.[0]?.bytes.length ?? 0
  expect(refused).toEqual(
    new TrackbridgeError(
      'TB_KAFKA_UNAVAILABLE',
      `topic out refuses a batch of ${size} bytes; batches of at most ${Math.floor(size / 2)} bytes are sent from now on`,
    ),
  )
  expect([limits.of('out'), limits.of('other')]).toEqual([Math.floor(size / 2), 1_000_000])
  await write(records, identity)
  expect(
    Math.max(
      ...batches
        .slice(1)
        .flat()
        .map((batch) => batch.bytes.length),
    ),
  ).toBeLessThanOrEqual(size / 2)
})

test.each([10, 18])('answer %i to one record alone is too large and changes no limit', async (code) => {
  const { write, limits } = openWriter({ replies: { Produce: [code] } })
  const refused = await fault(write([outRecord('a')], identity))
  expect(refused).toMatchObject({ code: 'TB_KAFKA_TOO_LARGE' })
  expect(limits.of('out')).toBe(1_000_000)
})

test('one record that is larger than the limit is sent all the same, for the topic decides', async () => {
  const { write, batches } = openWriter()
  await write([outRecord('a'), outRecord(incompressible(2_000_000)), outRecord('c')], identity)
  expect(batches.flat().map(batchLine)).toEqual(['out/0 7:2 @0 x1', 'out/0 7:2 @1 x1', 'out/0 7:2 @2 x1'])
})

test('of several batches the one that is refused lowers the limit of its own topic', async () => {
  const answer = [
    { topic: 'out', partition: 0, code: 0 },
    { topic: 'other', partition: 0, code: 10 },
  ]
  const { write, limits } = openWriter({ replies: { Produce: [{ answer }] } })
  const other = { topic: 'other' }
  expect(await fault(write([...outRecords(2), ...outRecords(2, other)], identity))).toMatchObject({
    code: 'TB_KAFKA_UNAVAILABLE',
  })
  expect(limits.of('out')).toBe(1_000_000)
  expect(limits.of('other')).toBeLessThan(100)
})

test('an answer that leaves out partitions acknowledges none of them', async () => {
  const answer = [{ topic: 'out', partition: 0, code: 0 }]
  const { write } = openWriter({ replies: { Produce: [{ answer }] } })
  const records = [outRecord('a'), outRecord('b', { partition: 1 }), outRecord('c', { topic: 'other' })]
  expect(await fault(write(records, identity))).toEqual(
    new TrackbridgeError('TB_KAFKA_UNAVAILABLE', 'Kafka did not acknowledge the records for out/1, other/0'),
  )
})

test('each leader gets the batches of its own partitions', async () => {
  const { write, requests, batches } = openWriter({ leaderOf: ({ partition }) => `node ${partition % 2}` })
  await write(
    [0, 1, 2, 3].map((partition) => outRecord('a', { partition })),
    identity,
  )
  expect(requests.map(({ node }, index) => [node, batches[index]?.map(batchLine)])).toEqual([
    ['node 0', ['out/0 7:2 @0 x1', 'out/2 7:2 @0 x1']],
    ['node 1', ['out/1 7:2 @0 x1', 'out/3 7:2 @0 x1']],
  ])
})

test('a write fails only when every leader has answered', async () => {
  const gate = Promise.withResolvers<void>()
  const { write } = openWriter({
    leaderOf: ({ partition }) => `node ${partition}`,
    replies: { Produce: [47, gate.promise] },
  })
  let ended: unknown
  const writing = fault(write([outRecord('a'), outRecord('b', { partition: 1 })], identity)).then(
    (error) => (ended = error),
  )
  await settle()
  expect(ended).toBeUndefined()
  gate.resolve()
  expect(await writing).toMatchObject({ code: 'TB_KAFKA_FENCED' })
})

test('after a failed request none goes out for the batches that wait behind it', async () => {
  const { write, batches } = openWriter({ replies: { Produce: [6] } })
  const records = Array.from({ length: 10 }, () => outRecord(incompressible(300_000)))
  expect(await fault(write(records, identity))).toMatchObject({ code: 'TB_KAFKA_UNAVAILABLE' })
  expect(batches.length).toBe(1)
})

test('limits only go down, topic by topic, and not below one byte', () => {
  const limits = createBatchLimits()
  limits.refused('a', 1_000)
  limits.refused('a', 900_000)
  limits.refused('b', 1)
  limits.refused('c', 5_000_000)
  expect(['a', 'b', 'c', 'd'].map((topic) => limits.of(topic))).toEqual([500, 1, 1_000_000, 1_000_000])
})
