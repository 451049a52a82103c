// What the marks of one partition say: which letters have been redriven, whose are not to be touched. In: the partition's
// marks, in order. Out: the state of a letter. Memory: 8 bytes a redriven letter, about 100 bytes a forgotten person.
import type { TopicPartition } from '../kafka/broker.ts'
import type { Mark } from '../records/marks.ts'
import type { Letter } from './letter.ts'
import { hashOf } from './person.ts'

/** `forgotten` counts before `redriven`. */
export type LetterState = 'open' | 'redriven' | 'forgotten'

export interface MarkIndex {
  /** A mark of this partition and the offset where it stands. Those of other partitions are not ours to believe. */
  learn(mark: Mark, offset: number): void
  isRedriven(offset: number): boolean
  /** `personsOf` is only asked where somebody has been forgotten. */
  stateOf(letter: Letter, personsOf: (letter: Letter) => readonly string[]): LetterState
}

const firstCapacity = 1_024

/** For the marks of one partition. */
export function createMarkIndex({ topic, partition }: TopicPartition): MarkIndex {
  let redriven = new Float64Array(firstCapacity)
  let count = 0
  let isSorted = true
  // The last mark of each person: it covers what stands before it, not what the person does afterwards.
  const forgotten = new Map<string, number>()

  function add(offset: number): void {
    if (count === redriven.length) {
      const larger = new Float64Array(2 * count)
      larger.set(redriven)
      redriven = larger
    }
    isSorted &&= count === 0 || offset >= (redriven[count - 1] ?? 0)
    redriven[count++] = offset
  }

  function isRedriven(offset: number): boolean {
    if (!isSorted) redriven.subarray(0, count).sort()
    isSorted = true
    return holds(redriven, count, offset)
  }

  return {
    learn(mark, offset) {
      if (mark.kind === 'forgotten') forgotten.set(mark.personHash, offset)
      else if (mark.topic === topic && mark.partition === partition) add(mark.offset)
    },
    isRedriven,
    stateOf(letter, personsOf) {
      const { offset } = letter.place
      const isForgotten =
        forgotten.size > 0 && personsOf(letter).some((person) => (forgotten.get(hashOf(person)) ?? -1) > offset)
      if (isForgotten) return 'forgotten'
      return isRedriven(offset) ? 'redriven' : 'open'
    },
  }
}

/** By halving: the numbers ascend. */
function holds(sorted: Float64Array, count: number, wanted: number): boolean {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1
    else high = middle
  }
  return low < count && sorted[low] === wanted
}
