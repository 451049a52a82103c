// PURE: finds those at fault in a refused batch. In: how many calls, and the answer to each request. Out: how many go into
// the next request, until all have settled. Calls keep their order, and each is refused in a request of its own before it
// counts as refused. k at fault among n take at most k (log2(n) + 2) + 1 requests. Ruled by sink.md, "Behaviour".
//
//   Refused: its first half is asked for. That one taken, the fault must be in the second half, which is not asked for
//   again but halved; that one refused, the fault is in it. What comes behind a fault that was found goes out as a whole.
//   After 413 no such conclusion holds, for the halves of too much may both fit; nothing as long is asked for again.

export interface Halving {
  /** The calls of the next request are those from `start` to `end`; undefined when all have settled. */
  next(): { readonly start: number; readonly end: number } | undefined
  /** What `next` gave was taken. */
  taken(): void
  /** What `next` gave was refused: for its size, or for what is in it. True: it was a single call, which has settled. */
  refused(forSize: boolean): boolean
}

/** Begins with all `count` calls. */
export function createHalving(count: number): Halving {
  let settled = 0
  let asked = 0
  let longest = count
  /** So many of the next calls hold one at fault; 0: nothing is known. */
  let suspects = 0
  const settle = (): void => {
    settled += asked
    suspects = Math.max(0, suspects - asked)
  }
  return {
    next() {
      asked = suspects > 0 ? Math.ceil(suspects / 2) : Math.min(longest, count - settled)
      return asked === 0 ? undefined : { start: settled, end: settled + asked }
    },
    taken: settle,
    refused(forSize) {
      if (asked === 1) {
        settle()
        suspects = 0
        return true
      }
      if (forSize) longest = Math.ceil(asked / 2)
      suspects = forSize ? 0 : asked
      return false
    },
  }
}
