// What an audit finds wrong: kinds with their meaning, and the first offenders of each. Memory does not grow with their
// number.

/** By kind what it means, for people. */
export const faultKinds = {
  missing: 'outputs that the present configuration makes of a raw record are not on their topics',
  doubled: 'outputs stand on their topics twice',
  disorder: 'outputs stand behind those of later raw records of the same partition',
  unexpected: 'outputs that the present configuration does not make of their raw records, or not for this destination',
  different: 'raw records became something else than the present configuration makes of them',
  misplaced: 'messages are not on the partition of their raw record, as partitioning: source has it',
  'no-raw-record': 'outputs name a raw record that does not exist',
  'no-source': 'records do not say which raw record they came from: something else writes to the topic',
} as const

export type FaultKind = keyof typeof faultKinds

/** Places are `topic:partition:offset[:index]`; null where there is none. */
export interface Offender {
  readonly raw: string | null
  readonly output: string | null
  /** What else is known, e.g. `message 01H... (track) is not on main/3`; may be empty. */
  readonly note: string
}

export interface Fault {
  readonly kind: FaultKind
  readonly meaning: string
  readonly count: number
  /** The first ones, at most ten. */
  readonly offenders: readonly Offender[]
}

export interface Faults {
  add(kind: FaultKind, offender: Offender): void
  /** Of the kinds that were found, in the order of `faultKinds`. */
  list(): readonly Fault[]
}

const mostShown = 10

/** None yet. */
export function createFaults(): Faults {
  const found = new Map<FaultKind, { count: number; readonly offenders: Offender[] }>()
  return {
    add(kind, offender) {
      const known = found.get(kind) ?? { count: 0, offenders: [] }
      known.count++
      if (known.offenders.length < mostShown) known.offenders.push(offender)
      found.set(kind, known)
    },
    list: () =>
      (Object.keys(faultKinds) as FaultKind[]).flatMap((kind) => {
        const known = found.get(kind)
        return known === undefined ? [] : [{ kind, meaning: faultKinds[kind], ...known }]
      }),
  }
}
