// Which key of a call some rule reads, found by a number made of its length and two of its letters: one comparison.
import { TrackbridgeError } from '../errors.ts'
import { callKeys, type CallKey } from './call-object.ts'

/** 0 to 255; `first` and `last` byte of the key. Other keys may have the same. */
export const hashOf = (length: number, first: number, last: number): number => (length + first * 5 + last * 19) & 255

/** One key a hash at most: the factors above are chosen for it. */
export const keysByHash: readonly (CallKey | undefined)[] = tableOf(callKeys)

function tableOf(keys: readonly CallKey[]): (CallKey | undefined)[] {
  const table: (CallKey | undefined)[] = Array.from({ length: 256 }, () => undefined)
  for (const key of keys) {
    const hash = hashOf(key.length, key.charCodeAt(0), key.charCodeAt(key.length - 1))
    if (table[hash] !== undefined)
      throw new TrackbridgeError('TB_BUG', `the hash of key ${key} must be of no other, found ${table[hash]}`)
    table[hash] = key
  }
  return table
}
