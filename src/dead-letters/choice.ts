// Which letters a redrive takes: those asked for, not done yet, nobody's who is forgotten; or those of a file of mended
// ones. In: letters with their state, in order. Out: letters to run again, and counts of the others. Plan and run choose
// alike.
import { placeText } from '../history/window.ts'
import { mended, type MendedLine } from './exported.ts'
import type { Letter } from './letter.ts'
import type { LetterState } from './mark-index.ts'
import type { PersonDeps } from './person.ts'
import type { RedriveCounter } from './redrive-counts.ts'
import { isMeant, type Selection } from './selection.ts'

export interface ChoiceOptions {
  readonly selection: Selection
  /** By place, as placeText has it; absent: every letter that is meant. */
  readonly mended?: ReadonlyMap<string, MendedLine> | undefined
}

export interface Choice {
  /** The letter to run again, mended where it was; undefined where it is left out. */
  choose(letter: Letter, state: LetterState): Letter | undefined
  /** Lines of the file by number, and what is wrong with each. */
  readonly faults: () => ReadonlyMap<number, string>
  /** Numbers of lines whose letters are redriven already: left out, no fault. */
  readonly done: () => readonly number[]
  /** Lines whose letter has not come by. */
  readonly missing: () => readonly MendedLine[]
}

export function createChoice(
  { selection, mended: lines }: ChoiceOptions,
  counter: RedriveCounter,
  deps: PersonDeps,
): Choice {
  const faults = new Map<number, string>()
  const done: number[] = []
  const waiting = new Map(lines)
  const judge = (state: LetterState): boolean => {
    if (state !== 'open') counter.addState(state)
    return state === 'open'
  }
  return {
    choose(letter, state) {
      const line = waiting.get(placeText(letter.place))
      if (lines !== undefined && line === undefined) return undefined
      if (!isMeant(letter, 'open', selection, deps)) {
        counter.add('notMeant')
        return undefined
      }
      if (line === undefined) return judge(state) ? letter : undefined
      waiting.delete(placeText(letter.place))
      if (state === 'forgotten') faults.set(line.number, 'is of a person who has been forgotten')
      if (state === 'redriven') done.push(line.number)
      if (!judge(state)) return undefined
      const original = mended(letter, line)
      if (typeof original !== 'string') return original
      faults.set(line.number, original)
      return undefined
    },
    faults: () => faults,
    done: () => done,
    missing: () => [...waiting.values()],
  }
}
