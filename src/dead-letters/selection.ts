// Which dead letters somebody asks for: --where and --since. In: conditions and a letter. Out: whether it is meant. The
// grammar is that of history/conditions.ts; `person` holds of a letter when it does of any of its persons.
import { meets, parseConditions, type Condition } from '../history/conditions.ts'
import type { Letter } from './letter.ts'
import type { LetterState } from './mark-index.ts'
import { personsOf, sourceOf, type PersonDeps } from './person.ts'

/** Keys of --where. `topic` and `partition` are where the original stood, `status` is the API's, `source` the set of Track
 *  credentials. */
export const whereKeys = [
  ...([
    'reason',
    'stage',
    'destination',
    'status',
    'field',
    'topic',
    'partition',
    'person',
    'source',
    'attempt',
  ] as const),
  'redriven',
] as const
export type WhereKey = (typeof whereKeys)[number]

export interface Selection {
  readonly conditions: readonly Condition<WhereKey>[]
  /** Letters written before are not meant; milliseconds since 1970. */
  readonly sinceMs: number
  /** Redriven letters too. Forgotten ones never are. */
  readonly withRedriven: boolean
}

/** TB_USAGE names a text that is no condition. `redriven=yes` asks for redriven letters as `all` does. */
export function parseSelection(
  where: readonly string[],
  { sinceMs = -Infinity, all = false }: { readonly sinceMs?: number; readonly all?: boolean } = {},
): Selection {
  const conditions = parseConditions(where, whereKeys, '--where')
  const asksForRedriven = conditions.some(({ key, isNot }) => key === 'redriven' && !isNot)
  return { conditions, sinceMs, withRedriven: all || asksForRedriven }
}

/** Whether conditions and time hold of the letter; its state is judged by the caller. */
export function isMeant(letter: Letter, state: LetterState, selection: Selection, deps: PersonDeps): boolean {
  if (letter.writtenAtMs < selection.sinceMs) return false
  return selection.conditions.every((condition) => holds(condition, letter, state, deps))
}

function holds(condition: Condition<WhereKey>, letter: Letter, state: LetterState, deps: PersonDeps): boolean {
  const { key } = condition
  if (key !== 'person') return meets([condition], { [key]: facts[key](letter, state, deps) })
  const isAny = personsOf(letter, deps).some((person) => meets([{ ...condition, isNot: false }], { person }))
  return isAny !== condition.isNot
}

type Fact = (letter: Letter, state: LetterState, deps: PersonDeps) => string | undefined

// Asked one by one: to find a call's source costs a parse.
const facts: Readonly<Record<Exclude<WhereKey, 'person'>, Fact>> = {
  reason: ({ reason }) => reason,
  stage: ({ stage }) => stage,
  field: ({ field }) => field,
  destination: ({ destination }) => destination ?? undefined,
  attempt: ({ attempt }) => String(attempt),
  status: ({ answer }) => (answer === undefined ? undefined : String(answer.status)),
  topic: ({ source }) => source.topic,
  partition: ({ source }) => String(source.partition),
  source: (letter, _state, deps) => sourceOf(letter, deps),
  redriven: (_letter, state) => (state === 'redriven' ? 'yes' : 'no'),
}
