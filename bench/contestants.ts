// Who takes part in the benchmarks of the process leg: the child that does the work, its title, its job.
import type { Job } from './contenders/contender.ts'
import { hasGroupCommit } from './contenders/engine-config.ts'

export interface Contestant {
  /** Its name in child.ts. */
  readonly child: string
  readonly title: string
  readonly job?: Partial<Job>
}

/** Names of the rows; (1), (2) and (3) are those of README.md. */
export const titles = {
  product: 'product, commit per partition',
  productGroup: 'product, commit per group',
  day: '(1) kafkajs in a day, no transactions',
  copying: '(2) engine exactly once, copying',
  json: '(3) JSON.parse + JSON.stringify',
} as const

const contestants: Readonly<Record<string, Contestant>> = {
  product: { child: 'product', title: titles.product, job: { commit: 'partition' } },
  'product-group': { child: 'product', title: titles.productGroup, job: { commit: 'group' } },
  kafkajs: { child: 'kafkajs', title: titles.day },
  copy: { child: 'copy', title: titles.copying, job: { commit: 'partition' } },
  json: { child: 'json', title: titles.json },
}

/** Those that `names` lists, all that this version has when it is absent. Throws for an unknown name. */
export function chooseContestants(names: readonly string[] | undefined): readonly Contestant[] {
  const known = Object.keys(contestants).filter((name) => name !== 'product-group' || hasGroupCommit())
  const unknown = names?.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new Error(`--only takes names of ${known.join(', ')}, found ${JSON.stringify(unknown)}`)
  return known.filter((name) => names?.includes(name) ?? true).flatMap((name) => contestants[name] ?? [])
}

/** A fact for reports of a version that cannot commit per group, so that the missing rows are explained. */
export const groupCommitFact = (): Readonly<Record<string, string>> =>
  hasGroupCommit() ? {} : { 'commit per group': 'not in this version' }
