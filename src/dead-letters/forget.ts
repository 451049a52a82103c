// `dead-letters forget`: a mark on every partition, so that what stands before it of a person is neither shown nor redriven.
// In: ids, topics. Out: what there was of the person, and until when Kafka may keep it. The id itself is written nowhere.
import type { TopicInfo } from '../kafka/broker.ts'
import { markRecord } from '../records/marks.ts'
import { createPartitionOwner, type OwnerOptions } from './partition-owner.ts'
import { hashOf, personsOf } from './person.ts'
import { letterRanges, readTopic, type LetterRange } from './reading.ts'
import type { RedriveDeps } from './redrive.ts'

export interface ForgetOptions extends Omit<OwnerOptions, 'range'> {
  readonly topics: readonly string[]
  /** Ids of one person: user id, anonymous id, email address. */
  readonly persons: readonly string[]
  /** Counts and writes nothing. */
  readonly dryRun: boolean
}

export interface ForgottenTopic {
  readonly topic: string
  /** Letters of the person, redriven ones included; those forgotten before are not. */
  readonly letters: number
  /** Of them, those that hold what belongs to other persons too: a batch is hidden as a whole. */
  readonly shared: number
  /** Partitions that got a mark. */
  readonly marked: number
  /** When the last of them was written, milliseconds since 1970; null: there is none. */
  readonly lastMs: number | null
  readonly settings: TopicInfo['settings']
}

type ForgetDeps = Pick<RedriveDeps, Exclude<keyof RedriveDeps, 'rerun' | 'cover' | 'onCommit'>>

/** Ends a redrive that is under way there. Rejects with TB_KAFKA_*, TB_TOPIC_MISSING. */
export async function forget(deps: ForgetDeps, options: ForgetOptions): Promise<readonly ForgottenTopic[]> {
  const results: ForgottenTopic[] = []
  for (const topic of options.topics) {
    const ranges = await letterRanges(deps, topic)
    const found = await findLetters(deps, ranges, options.persons)
    const marked = options.dryRun ? 0 : await markAll(deps, ranges, options)
    results.push({ topic, ...found, marked, settings: await settingsOf(deps, topic) })
  }
  return results
}

async function findLetters(deps: ForgetDeps, ranges: readonly LetterRange[], persons: readonly string[]) {
  let [letters, shared] = [0, 0]
  let lastMs: number | null = null
  for await (const found of readTopic(deps, ranges)) {
    if (found.kind === 'stranger' || found.state === 'forgotten') continue
    const theirs = personsOf(found.letter, deps)
    if (!persons.some((person) => theirs.includes(person))) continue
    letters++
    if (/"batch"/.test(found.letter.source.value?.toString('latin1') ?? '')) shared++
    lastMs = Math.max(lastMs ?? -Infinity, found.letter.writtenAtMs)
  }
  return { letters, shared, lastMs }
}

async function markAll(deps: ForgetDeps, ranges: readonly LetterRange[], options: ForgetOptions): Promise<number> {
  const reader = await deps.broker.history()
  try {
    for (const range of ranges) await markPartition({ ...deps, reader }, range, options)
    return ranges.length
  } finally {
    await reader.close()
  }
}

const mostTries = 10

async function markPartition(
  deps: Parameters<typeof createPartitionOwner>[0],
  range: LetterRange,
  options: ForgetOptions,
): Promise<void> {
  const owner = createPartitionOwner(deps, { ...options, range })
  const { topic, partition } = range
  const marks = options.persons.map((person) => ({
    ...markRecord({ kind: 'forgotten', personHash: hashOf(person) }),
    topic,
    partition,
    timestamp: deps.clock.now(),
  }))
  try {
    // A redrive that begins at this moment takes the partition over: it is taken back. A mark more does no harm.
    for (let tries = 1; ; tries++) {
      await owner.open()
      const result = await owner.commit(marks)
      if (result.ok) return
      if (result.reason === 'fatal' || tries >= mostTries) throw result.error
    }
  } finally {
    await owner.close()
  }
}

async function settingsOf({ broker }: ForgetDeps, topic: string): Promise<TopicInfo['settings']> {
  const admin = await broker.admin()
  try {
    return (await admin.topics([topic])).get(topic)?.settings ?? {}
  } finally {
    await admin.close()
  }
}
