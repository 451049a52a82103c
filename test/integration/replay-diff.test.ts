import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  createTopics,
  kafkaClient,
  produceRaw,
  randomName,
  readCommitted,
  withAdmin,
  type ReadRecord,
} from '../support/kafka.ts'
import { callsFor, createPipeline, produceCalls, watchOffsets, type Pipeline } from '../support/pipeline.ts'
import { startTrackbridge } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'

const size = { count: 6_000, partitions: 3, people: 300 }
const none = { changed: 0, onlyHere: 0, onlyThere: 0 }

interface Result {
  readonly totals: Readonly<Record<string, number>>
  readonly samples: readonly Readonly<Record<string, unknown>>[]
  readonly paths: readonly unknown[]
  readonly there: { readonly topics?: readonly Readonly<Record<string, unknown>>[] }
}

/** Calls that only another mapping translates otherwise, one on each partition. */
const relationships = ({ rawTopic: topic }: Pipeline, timestamp: number) =>
  [0, 1, 2].map((partition) => {
    const relationship_attributes = { role: `admin ${partition}` }
    const identifiers = { object_type_id: '1', object_id: 'acme' }
    const call = { type: 'person', action: 'add_relationships', identifiers: { id: `r${partition}` } }
    const value = JSON.stringify({ ...call, cio_relationships: [{ identifiers, relationship_attributes }] })
    return { topic, partition, offset: 0, timestamp, key: `r${partition}`, value }
  })

async function runProcess(pipeline: Pipeline, records: number): Promise<void> {
  const running = startTrackbridge(['process'], { ...pipeline.config, process: { chunkRecords: 200 } })
  const watch = await watchOffsets(pipeline)
  const describe = (): string => `all ${records} raw records done; last lines:\n${running.tail()}`
  await until(async () => running.isOver() || (await watch.done()) === records, { timeoutMs: 60_000, describe })
  running.send('SIGTERM')
  expect((await running.ended).code, running.tail()).toBe(0)
}

async function diff(
  pipeline: Pipeline,
  ...argv: readonly string[]
): Promise<Result & { readonly code: number | null }> {
  const running = startTrackbridge(['replay', '--diff', '--json', '--exit-code', ...argv], pipeline.config)
  const { code } = await running.ended
  if (running.stdout() === '') throw new Error(`replay --diff said nothing; last lines:\n${running.tail()}`)
  return { code, ...(JSON.parse(running.stdout()) as Result) }
}

const toMessage = ({ partition, timestamp, key, value, headers }: ReadRecord) => ({
  partition,
  timestamp: String(timestamp),
  key,
  value,
  headers,
})

const changed = (record: ReadRecord): ReadRecord => ({
  ...record,
  value: JSON.stringify({ ...(JSON.parse(record.value ?? '') as object), planted: true }),
})

/** A copy of the destination's topic: the 100th message of partition 0 changed, that of partition 1 missing, that of
 *  partition 2 doubled under another id; and all of it changed once more in a transaction that is aborted. */
async function plant(pipeline: Pipeline, topic: string): Promise<readonly ReadRecord[]> {
  const stands = await readCommitted(pipeline.topics.destinations[0] ?? '')
  const chosen = [0, 1, 2].map((number) => stands.filter(({ partition }) => partition === number)[100]!)
  const copy = stands.flatMap((record) => {
    if (record === chosen[0]) return [changed(record)]
    if (record === chosen[1]) return []
    return record === chosen[2] ? [record, { ...record, headers: { ...record.headers, 'tb-mid': 'stray' } }] : [record]
  })
  const producer = kafkaClient().producer({ transactionalId: randomName('aborted'), maxInFlightRequests: 1 })
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: stands.slice(0, 500).map((record) => toMessage(changed(record))) })
  await transaction.abort()
  await producer.disconnect()
  await produceRaw(topic, copy.map(toMessage))
  return chosen
}

/** All that a command could leave behind. */
const traces = ({ prefix, rawTopic, topics }: Pipeline) =>
  withAdmin(async (admin) => {
    const { groups } = await admin.listGroups()
    const names = [rawTopic, ...topics.destinations, topics.deadLetters, topics.unsupported]
    const ends = await Promise.all(names.map(async (name) => admin.fetchTopicOffsets(name)))
    return [groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(prefix)), ends]
  })

const placeOf = (record: ReadRecord | undefined): string =>
  record?.headers['tb-src']?.split(':').slice(0, 3).join(':') ?? ''

test('diff finds exactly three planted differences, on a topic and in a configuration, and leaves no trace', async () => {
  const pipeline = await createPipeline(size.partitions)
  const second = `${pipeline.prefix}.second`
  await createTopics({ [second]: size.partitions })
  const calls = callsFor(pipeline, size)
  const extra = relationships(pipeline, calls[0]?.timestamp ?? 0)
  await produceCalls([...calls, ...extra])
  await runProcess(pipeline, calls.length + extra.length)
  const chosen = await plant(pipeline, second)
  const messages = (await readCommitted(pipeline.topics.destinations[0] ?? '')).length
  const before = await traces(pipeline)

  const own = await diff(pipeline)
  expect([own.code, own.totals]).toEqual([0, { same: messages, ...none }])
  expect(
    own.there.topics?.map(({ records, misplaced, foreign, repeats }) => [records, misplaced, foreign, repeats]),
  ).toEqual([[messages, 0, 0, 0]])

  const planted = await diff(pipeline, '--against', second)
  expect([planted.code, planted.totals]).toEqual([1, { same: messages - 2, changed: 1, onlyHere: 1, onlyThere: 1 }])
  const found = planted.samples.map(({ verdict, place, changes }) => [verdict, place, changes])
  const change = [{ path: 'planted', kind: 'planted', here: null, there: 'true' }]
  expect(found.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))).toEqual([
    ['changed', placeOf(chosen[0]), change],
    ['onlyHere', placeOf(chosen[1]), []],
    ['onlyThere', placeOf(chosen[2]), []],
  ])

  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-diff-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const other = join(folder, 'other.yaml')
  writeFileSync(other, JSON.stringify({ ...pipeline.config, mapping: { relationshipTraitsKey: 'both' } }))
  const mapped = await diff(pipeline, '--config-b', other)
  expect([mapped.code, mapped.totals['changed'], mapped.totals['onlyHere'], mapped.totals['onlyThere']]).toEqual([
    1, 3, 0, 0,
  ])
  expect(mapped.paths).toEqual([{ path: 'traits.relationshipAttributes', messages: 3 }])
  const mappedOnes = new Map(mapped.samples.map(({ verdict, person }) => [person, verdict]))
  expect(mappedOnes).toEqual(new Map(['r0', 'r1', 'r2'].map((person) => [person, 'changed'])))
  process.stdout.write(
    `${messages} messages; on the topic: ${JSON.stringify(planted.totals)}; in the configuration: ${JSON.stringify(mapped.totals)}\n`,
  )
  expect(await traces(pipeline)).toEqual(before)
})
