// Chance and people for the sample calls, all from one seed: the same seed draws the same. Pure.
import { parseJson } from '../json.ts'

/** Someone who makes calls. `id` is also the key of all of their raw records, whatever a call names them by. */
export interface SamplePerson {
  readonly id: string
  readonly email: string
  /** Bare, without the `cio_`. */
  readonly cioId: string
  readonly anonymousId: string
  readonly name: string
  readonly company: string
}

/** What a kind of call draws its values from. */
export interface Draw {
  /** From 0 up to, not including, 1. */
  random(): number
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number
  pick<T>(list: readonly [T, ...T[]]): T
  chance(share: number): boolean
  /** A number of `length` digits, kept as they are by `stringifyJson`, e.g. 12345678901234567890. */
  digits(length: number): unknown
  person(): SamplePerson
  /** When the call is made, milliseconds since 1970. */
  readonly atMs: number
}

const names = ['Zoë', 'Łukasz', '田中 太郎', 'Nguyễn', 'Олена', "O'Neil", 'ليلى', '🦊 Fox', 'Ana', 'Ben'] as const
const companies = ['acme', 'globex', 'initech', 'umbrella', 'stark'] as const
const people = 400

/** Draws for one call after the other: set the time of each with `at`. */
export function createDraw(seed: number): { at(atMs: number): Draw } {
  const random = createRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const draw = {
    random,
    below,
    pick: <T>(list: readonly [T, ...T[]]): T => list[below(list.length)] ?? list[0],
    chance: (share: number) => random() < share,
    digits: (length: number) => parseJson(`9${Array.from({ length: length - 1 }, () => below(10)).join('')}`),
    person: () => samplePerson(below(people)),
  }
  return { at: (atMs) => ({ ...draw, atMs }) }
}

/** Person number `index`, always the same one. */
export function samplePerson(index: number): SamplePerson {
  const id = String(1000 + index)
  return {
    id,
    email: `person.${id}@example.com`,
    cioId: `a3c50${id}02`,
    anonymousId: `anon-${id}`,
    name: names[index % names.length] ?? names[0],
    company: companies[index % companies.length] ?? companies[0],
  }
}

/** mulberry32: small, fast and good enough for samples. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
