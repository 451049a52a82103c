// PURE: which offset may be committed. In: the records handed to a worker, fetch by fetch, and those that have settled.
// Out: the end of the contiguous settled prefix. Offsets have gaps (control records, compaction), so it goes by the
// sequence of records and by each fetch's nextOffset, never by counting. Ruled by sink.md, "Behaviour", and kafka.md.

/** `next` is where a reader goes on after this record; `offset` null: a fetch that held only filtered records. */
interface Mark {
  readonly offset: number | null
  readonly next: number
}

export interface Ledger {
  /** Everything below is settled, e.g. 8; null before anything has settled. */
  readonly committable: number | null
  /** The end of all that was handed in; null before anything was. Records below it are repeats. */
  readonly held: number | null
  readonly pending: readonly Mark[]
  /** Settled, but behind one that is not. */
  readonly ahead: ReadonlySet<number>
}

export const emptyLedger: Ledger = { committable: null, held: null, pending: [], ahead: new Set() }

/** Adds one fetch: ascending offsets of its records, all of them at `held` or later, and where the next fetch starts. */
export function handIn(ledger: Ledger, offsets: readonly number[], nextOffset: number): Ledger {
  const next = Math.max(nextOffset, ledger.held ?? 0, (offsets.at(-1) ?? -1) + 1)
  if (offsets.length === 0 && next === ledger.held) return ledger
  const last = offsets.length - 1
  const marks = offsets.map((offset, index): Mark => ({ offset, next: index === last ? next : offset + 1 }))
  if (marks.length === 0) marks.push({ offset: null, next })
  return advance({ ...ledger, held: next, pending: ledger.pending.concat(marks) })
}

/** Marks records as settled, in any order. Promises that `committable` never passes one that is not. */
export function settle(ledger: Ledger, offsets: readonly number[]): Ledger {
  return advance({ ...ledger, ahead: new Set([...ledger.ahead, ...offsets]) })
}

function advance(ledger: Ledger): Ledger {
  const { pending, ahead } = ledger
  const open = pending.findIndex((mark) => mark.offset !== null && !ahead.has(mark.offset))
  const settled = open === -1 ? pending.length : open
  if (settled === 0) return ledger
  const passed = new Set(pending.slice(0, settled).map((mark) => mark.offset))
  return {
    ...ledger,
    committable: pending[settled - 1]?.next ?? ledger.committable,
    pending: pending.slice(settled),
    ahead: new Set([...ahead].filter((offset) => !passed.has(offset))),
  }
}
