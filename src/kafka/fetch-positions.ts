// Where the next fetch of each partition should start, for one assignment: tells whether a batch follows the one before,
// repeats what is done, or jumps because records are gone. In: what was resolved, sought, filtered. Out: an Arrival.
// Promise of broker.ts (`continuous`); kafkajs resets an out-of-range offset without a word to its user.

/** What a fetched batch is, seen from the batch before. `gone`: records between were lost; `from` is unknown when
 *  nothing of the partition was read in this assignment. `deleted`: Kafka said that it has none below `until`, so that
 *  going back for them would lead to the same place for ever. `rewound`: the partition was cut below what we had read. */
export type Arrival =
  | { readonly type: 'continuous' }
  | { readonly type: 'first' }
  | { readonly type: 'stale'; readonly resumeAt: number }
  | { readonly type: 'gone'; readonly from: number | undefined; readonly until: number; readonly deleted: boolean }
  | { readonly type: 'rewound'; readonly from: number; readonly to: number }

/** Keys are one per partition, as the caller likes. Offsets are "next to read". */
export interface FetchPositions {
  /** Call once per batch, before it is handed out. */
  arrived(key: string, fetchedOffset: number): Arrival
  /** Fetching goes on from `next`, because that was resolved or sought. */
  movedTo(key: string, next: number): void
  /** A fetch held filtered records only, up to and including `last`, and was passed over. */
  filtered(key: string, last: number): void
  /** kafkajs found the offset out of range and starts over at the earliest one. */
  reset(key: string): void
}

/** Starts with no position known: the first batch of each partition is `first`. */
export function createFetchPositions(): FetchPositions {
  const expected = new Map<string, number>()
  const resets = new Set<string>()
  return {
    arrived(key, fetchedOffset) {
      const known = expected.get(key)
      const wasReset = resets.delete(key)
      if (known === undefined)
        return wasReset ? { type: 'gone', from: undefined, until: fetchedOffset, deleted: false } : { type: 'first' }
      if (known === fetchedOffset) return { type: 'continuous' }
      if (fetchedOffset < known && !wasReset) return { type: 'stale', resumeAt: known }
      expected.delete(key)
      return fetchedOffset < known
        ? { type: 'rewound', from: known, to: fetchedOffset }
        : { type: 'gone', from: known, until: fetchedOffset, deleted: wasReset }
    },
    movedTo: (key, next) => void expected.set(key, next),
    filtered(key, last) {
      const known = expected.get(key)
      // After a reset the known position stays, so that the loss is told with the next batch.
      if (known !== undefined && !resets.has(key)) expected.set(key, Math.max(known, last + 1))
    },
    reset: (key) => void resets.add(key),
  }
}
