// What became of the raw records of a partition, and what of the messages of a destination: plain sums.

/** Of one raw partition: `in` is the sum of `translated` to `unjudged`. Counts are of raw records unless they say so. */
export interface Tally {
  in: number
  translated: number
  unsupported: number
  deadLetters: number
  /** Records without a value. */
  empty: number
  /** Something that they should have become is not there, or something else is. */
  faulty: number
  /** Retention or compaction has taken the record's outputs, so that nothing can be said. */
  unjudged: number
  /** Messages by destination, those of replays not counted. */
  readonly messages: number[]
  /** Messages that no audited destination takes. */
  unrouted: number
  /** Outputs of replays and redrives. */
  replayed: number
  /** Second copies where delivery is at-least-once, which allows them. */
  repeats: number
}

/** All zero. */
export const emptyTally = (destinations: number): Tally => ({
  in: 0,
  translated: 0,
  unsupported: 0,
  deadLetters: 0,
  empty: 0,
  faulty: 0,
  unjudged: 0,
  messages: Array.from({ length: destinations }, () => 0),
  unrouted: 0,
  replayed: 0,
  repeats: 0,
})

/** Of all destinations together: outputs that belong to no raw record of the window. */
export interface Aside {
  /** Their raw record is outside of the window, or not committed yet. */
  outside: number
  /** Retention or compaction has taken their raw record. */
  sourceGone: number
  /** Marks of the dead-letter topic. */
  marks: number
  /** Dead letters and unsupported records of topics that are not audited: several installations may share those topics. */
  foreign: number
}

/** Of one destination: where the sink is. Messages of the window, those of replays not counted. */
export interface Forwarding {
  /** Below what the sink has committed: forwarded or dead-lettered. */
  past: number
  waiting: number
  /** Dead letters that its sink wrote, whichever window their messages are of. */
  deadLetters: number
}
