// The end of a live window. A transaction is over when its offsets are committed, but its marker reaches each output
// partition by itself, so that outputs may be invisible for a moment more. In: a slice as it was read. Out: the same, with
// what has come since, when nothing is awaited any more or ten seconds have passed.
import type { Clock } from '../clock.ts'
import type { Admin } from '../kafka/broker.ts'
import { flag, type Ledger } from './ledger.ts'
import { verdictOf } from './judge.ts'
import type { Channel, Scene } from './scene.ts'
import type { Entry, Reading, Slice } from './slice.ts'

const pollMs = 200
const longestMs = 10_000
/** Awaited raw records that are looked at again and again; more than a process writes at once are not in doubt. */
const mostAwaited = 10_000

export interface SettleDeps {
  readonly admin: Pick<Admin, 'watermarks'>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly scene: Scene
  readonly partitioning: 'source' | 'key'
  readonly rules: { readonly isTranslated: boolean }
  readonly judging: { readonly numbers: ReadonlyMap<string, number> }
}

/** `readOn` reads a partition up to an offset. Rejects with the signal's reason. */
export async function settle(
  slice: Slice,
  deps: SettleDeps,
  readOn: (reading: Reading, to: number) => Promise<void>,
): Promise<void> {
  // What to await is known only where it is known what to expect.
  if (!deps.rules.isTranslated) return
  let awaited = slice.entries.flatMap((entry) => tailOf(slice, entry, deps))
  const untilMs = deps.clock.now() + longestMs
  while (awaited.length > 0 && deps.clock.now() < untilMs) {
    await deps.clock.sleep(pollMs, deps.signal)
    deps.signal.throwIfAborted()
    await readTails(slice, deps, readOn)
    awaited = awaited.filter(({ entry, offset }) => isLacking(entry, offset, deps))
  }
}

async function readTails(
  slice: Slice,
  { admin, scene }: SettleDeps,
  readOn: (reading: Reading, to: number) => Promise<void>,
): Promise<void> {
  for (const { topic } of scene.channels) {
    const ends = await admin.watermarks(topic)
    for (const reading of slice.readings.values()) {
      const end = ends.get(reading.partition)?.lastStable ?? 0
      if (reading.channel.topic === topic && end > reading.to) await readOn(reading, end)
    }
  }
}

interface Awaited {
  readonly entry: Entry
  readonly offset: number
}

/** The last raw records of a part that lack something, as far as outputs of later ones do not tell that it is lost. */
function tailOf(slice: Slice, entry: Entry, deps: SettleDeps): readonly Awaited[] {
  const { from, to, view } = entry.part
  // A later slice, or the end of an older window: what is behind was read as well.
  if (to < view.to) return []
  const found: Awaited[] = []
  const surelyBelow = Math.max(from, lowestAwaited(slice, entry, deps))
  for (let offset = to - 1; offset >= surelyBelow && found.length < mostAwaited; offset--)
    if (isLacking(entry, offset, deps)) found.push({ entry, offset })
  return found
}

const isLacking = ({ ledger }: Entry, offset: number, { judging }: SettleDeps): boolean =>
  ledger.stand(offset) !== 'none' && verdictOf(ledger, offset, judging.numbers.size) === 'lacking'

/** Outputs of one raw partition become visible in order on each output partition: before the last one that was seen
 *  nothing is awaited, nor anywhere on a topic that has the last one it is to have. By key any partition may lack
 *  something. Infinity: nothing is awaited. */
function lowestAwaited(slice: Slice, { part, ledger }: Entry, { partitioning, scene }: SettleDeps): number {
  const { view } = part
  const lasts = scene.channels
    .filter((channel) => channel.kind !== 'backfill' && lacksLast(ledger, part, channel))
    .map((channel) => {
      if (partitioning === 'key') return part.from
      const partition = channel.kind === 'destination' ? view.partition : view.partition % channel.partitions.size
      return slice.readingOf(channel, partition)?.sightings.get(view)?.last ?? part.from
    })
  return Math.min(...lasts)
}

/** Whether the last output that a topic is to have of a part is not there. */
function lacksLast(ledger: Ledger, { from, to }: Entry['part'], channel: Channel): boolean {
  for (let offset = to - 1; offset >= from; offset--) {
    const last = lastExpected(ledger, offset, channel)
    if (last !== undefined) return last === 'lacking'
  }
  return false
}

/** Undefined: the topic is to have nothing of that raw record. */
function lastExpected(ledger: Ledger, offset: number, { kind, destination }: Channel): 'found' | 'lacking' | undefined {
  if (kind !== 'destination') {
    const isOfLetters = kind === 'dead-letters'
    if (!ledger.has(offset, isOfLetters ? flag.expectsDeadLetter : flag.expectsUnsupported)) return undefined
    return ledger.has(offset, isOfLetters ? flag.hasDeadLetter : flag.hasUnsupported) ? 'found' : 'lacking'
  }
  for (let index = ledger.count(offset) - 1; index >= 0; index--)
    if (ledger.isExpected(offset, { destination, index }))
      return ledger.isFound(offset, { destination, index }) ? 'found' : 'lacking'
  return undefined
}
