import { expect, test } from 'vitest'
import { describeSamples, sampleTopics } from '../../../src/cli/topics/topic-samples.ts'
import { parseConfig } from '../../../src/config/load.ts'
import type { Config } from '../../../src/config/schema.ts'
import type { Broker } from '../../../src/kafka/broker.ts'
import { ownSchema, ownSubject } from '../../../src/schemas/own-schemas.ts'
import { framed } from '../../support/avro-calls.ts'
import { createFakeClock, settle } from '../../support/fake-clock.ts'
import { createMemoryBroker, type MemoryBroker } from '../../support/memory-broker.ts'

const configOf = (raw: object = { topic: 'raw' }): Config => {
  const document = { kafka: { brokers: 'a:1' }, raw, destinations: [{ name: 'main', topic: 'main' }] }
  return parseConfig(JSON.stringify(document), { path: '/trackbridge.yaml', env: {} })
}

const never = new AbortController().signal
const avro = (id: number): Buffer => framed(id, Buffer.from([2]))

const sample = (broker: Pick<Broker, 'admin' | 'history'>, config = configOf()) =>
  sampleTopics({ broker, clock: createFakeClock(), signal: never }, config)

/** Writes each record in a transaction of its own, so that every other offset is a marker. */
async function commitEach(broker: MemoryBroker, topic: string, values: readonly Buffer[]): Promise<void> {
  const options = { transactionalId: 'id', transactionTimeoutMs: 1_000, commit: 'partition' } as const
  const session = broker.session({
    group: 'g',
    source: { topic: 'raw', partition: 0 },
    delivery: 'exactly-once',
    ...options,
  })
  await session.init()
  const member = { assignment: 0, memberId: 'm', generation: 1 }
  for (const value of values)
    await session.commit({
      records: [{ topic, partition: 0, key: null, value, timestamp: 0, headers: {} }],
      next: 0,
      member,
    })
  await session.close()
}

test('the last fifty records of each partition are counted, however many offsets transactions take', async () => {
  const broker = createMemoryBroker()
  broker.createTopic('raw', 2)
  broker.createTopic('main', 1)
  await commitEach(
    broker,
    'main',
    Array.from({ length: 200 }, (_, index) => avro(index < 170 ? 1 : 2)),
  )
  const raw = { topic: 'raw', partition: 1 }
  broker.append([...Array.from({ length: 60 }, () => ({ ...raw, value: avro(7) })), { ...raw, value: '{}' }])
  broker.append([
    { topic: 'raw', partition: 0, value: null },
    { topic: 'raw', partition: 0, value: Buffer.from([0, 1]) },
  ])
  expect(await sample(broker)).toEqual([
    { topic: 'raw', records: 52, json: 3, ids: new Map([[7, 49]]), isCut: false },
    {
      topic: 'main',
      records: 50,
      json: 0,
      ids: new Map([
        [1, 20],
        [2, 30],
      ]),
      isCut: false,
    },
  ])
  expect(broker.open()).toBe(0)
})

test('the raw topics of a pattern are those that match, and topics that are missing or empty are no fault', async () => {
  const broker = createMemoryBroker()
  for (const topic of ['track.a', 'track.b', 'main']) broker.createTopic(topic, 1)
  broker.append([{ topic: 'track.b', partition: 0, value: avro(3) }])
  const found = await sample(broker, configOf({ pattern: String.raw`track\..*` }))
  expect(found.map(({ topic, records }) => [topic, records])).toEqual([
    ['track.a', 0],
    ['track.b', 1],
    ['main', 0],
  ])
})

test('what has not been read within thirty seconds is told, and what has been is kept', async () => {
  const broker = createMemoryBroker()
  broker.createTopic('raw', 1)
  broker.createTopic('main', 1)
  broker.append(['raw', 'main'].map((topic) => ({ topic, partition: 0, value: avro(1) })))
  const clock = createFakeClock()
  const stuck: Pick<Broker, 'admin' | 'history'> = {
    ...broker,
    history: async () => {
      const reader = await broker.history()
      return {
        ...reader,
        read: (range, signal) =>
          range.topic === 'main'
            ? reader.read(range, signal)
            : (async function* () {
                await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
                yield* reader.read(range, signal)
              })(),
      }
    },
  }
  const sampling = sampleTopics({ broker: stuck, clock, signal: never }, configOf())
  await settle()
  clock.advance(30_000)
  const samples = await sampling
  expect(samples.map(({ topic, records, isCut }) => [topic, records, isCut])).toEqual([
    ['raw', 0, true],
    ['main', 1, false],
  ])
  expect([broker.open(), clock.sleeping()]).toEqual([0, 0])
  const schemas = {
    schemaById: async () => ({ schema: ownSchema('PipelinesMessage'), type: 'AVRO', parts: [] }),
  }
  expect(await describeSamples(schemas, samples, [ownSubject('main', 'PipelinesMessage', 'destination')])).toEqual([
    { topic: 'raw', state: 'warning', records: 0, found: ['not all partitions were read within 30 seconds'] },
    { topic: 'main', state: 'ok', records: 1, found: ['1 of schema 1, trackbridge.v1.PipelinesMessage'] },
  ])
})

const sampleOf = (json: number, ...ids: number[]) => ({
  topic: 'main',
  records: 5,
  json,
  ids: new Map(ids.map((id) => [id, 1])),
  isCut: false,
})

test('a topic that we write is at fault where its schema is not ours or not known, and warned of where it has JSON', async () => {
  const schemas = {
    schemaById: async (id: number) =>
      id === 9 ? null : { schema: id === 1 ? ownSchema('PipelinesMessage') : '"int"', type: 'AVRO', parts: [] },
  }
  const wanted = [ownSubject('main', 'PipelinesMessage', 'destination')]
  const described = await describeSamples(schemas, [sampleOf(1, 1), sampleOf(0, 2), sampleOf(0, 9)], wanted)
  expect(described.map(({ state, found }) => [state, found])).toEqual([
    ['warning', ['1 in JSON', '1 of schema 1, trackbridge.v1.PipelinesMessage']],
    ['failed', ['1 of schema 2, int']],
    ['failed', ['1 of schema 9, which the registry does not have']],
  ])
})
