// Dead letters by what is alike in them: reason, stage, destination and the API's status. In: letters, one by one. Out:
// counts, the first and the last time, a place to look at. Memory: a bound on the groups; what comes beyond is one group.
import { placeText } from '../history/window.ts'
import type { Letter } from './letter.ts'

export interface LetterGroup {
  readonly reason: string
  readonly stage: string
  readonly destination: string | null
  /** Of the API's answer. */
  readonly status: number | null
  readonly count: number
  /** Milliseconds since 1970, of writing. */
  readonly firstMs: number
  readonly lastMs: number
  /** Place of the last one. */
  readonly example: string
}

export interface Grouping {
  add(letter: Letter): void
  /** The largest first. */
  groups(): readonly LetterGroup[]
}

/** Reasons of unsupported calls may quote the call. */
const maxGroups = 1_000
const others = 'others'

export function createGrouping(): Grouping {
  const groups = new Map<string, LetterGroup>()
  return {
    add(letter) {
      const known = factsOf(letter)
      const key = JSON.stringify(Object.values(known))
      const facts = groups.has(key) || groups.size < maxGroups ? known : { ...known, reason: others, status: null }
      const name = JSON.stringify(Object.values(facts))
      const { writtenAtMs: atMs } = letter
      const { count, firstMs, lastMs, example } = groups.get(name) ?? {
        count: 0,
        firstMs: atMs,
        lastMs: atMs,
        example: '',
      }
      const isLast = atMs >= lastMs
      groups.set(name, {
        ...facts,
        count: count + 1,
        firstMs: Math.min(firstMs, atMs),
        lastMs: Math.max(lastMs, atMs),
        example: isLast ? placeText(letter.place) : example,
      })
    },
    groups: () => [...groups.values()].toSorted((a, b) => b.count - a.count),
  }
}

const factsOf = ({ reason, stage, destination, answer }: Letter) => ({
  reason,
  stage,
  destination,
  status: answer?.status ?? null,
})
