// Which scenarios a command line asks for, and which of them its other options leave no sense. Pure.
import type { Scenario } from './scenario.ts'

type Named = Pick<Scenario<never>, 'name' | 'needs'>

export interface Chosen<S> {
  readonly due: readonly S[]
  /** Not asked for by name, and without sense here: `registry needs --format avro`. */
  readonly leftOut: readonly string[]
  /** Asked for by name, and without sense here; the command line is wrong when there is one. */
  readonly refused: readonly string[]
}

/** `names`: those asked for, absent: all. `choices`: values of options, by name. In the order of `scenarios`. */
export function chooseScenarios<S extends Named>(
  scenarios: readonly S[],
  names: readonly string[] | undefined,
  choices: Readonly<Record<string, string | undefined>>,
): Chosen<S> {
  const wanted = scenarios.filter(({ name }) => names?.includes(name) ?? true)
  const lacking = wanted.flatMap((scenario) => {
    const why = lackOf(scenario, choices)
    return why === undefined ? [] : [why]
  })
  const due = wanted.filter((scenario) => lackOf(scenario, choices) === undefined)
  return names === undefined ? { due, leftOut: lacking, refused: [] } : { due, leftOut: [], refused: lacking }
}

function lackOf(
  { name, needs = {} }: Named,
  choices: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const lacking = Object.entries(needs).filter(([option, value]) => choices[option] !== value)
  if (lacking.length === 0) return undefined
  return `${name} needs ${lacking.map(([option, value]) => `--${option} ${value}`).join(' and ')}`
}
