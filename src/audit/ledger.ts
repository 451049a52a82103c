// What is known of each raw record of a range: what it should have become, and what of that has been found. Two bytes a
// record, and two bits a message for each destination: it must hold tens of millions of records.
import { TrackbridgeError } from '../errors.ts'
import { createBits, type Bits } from './bits.ts'
import type { OffsetRange } from '../kafka/broker.ts'

/** What stands at an offset. `none`: no record, e.g. the marker of a transaction. `unknown`: a record that was not
 *  translated. The others: the slot that translating it now gives. */
export const stands = ['none', 'translated', 'unsupported', 'dead-letter', 'skipped', 'unknown'] as const
export type Stand = (typeof stands)[number]

/** Bits beside the stand. */
export const flag = {
  expectsDeadLetter: 1 << 3,
  expectsUnsupported: 1 << 4,
  hasDeadLetter: 1 << 5,
  hasUnsupported: 1 << 6,
  /** Its dead letter says that its messages could not be written, or that translating it failed: there are none. */
  isGivenUp: 1 << 7,
  /** Replays and redrives have written outputs of it. */
  isReplayed: 1 << 8,
  /** The raw record itself bears `tb-replay`, and so do its outputs. */
  bearsReplay: 1 << 9,
} as const

const standMask = 0b111
const countShift = 10
const manyMessages = 63
const blockShift = 5

/** One range. Records are added in ascending order; offsets are absolute. */
export interface Ledger {
  readonly range: OffsetRange
  /** `count`: messages of the record, so that all its indexes are below. */
  add(offset: number, stand: Stand, record: { readonly count: number; readonly flags: number }): void
  stand(offset: number): Stand
  has(offset: number, flags: number): boolean
  mark(offset: number, flags: number): void
  count(offset: number): number
  expect(offset: number, message: MessageOf): void
  isExpected(offset: number, message: MessageOf): boolean
  find(offset: number, message: MessageOf): void
  isFound(offset: number, message: MessageOf): boolean
}

/** The message of an index, on the topic of a destination, by its number. */
export interface MessageOf {
  readonly destination: number
  readonly index: number
}

/** Bytes for each offset of a range, with a fifth more messages than records. */
export const bytesAnOffset = (destinations: number): number => 2.125 + 0.3 * destinations

/** An empty ledger of a range. */
export function createLedger(range: OffsetRange, destinations: number): Ledger {
  const length = Math.max(0, range.to - range.from)
  const cells = new Uint16Array(length)
  // By block of offsets the number of messages before it: the rest is added up when it is asked for.
  const bases = new Uint32Array((length >>> blockShift) + 1)
  const large = new Map<number, number>()
  const expected = Array.from({ length: destinations }, createBits)
  const found = Array.from({ length: destinations }, createBits)
  let blocks = 0
  let messages = 0

  const cell = (offset: number): number => cells[offset - range.from] ?? 0
  const countAt = (at: number): number => {
    const count = (cells[at] ?? 0) >>> countShift
    return count === manyMessages ? (large.get(at) ?? 0) : count
  }
  const position = (offset: number, index: number): number => {
    const at = offset - range.from
    let sum = (bases[at >>> blockShift] ?? 0) + index
    for (let before = (at >>> blockShift) << blockShift; before < at; before++) sum += countAt(before)
    return sum
  }
  return {
    range,
    add(offset, stand, { count, flags }) {
      const at = offset - range.from
      for (; blocks <= at >>> blockShift; blocks++) bases[blocks] = messages
      cells[at] = stands.indexOf(stand) | flags | (Math.min(count, manyMessages) << countShift)
      if (count >= manyMessages) large.set(at, count)
      messages += count
    },
    stand: (offset) => stands[cell(offset) & standMask] ?? 'none',
    has: (offset, flags) => (cell(offset) & flags) !== 0,
    mark(offset, flags) {
      cells[offset - range.from] = cell(offset) | flags
    },
    count: (offset) => countAt(offset - range.from),
    expect: (offset, message) => bitsOf(expected, message).set(position(offset, message.index)),
    isExpected: (offset, message) => bitsOf(expected, message).has(position(offset, message.index)),
    find: (offset, message) => bitsOf(found, message).set(position(offset, message.index)),
    isFound: (offset, message) => bitsOf(found, message).has(position(offset, message.index)),
  }
}

function bitsOf(sets: readonly Bits[], { destination }: MessageOf): Bits {
  const bits = sets[destination]
  if (bits === undefined) throw new TrackbridgeError('TB_BUG', `the ledger has no destination ${destination}`)
  return bits
}
