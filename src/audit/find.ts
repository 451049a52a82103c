// The whole story of one record: where it came from, what it became, where each message is, whether it was forwarded or
// dead-lettered. In: a place on any topic, a messageId or a person. Out: stories of the raw records it is about. Reads
// committed records, joins no group, changes nothing.
import type { Place } from '../history/window.ts'
import type { ConsumerRecord, TopicPartition } from '../kafka/broker.ts'
import { createPartitioner } from '../processor/partitioner.ts'
import { createTopicReader } from '../processor/raw-topics.ts'
import type { CallReading, CallRecord } from '../records/call-source.ts'
import type { AuditDeps, AuditOptions } from './audit.ts'
import { createExpect, type Expect } from './expectation.ts'
import { collectOutputs } from './find-outputs.ts'
import { readOne, type FindPass, type Seed } from './find-pass.ts'
import { findSeeds, type Wanted } from './find-seeds.ts'
import { surveyScene } from './scene.ts'
import { indexViews } from './slice.ts'
import { tellOperations, type Story, type ToldMissing, type ToldOutput } from './story.ts'

export interface FindOptions extends AuditOptions {
  readonly wanted: Wanted
  /** Most stories that are told. */
  readonly limit: number
}

export interface Findings {
  readonly stories: readonly Story[]
  /** So many more raw records were found. */
  readonly more: number
  /** What leads nowhere, in words. */
  readonly notes: readonly string[]
}

/** Rejects as `audit` does. */
export async function find(deps: AuditDeps, options: FindOptions): Promise<Findings> {
  const { broker, signal, meter } = deps
  const admin = await broker.admin()
  try {
    const history = await broker.history()
    try {
      const scene = await surveyScene(admin, broker, options)
      const { from, partitioning } = options
      const pass = { admin, history, signal, meter, scene, viewOf: indexViews(scene.views), from, partitioning }
      const { places, more, notes } = await findSeeds(pass, options.wanted, options.limit)
      const teller = await openTeller(deps, options)
      const seeds: Seed[] = []
      for (const place of places) seeds.push(await readSeed(pass, teller, place))
      const outputs = await collectOutputs(pass, seeds)
      const committed = await readCommitted(pass, options)
      const stories = seeds.map((seed) =>
        toStory(seed, outputs.get(seed) ?? [], { teller, committed, mapping: options.mapping }),
      )
      return { stories, more, notes }
    } finally {
      await history.close()
    }
  } finally {
    await admin.close()
  }
}

interface Teller {
  readonly expect: Expect
  readonly readCall: (record: CallRecord & TopicPartition) => CallReading
  readonly prepare: (records: readonly ConsumerRecord[]) => Promise<void>
}

async function openTeller(deps: AuditDeps, options: FindOptions): Promise<Teller> {
  const { broker, clock, log, signal, decodeAvro, ensureSchemas } = deps
  const partitioner = await createPartitioner(broker, options)
  const partitionOf: (typeof partitioner)['partitionOf'] = (...one) => partitioner.partitionOf(...one)
  return {
    expect: createExpect(options, { clock, log, decodeAvro, partitionOf }),
    readCall: createTopicReader(options.raw, decodeAvro),
    prepare: async (records) => ensureSchemas?.(records, signal),
  }
}

async function readSeed(pass: FindPass, { prepare }: Teller, raw: Place): Promise<Seed> {
  const view = pass.viewOf(raw)
  if (view === undefined) return { raw, record: 'none' }
  if (raw.offset < view.earliest) return { raw, record: 'gone' }
  const partitions = new Map([[view.partition, { earliest: view.earliest, lastStable: view.end }]])
  const record = await readOne(pass, { partitions }, raw)
  if (record !== undefined) await prepare([record])
  return { raw, record: record ?? 'none' }
}

type Committed = ReadonlyMap<string, ReadonlyMap<number, number>>

async function readCommitted({ admin, scene }: FindPass, { group }: FindOptions): Promise<Committed> {
  const committed = new Map<string, ReadonlyMap<number, number>>()
  for (const { topic } of scene.views)
    if (!committed.has(topic)) committed.set(topic, await admin.groupOffsets(group, topic))
  return committed
}

interface Telling {
  readonly teller: Teller
  readonly committed: Committed
  readonly mapping: FindOptions['mapping']
}

function toStory(
  { raw, record }: Seed,
  outputs: readonly ToldOutput[],
  { teller, committed, mapping }: Telling,
): Story {
  const isProcessed = raw.offset < (committed.get(raw.topic)?.get(raw.partition) ?? 0)
  if (typeof record === 'string') return { raw, record, isProcessed, operations: [], outputs, missing: [] }
  const whole = { ...record, topic: raw.topic, partition: raw.partition }
  const missing = isProcessed ? missingOf(teller.expect(whole).records, outputs) : []
  return { raw, record, isProcessed, operations: tellOperations(whole, teller.readCall, mapping), outputs, missing }
}

const idOf = (topic: string, messageId: string | null): string => `${topic} ${messageId ?? ''}`

type Expected = ReturnType<Expect>['records']

/** What is expected and not there. Where there is a dead letter in place of messages, those are not missing. */
function missingOf(expected: Expected, outputs: readonly ToldOutput[]): readonly ToldMissing[] {
  const isGivenUp = outputs.some(({ reason }) => reason === 'too_large' || reason === 'translation_failed')
  if (isGivenUp) return []
  const there = new Set(outputs.map(({ place, messageId }) => idOf(place.topic, messageId)))
  return expected
    .map(({ topic, partition, headers }) => ({
      topic,
      partition,
      messageId: textOf(headers['tb-mid']),
      type: textOf(headers['tb-type']),
    }))
    .filter(({ topic, messageId }) => !there.has(idOf(topic, messageId)))
}

const textOf = (text: Buffer | string | undefined): string | null => (text === undefined ? null : String(text))
