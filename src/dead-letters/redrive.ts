// `dead-letters redrive`: runs dead letters again through the present code, each exactly once, whoever else does the same at
// the same time and however often it is stopped. In: what is asked for. Out: what it will do (plan), or has done (run).
// Partition by partition, oldest first: letters, what they become and their marks in one transaction a chunk
// (partition-owner.ts). Ruled by docs/dead-letters.md.
import type { Broker, TopicPartition } from '../kafka/broker.ts'
import { createChoice, type Choice, type ChoiceOptions } from './choice.ts'
import { createLetterWriter, type Pending } from './letter-writer.ts'
import type { Letter } from './letter.ts'
import { createPartitionOwner, type OwnerDeps, type OwnerOptions } from './partition-owner.ts'
import { personsOf } from './person.ts'
import { readLetters, readTopic, type LetterRange, type ReadingDeps, type Unmarked } from './reading.ts'
import { createRedriveCounter, type RedriveCounter, type RedriveCounts } from './redrive-counts.ts'
import { rerun, type RerunSettings } from './rerun.ts'

export interface RedriveDeps extends ReadingDeps, Pick<OwnerDeps, 'onWaiting'> {
  readonly broker: Pick<Broker, 'admin' | 'history' | 'transactions'>
  readonly rerun: RerunSettings
  /** Rejects when a raw partition has no counterpart on a destination topic (processor/partitioner.ts). */
  readonly cover: (raw: TopicPartition) => Promise<void>
  /** Told after each transaction. */
  readonly onCommit?: (counts: RedriveCounts) => void
}

export interface RedriveOptions extends ChoiceOptions, Omit<OwnerOptions, 'range'> {
  /** Fixed when the plan was made: letters that come later are not run. */
  readonly ranges: readonly LetterRange[]
  /** Most letters to run; Infinity: all. */
  readonly limit: number
}

export interface RedrivePlan extends Pick<Choice, 'faults' | 'done' | 'missing'> {
  readonly counts: RedriveCounts
}

/** Reads, translates, writes nothing. */
export async function planRedrive(deps: RedriveDeps, options: RedriveOptions): Promise<RedrivePlan> {
  const counter = createRedriveCounter()
  const choice = createChoice(options, counter, deps)
  for await (const found of readTopic(deps, options.ranges)) {
    if (counter.redriven() >= options.limit) break
    if (found.kind === 'stranger') counter.add('strangers')
    else {
      const letter = choice.choose(found.letter, found.state)
      if (letter !== undefined) await count(deps, letter, counter)
    }
  }
  return { counts: counter.counts(), faults: choice.faults, done: choice.done, missing: choice.missing }
}

async function count(deps: RedriveDeps, letter: Letter, counter: RedriveCounter): Promise<void> {
  const { letter: prepared, outcome } = await prepare(deps, letter)
  counter.addRerun(outcome, prepared)
}

/** Rejects with TB_KAFKA_FENCED when somebody else has taken over, and with the signal's reason; what was committed
 *  stays. Nothing is skipped: the same call goes on where this one ended. */
export async function runRedrive(deps: RedriveDeps, options: RedriveOptions): Promise<RedriveCounts> {
  const counter = createRedriveCounter()
  const choice = createChoice(options, counter, deps)
  const reader = await deps.broker.history()
  const all = options.ranges.reduce((sum, { earliest, from, to }) => sum + (to - from) + (to - earliest), 0)
  let done = 0
  const onRead = (offsets: number): void => deps.onProgress?.({ done: (done += offsets), all })
  try {
    for (const range of options.ranges) {
      if (range.from >= range.to || counter.redriven() >= options.limit) continue
      const owner = createPartitionOwner({ ...deps, reader, onRead }, { ...options, range })
      const letters = readLetters(deps, reader, { range, onRead })
      try {
        await owner.open()
        await runPartition({ deps, options, counter, choice }, owner, letters)
      } finally {
        await owner.close()
      }
    }
  } finally {
    await reader.close()
  }
  return counter.counts()
}

interface Run {
  readonly deps: RedriveDeps
  readonly options: RedriveOptions
  readonly counter: RedriveCounter
  readonly choice: Choice
}

type Owner = ReturnType<typeof createPartitionOwner>

async function runPartition(run: Run, owner: Owner, letters: ReturnType<typeof readLetters>): Promise<void> {
  const { deps, options, counter, choice } = run
  const persons = (letter: Letter): readonly string[] => personsOf(letter, deps)
  const writer = createLetterWriter({ ...deps, owner, counter, persons })
  const isFull = (): boolean => counter.redriven() + writer.pending() >= options.limit
  const take = async (entry: Unmarked): Promise<void> => {
    if (entry.kind === 'stranger') return counter.add('strangers')
    const letter = choice.choose(entry.letter, owner.marks.stateOf(entry.letter, persons))
    if (letter !== undefined) await writer.add(await prepare(deps, letter))
  }
  for await (const entries of letters) {
    for (const entry of entries) if (!isFull()) await take(entry)
    if (isFull()) break
  }
  await writer.flush()
}

// Operations of a batch are named in the field at fault since letters say which ones failed; older ones do not say it.
const ofBatch = /\bbatch\[\d+\]/

async function prepare(deps: RedriveDeps, letter: Letter): Promise<Pending> {
  if (letter.stage === 'process') await deps.cover(letter.source)
  const isWholeBatch = letter.operations === undefined && ofBatch.test(letter.field ?? '')
  return { letter: { ...letter, isWholeBatch }, outcome: rerun(letter, deps.rerun) }
}
