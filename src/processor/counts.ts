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
  /** Messages, dead letters and unsupported records left out because they were not selected; absent: none. */
  readonly filtered?: number
  /** Records written, by topic. */
  readonly written: Readonly<Record<string, number>>
  /** Messages written, by topic and type. */
  readonly types: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Dead letters and unsupported records written, by reason, e.g. `{'dead-letter': {invalid: 2}}`. */
  readonly reasons: Readonly<Record<string, Readonly<Record<string, number>>>>
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
  types: {},
  reasons: {},
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
  const types: Record<string, Record<string, number>> = {}
  const reasons: Record<string, Record<string, number>> = {}
  let raw = 0
  let unrouted = 0
  let poisoned = 0
  let filtered = 0
  return {
    add(processed: Processed): void {
      raw++
      unrouted += processed.unrouted
      filtered += processed.filtered ?? 0
      if (processed.poisoned) poisoned++
      slots[slotKeys[processed.slot]]++
      for (const { topic, headers } of processed.records) {
        written[topic] = (written[topic] ?? 0) + 1
        const type = headers['tb-type']
        if (typeof type === 'string') countIn(types, topic, type)
      }
      for (const { slot, reason } of processed.faults ?? []) countIn(reasons, slot, reason)
    },
    counts: (): Counts => ({
      raw,
      ...slots,
      poisoned,
      unrouted,
      ...(filtered > 0 ? { filtered } : {}),
      written: { ...written },
      types: copied(types),
      reasons: copied(reasons),
    }),
  }
}

function countIn(table: Record<string, Record<string, number>>, row: string, column: string): void {
  const counts = (table[row] ??= {})
  counts[column] = (counts[column] ?? 0) + 1
}

const copied = (table: Table<Table<number>>): Table<Table<number>> =>
  Object.fromEntries(Object.entries(table).map(([row, counts]) => [row, { ...counts }]))

type Table<T> = Readonly<Record<string, T>>

function addEach<T>(first: Table<T>, second: Table<T>, add: (a: T, b: T) => T): Table<T> {
  const sums: Record<string, T> = { ...first }
  for (const [key, value] of Object.entries(second)) {
    const known = sums[key]
    sums[key] = known === undefined ? value : add(known, value)
  }
  return sums
}

const addNumbers = (first: Table<number>, second: Table<number>): Table<number> =>
  addEach(first, second, (a, b) => a + b)

export function addCounts(first: Counts, second: Counts): Counts {
  const filtered = (first.filtered ?? 0) + (second.filtered ?? 0)
  return {
    raw: first.raw + second.raw,
    translated: first.translated + second.translated,
    unsupported: first.unsupported + second.unsupported,
    deadLetters: first.deadLetters + second.deadLetters,
    poisoned: first.poisoned + second.poisoned,
    skipped: first.skipped + second.skipped,
    unrouted: first.unrouted + second.unrouted,
    ...(filtered > 0 ? { filtered } : {}),
    written: addNumbers(first.written, second.written),
    types: addEach(first.types, second.types, addNumbers),
    reasons: addEach(first.reasons, second.reasons, addNumbers),
  }
}
