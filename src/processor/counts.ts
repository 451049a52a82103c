// What became of raw records, added up: in = translated + unsupported + deadLetters + skipped (product.md, promise 1).
import type { Processed, Slot } from './topology.ts'

export interface Counts {
  /** Raw records read. */
  readonly raw: number
  readonly translated: number
  readonly unsupported: number
  readonly deadLetters: number
  /** Of the dead letters, those whose translation threw: faults of ours. */
  readonly poisoned: number
  /** Records without a value. */
  readonly skipped: number
  /** Messages that no destination takes. */
  readonly unrouted: number
  /** Records written, by topic. */
  readonly written: Readonly<Record<string, number>>
}

export const noCounts: Counts = {
  raw: 0,
  translated: 0,
  unsupported: 0,
  deadLetters: 0,
  poisoned: 0,
  skipped: 0,
  unrouted: 0,
  written: {},
}

const slotKeys = {
  translated: 'translated',
  unsupported: 'unsupported',
  'dead-letter': 'deadLetters',
  skipped: 'skipped',
} as const satisfies Record<Slot, keyof Counts>

/** Adds up records one by one. */
export function createCounter() {
  const slots = { translated: 0, unsupported: 0, deadLetters: 0, skipped: 0 }
  const written: Record<string, number> = {}
  let raw = 0
  let unrouted = 0
  let poisoned = 0
  return {
    add(processed: Processed): void {
      raw++
      unrouted += processed.unrouted
      if (processed.poisoned) poisoned++
      slots[slotKeys[processed.slot]]++
      for (const { topic } of processed.records) written[topic] = (written[topic] ?? 0) + 1
    },
    counts: (): Counts => ({ raw, ...slots, poisoned, unrouted, written: { ...written } }),
  }
}

export function addCounts(first: Counts, second: Counts): Counts {
  const written = { ...first.written }
  for (const [topic, count] of Object.entries(second.written)) written[topic] = (written[topic] ?? 0) + count
  return {
    raw: first.raw + second.raw,
    translated: first.translated + second.translated,
    unsupported: first.unsupported + second.unsupported,
    deadLetters: first.deadLetters + second.deadLetters,
    poisoned: first.poisoned + second.poisoned,
    skipped: first.skipped + second.skipped,
    unrouted: first.unrouted + second.unrouted,
    written,
  }
}
