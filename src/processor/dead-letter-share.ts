// Stops a processor that makes dead letters of more records than `deadLetters.maxShare` allows, before a broken deploy
// has emptied the raw topic into them. In: what each raw record became, before its chunk is committed. Out: nothing, or
// TB_DEAD_LETTER_SHARE: thrown while a chunk is made, it keeps that chunk from being written.
//
// The window is the last 1,000 records of this process, all its partitions together, and it counts from 100 on. It
// starts empty: after a restart the first records may be judged more harshly than they would have been before.
import { TrackbridgeError } from '../errors.ts'
import type { TopicPartition } from '../kafka/broker.ts'
import { partitionName } from './partition-name.ts'
import type { Processed } from './topology.ts'

const windowRecords = 1_000
const minRecords = 100

/** Where a raw record stands. */
interface Place extends TopicPartition {
  readonly offset: number
}

/** The rule in force: told of every record, in the order of each partition's offsets. */
export interface ShareGuard {
  /** Throws TB_DEAD_LETTER_SHARE when the share is passed, and from then on each time. A record that is seen again,
   *  for its chunk was not written, does not count again. */
  see(processed: Processed, place: Place): void
  /** The partition is not ours any more; it may come back at any offset. */
  forget(partition: TopicPartition): void
}

interface Seen extends Place {
  /** Why it is a dead letter; undefined when it is none. */
  readonly reason: string | undefined
}

/** `maxShare`: 0 to 1, e.g. 0.2 for a fifth; 1 never stops anything. */
export function createShareGuard(maxShare: number): ShareGuard {
  const window: Seen[] = []
  const nextOffsets = new Map<string, number>()
  let oldest = 0
  let deadLetters = 0
  let passed: TrackbridgeError | undefined

  const add = (seen: Seen): void => {
    const leaving = window.length < windowRecords ? undefined : window[oldest]
    window[oldest] = seen
    oldest = (oldest + 1) % windowRecords
    deadLetters += (seen.reason === undefined ? 0 : 1) - (leaving?.reason === undefined ? 0 : 1)
  }
  return {
    see(processed, { topic, partition, offset }) {
      if (maxShare >= 1) return
      if (passed !== undefined) throw passed
      const name = partitionName({ topic, partition })
      if (offset < (nextOffsets.get(name) ?? 0)) return
      nextOffsets.set(name, offset + 1)
      add({ topic, partition, offset, reason: reasonOf(processed) })
      if (window.length < minRecords || deadLetters / window.length <= maxShare) return
      passed = sharePassed(window, deadLetters, maxShare)
      throw passed
    },
    forget: (partition) => void nextOffsets.delete(partitionName(partition)),
  }
}

// Where conditions leave dead letters out no reason is kept of them; the records are bad all the same.
function reasonOf({ slot, faults }: Processed): string | undefined {
  if (slot !== 'dead-letter') return undefined
  return faults?.find((fault) => fault.slot === 'dead-letter')?.reason ?? 'left out'
}

function sharePassed(window: readonly Seen[], deadLetters: number, maxShare: number): TrackbridgeError {
  const byReason = [...Map.groupBy(window, ({ reason }) => reason)].filter(([reason]) => reason !== undefined)
  const [reason, examples = []] = byReason.toSorted(([, one], [, other]) => other.length - one.length)[0] ?? []
  const [first] = examples
  const found = `${deadLetters} of the last ${window.length} raw records (${percent(deadLetters / window.length)}) are dead letters`
  const example = first === undefined ? '' : `, as raw partition ${partitionName(first)} offset ${first.offset}`
  return new TrackbridgeError(
    'TB_DEAD_LETTER_SHARE',
    `${found}; deadLetters.maxShare allows ${percent(maxShare)}. Most frequent reason: ${reason} (${examples.length}${example}). The chunk is not written, nothing is skipped`,
    { context: first === undefined ? {} : { topic: first.topic, partition: first.partition, offset: first.offset } },
  )
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(4))} %`
