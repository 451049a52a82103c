// The messages that the raw records of one partition would become, until they are found on a topic. In: messages in the
// order of their raw records. Out: each of them again when it is asked for by raw offset and messageId. The last ones are
// kept whole, as many as `maxHeldBytes` takes: a topic in the order of the raw records needs no more. Of all others there
// are 25 bytes each (diff-ledger-rows.ts).
import { canonicalJson, readOrUndefined } from './diff-json.ts'
import { contentWords, createLedgerRows, idWords, type Words } from './diff-ledger-rows.ts'

/** `expected`: still to be found; `value` where it is kept whole, else only its hash. `settled`: found before. `unasked`:
 *  it is not asked for. `unknown`: its raw record does not make it. */
export type Found =
  | { readonly state: 'expected'; readonly value: Buffer | undefined; readonly isSame: (value: Buffer) => boolean }
  | { readonly state: 'settled' }
  | { readonly state: 'unasked' }
  | { readonly state: 'unknown' }

/** A message of the raw record at `offset`; those of one record come one after the other. */
export interface Expected {
  readonly offset: number
  readonly messageId: string
  readonly type: string
  readonly value: Buffer
  /** False: it may be found, but is not missed, and nobody wants to know what became of it. */
  readonly isAsked: boolean
}

export interface Ledger {
  /** Offsets must not fall. */
  add(expected: Expected): void
  /** Settles it: the next time it is not expected any more. */
  take(offset: number, messageId: string): Found
  /** Those that are still expected, oldest first. */
  missing(): Iterable<Missing>
  size(): number
}

/** A message that was not found. `isOf`: whether it is the one of this id, of those that its raw record makes. */
export interface Missing {
  readonly offset: number
  readonly type: string
  readonly isOf: (messageId: string) => boolean
}

const settledBit = 128
const unaskedBit = 64

export function createLedger({ maxHeldBytes }: { readonly maxHeldBytes: number }): Ledger {
  const rows = createLedgerRows()
  const types: string[] = []
  const held = createHeld(maxHeldBytes, (row, value) => rows.setContent(row, contentHash(value)))
  const isSettled = (row: number): boolean => (rows.state(row) & settledBit) !== 0
  const typeIndex = (type: string): number => {
    const known = types.indexOf(type)
    return known >= 0 ? known : types.push(type) - 1
  }
  const settle = (row: number): Found => {
    const value = held.take(row)
    rows.setState(row, rows.state(row) | settledBit)
    const isSame = (other: Buffer): boolean => value?.equals(other) ?? rows.hasContent(row, contentHash(other))
    return { state: 'expected', value, isSame }
  }

  return {
    add({ offset, messageId, type, value, isAsked }) {
      const row = rows.add(offset, idWords(messageId), isAsked ? typeIndex(type) : unaskedBit)
      if (isAsked) held.add(row, value)
    },
    take(offset, messageId) {
      const id = idWords(messageId)
      let state: Exclude<Found['state'], 'expected'> = 'unknown'
      for (let row = rows.firstAt(offset); row < rows.size() && rows.offset(row) === offset; row++) {
        if (!rows.hasId(row, id)) continue
        if (rows.state(row) < unaskedBit) return settle(row)
        state = isSettled(row) ? 'settled' : 'unasked'
      }
      return { state }
    },
    *missing() {
      for (let row = 0; row < rows.size(); row++) {
        if (rows.state(row) >= unaskedBit) continue
        const isOf = (messageId: string): boolean => rows.hasId(row, idWords(messageId))
        yield { offset: rows.offset(row), type: types[rows.state(row)] ?? '', isOf }
      }
    },
    size: () => rows.size(),
  }
}

/** Values by row, the newest ones that fit into so many bytes; the oldest leaves first, and is told. */
function createHeld(maxBytes: number, onLeave: (row: number, value: Buffer) => void) {
  // Not the buffers themselves: each is a part of a large one, which it would keep from being freed.
  const values = new Map<number, string>()
  let bytes = 0
  const take = (row: number): Buffer | undefined => {
    const value = values.get(row)
    if (value === undefined) return undefined
    values.delete(row)
    bytes -= value.length
    return Buffer.from(value, 'latin1')
  }
  return {
    take,
    add(row: number, value: Buffer): void {
      values.set(row, value.toString('latin1'))
      bytes += value.length
      if (bytes <= maxBytes) return
      for (const oldest of values.keys()) {
        const left = take(oldest)
        if (left !== undefined) onLeave(oldest, left)
        if (bytes <= maxBytes) return
      }
    },
  }
}

/** Of what a value means; of its bytes where it is no JSON. */
const contentHash = (value: Buffer): Words =>
  contentWords(readOrUndefined(value, canonicalJson) ?? value.toString('latin1'))
