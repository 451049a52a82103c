// Letters that are ready to be run again -> transactions: a chunk of letters, what they become, and their marks. After a
// commit that failed the marks tell which letters are through; the others are written again.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { CommitResult, OutRecord } from '../kafka/broker.ts'
import { markRecord } from '../records/marks.ts'
import type { Letter } from './letter.ts'
import type { PartitionOwner } from './partition-owner.ts'
import type { RedriveCounter, RedriveCounts } from './redrive-counts.ts'
import { rerun, type Rerun, type RerunSettings } from './rerun.ts'

/** A letter and what it becomes. */
export interface Pending {
  readonly letter: Letter & { readonly isWholeBatch: boolean; readonly isTooLarge?: boolean }
  readonly outcome: Rerun
}

export interface WriterDeps {
  readonly owner: PartitionOwner
  readonly counter: RedriveCounter
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly rerun: RerunSettings
  readonly persons: (letter: Letter) => readonly string[]
  readonly onCommit?: ((counts: RedriveCounts) => void) | undefined
}

export interface LetterWriter {
  /** Letters that are not written yet. */
  pending(): number
  /** Writes when a chunk is full. Rejects with TB_KAFKA_*, TB_DEAD_LETTER_REFUSED. */
  add(one: Pending): Promise<void>
  /** Writes the rest. */
  flush(): Promise<void>
}

const chunkLetters = 500
const chunkBytes = 4_000_000
const firstBackoffMs = 100
const lastBackoffMs = 5_000
/** Failures of the same chunk one after the other before the last one is told. */
const mostFailures = 20

export function createLetterWriter(deps: WriterDeps): LetterWriter {
  let waiting: Pending[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    const chunk = waiting
    waiting = []
    bytes = 0
    await writeAll(deps, chunk)
  }
  return {
    pending: () => waiting.length,
    flush,
    async add(one) {
      if (one.outcome.kind === 'kept') return deps.counter.addRerun(one.outcome, one.letter)
      waiting.push(one)
      bytes += bytesOf(one.outcome.records)
      if (waiting.length >= chunkLetters || bytes >= chunkBytes) await flush()
    },
  }
}

const bytesOf = (records: readonly OutRecord[]): number =>
  records.reduce((sum, { value }) => sum + (value === null ? 0 : value.length), 0)

async function writeAll(deps: WriterDeps, chunk: readonly Pending[]): Promise<void> {
  const { owner, clock, signal } = deps
  let left = chunk
  let size = chunk.length
  let failures = 0
  while (left.length > 0) {
    signal.throwIfAborted()
    const part = left.slice(0, size)
    const result = await owner.commit(part.flatMap((one) => recordsOf(one, clock.now())))
    if (result.ok) {
      written(deps, part)
      left = left.slice(part.length)
      failures = 0
    } else {
      failures++
      if (failures > mostFailures) throw result.error
      requireAnotherTry(result, part)
      if (result.reason === 'too-large') size = Math.max(1, Math.floor(part.length / 2))
      else await clock.sleep(Math.min(firstBackoffMs * 2 ** (failures - 1), lastBackoffMs), signal)
      signal.throwIfAborted()
      await owner.open()
      left = stillOpen(deps, left, result)
      if (result.reason === 'too-large' && part.length === 1) left = withoutTooLarge(deps, left)
    }
  }
}

// The mark after what the letter became: the order does not matter, for both are there or neither is.
function recordsOf({ letter, outcome }: Pending, nowMs: number): readonly OutRecord[] {
  const { topic, partition, offset } = letter.place
  const mark = { ...markRecord({ kind: 'redriven', topic, partition, offset }), topic, partition, timestamp: nowMs }
  return outcome.kind === 'run' ? [...outcome.records, mark] : []
}

function written({ counter, onCommit }: WriterDeps, part: readonly Pending[]): void {
  for (const { letter, outcome } of part) counter.addRerun(outcome, letter)
  onCommit?.(counter.counts())
}

type Failure = Extract<CommitResult, { ok: false }>

function requireAnotherTry({ reason, error }: Failure, part: readonly Pending[]): void {
  const place = part[0]?.letter.place
  const context = place === undefined ? {} : { ...place }
  if (reason === 'fenced')
    throw new TrackbridgeError(
      'TB_KAFKA_FENCED',
      `another redrive or forget works on ${place?.topic}/${place?.partition}: this one stops. What it has committed stays; run it again for the rest`,
      { context, cause: error },
    )
  if (reason === 'fatal') throw error
  if (reason === 'too-large' && part.length === 1 && part[0]?.letter.isTooLarge === true)
    throw new TrackbridgeError('TB_DEAD_LETTER_REFUSED', `the dead-letter topic refuses a letter as too large`, {
      context,
      cause: error,
    })
}

/** Those that the marks do not say to be through; those that are count as written, where the commit may have happened. */
function stillOpen(deps: WriterDeps, left: readonly Pending[], { outcome }: Failure): readonly Pending[] {
  const { owner, persons, counter } = deps
  const states = left.map((one) => ({ one, state: owner.marks.stateOf(one.letter, persons) }))
  const through = states.flatMap(({ one, state }) => (state === 'redriven' ? [one] : []))
  if (outcome === 'unknown') written(deps, through)
  else for (const _one of through) counter.addState('redriven')
  for (const { state } of states) if (state === 'forgotten') counter.addState('forgotten')
  return states.flatMap(({ one, state }) => (state === 'open' ? [one] : []))
}

/** The first letter alone was larger than a topic accepts: a dead letter again, or kept where it is a message. */
function withoutTooLarge({ counter, rerun: settings }: WriterDeps, left: readonly Pending[]): readonly Pending[] {
  const [first, ...others] = left
  if (first === undefined) return left
  const outcome = rerun(first.letter, settings, { tooLarge: true })
  if (outcome.kind === 'run') return [{ letter: { ...first.letter, isTooLarge: true }, outcome }, ...others]
  counter.addRerun(outcome, first.letter)
  return others
}
