// A seeded source of choices (mulberry32): the same seed gives the same benchmark on every machine.
import { seededRandom } from '../test/support/seeded-random.ts'

export interface Random {
  /** From `low` to `high`, both included. */
  integer(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(values: readonly T[]): T
  some<T>(values: readonly T[]): T[]
  hex(length: number): string
  uuid(): string
  ulid(): string
  /** With at most two decimals, none of them a trailing zero. */
  price(): number
}

const base32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

export function createRandom(seed: number): Random {
  const next = seededRandom(seed)
  const integer = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  const letters = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[integer(0, alphabet.length - 1)]).join('')
  const hex = (length: number): string => letters('0123456789abcdef', length)
  return {
    integer,
    chance: (probability) => next() < probability,
    pick: (values) => values[integer(0, values.length - 1)]!,
    some: (values) => values.filter(() => next() < 0.4),
    hex,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
    ulid: () => `01HQ${letters(base32, 22)}`,
    price: () => integer(1, 20_000) / 100,
  }
}
