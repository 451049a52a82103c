// Which offset may be committed. In: the records handed to a worker, fetch by fetch, and those that have settled. Out: the
// end of the contiguous settled prefix. Offsets have gaps (control records, compaction), so it goes by the sequence of
// records and by each fetch's nextOffset, never by counting. No I/O. Ruled by sink.md, "Behaviour", and kafka.md.

export interface Ledger {
  /** Everything below is settled, e.g. 8; null before anything has settled. */
  committable(): number | null
  /** The end of all that was handed in; null before anything was. Records below it are repeats. */
  end(): number | null
  /** Adds one fetch: ascending offsets of its records, all of them at `end` or later, and where the next fetch starts. */
  handIn(offsets: readonly number[], nextOffset: number): void
  /** How many records the settled prefix has held. */
  passed(): number
  /** Marks a record as settled, in any order. Promises that `committable` never passes one that is not. */
  settle(offset: number): void
}

/** Stands for a fetch that held only filtered records: settled as soon as all before it are. */
const nothing = -1
const mostDone = 1_024

export function createLedger(): Ledger {
  let committable: number | null = null
  let end: number | null = null
  // In order: a record, and where a reader goes on after it. Those before `done` have settled.
  let offsets: number[] = []
  let nexts: number[] = []
  let done = 0
  let passed = 0
  // Settled, but behind one that is not.
  const ahead = new Set<number>()

  const pass = (): void => {
    if (offsets[done] !== nothing) passed++
    committable = nexts[done] ?? committable
    done++
  }
  const advance = (): void => {
    while (offsets[done] === nothing || (ahead.size > 0 && ahead.delete(offsets[done] ?? nothing))) pass()
    if (done < mostDone || done * 2 < offsets.length) return
    offsets = offsets.slice(done)
    nexts = nexts.slice(done)
    done = 0
  }

  return {
    committable: () => committable,
    end: () => end,
    passed: () => passed,
    handIn(given, nextOffset) {
      const next = Math.max(nextOffset, end ?? 0, (given.at(-1) ?? -1) + 1)
      if (given.length === 0 && next === end) return
      end = next
      for (const offset of given) {
        offsets.push(offset)
        nexts.push(offset + 1)
      }
      if (given.length === 0) {
        offsets.push(nothing)
        nexts.push(next)
      } else nexts[nexts.length - 1] = next
      advance()
    },
    settle(offset) {
      // Mostly it is the one that all others wait for.
      if (offset === offsets[done]) pass()
      else ahead.add(offset)
      advance()
    },
  }
}
