// Who takes part in the benchmark of the sink: the child that does the work, its title, its job, what its API does.
import type { Job } from './contenders/contender.ts'
import { knowsSink } from './contenders/sink-config.ts'

export interface SinkContestant {
  /** Its name in child.ts. */
  readonly child: string
  readonly title: string
  readonly job?: Pick<Job, 'sink'>
  /** What it is held to: `plain` the ceiling and the CPU; or, as its API refuses the marked messages, the speed of the
   *  row that is named. Absent: nothing. */
  readonly role?: 'plain' | { readonly refusedBeside: string }
  readonly pinned?: boolean
  /** It gets only so much of the records. */
  readonly share?: number
}

export const ceilingTitle = 'ceiling: read, set sentAt, post'
export const unreadTitle = 'the same with the bytes unread'

const partition = 'product, concurrency partition'
const key = 'product, concurrency key'

const contestants: Readonly<Record<string, SinkContestant>> = {
  product: { child: 'sink', title: partition, role: 'plain' },
  key: { child: 'sink', title: key, role: 'plain', job: { sink: { concurrency: 'key' } } },
  refused: { child: 'sink', title: `${partition}, 1 % refused`, role: { refusedBeside: partition } },
  'key-refused': {
    child: 'sink',
    title: `${key}, 1 % refused`,
    job: { sink: { concurrency: 'key' } },
    role: { refusedBeside: key },
  },
  gzip: { child: 'sink', title: `${partition}, gzip`, job: { sink: { compression: 'gzip' } } },
  pinned: { child: 'sink', title: `${partition}, on one core`, pinned: true },
  ceiling: { child: 'ceiling', title: ceilingTitle },
  unread: { child: 'ceiling-unread', title: unreadTitle },
  fetch: { child: 'one-by-one', title: 'one request per message, fetch', share: 0.02 },
}

/** The name by which `--only` asks for the rows of latency. */
export const latencyName = 'latency'

export interface SinkChoice {
  readonly contestants: readonly SinkContestant[]
  readonly latency: boolean
}

/** Those that `only` lists, all that this version has when it is absent; the pinned one when it is listed or `pinned`.
 *  Throws for an unknown name. `knows`: whether this version knows such settings. */
export function chooseSinkContestants(
  { only, pinned = false }: { readonly only?: readonly string[] | undefined; readonly pinned?: boolean | undefined },
  knows: typeof knowsSink = knowsSink,
): SinkChoice {
  const known = Object.entries(contestants).filter(([, { job }]) => job?.sink === undefined || knows(job.sink))
  const names = [...known.map(([name]) => name), latencyName]
  const unknown = only?.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new Error(`--only takes names of ${names.join(', ')}, found ${JSON.stringify(unknown)}`)
  const isChosen = (name: string): boolean =>
    (only ?? names).includes(name) && (name !== 'pinned' || only !== undefined)
  const chosen = known.filter(([name]) => isChosen(name) || (name === 'pinned' && pinned))
  return { contestants: chosen.map(([, contestant]) => contestant), latency: isChosen(latencyName) }
}

/** Facts for reports of a version that lacks settings, so that the missing rows are explained. */
export function missingSettings(knows: typeof knowsSink = knowsSink): Readonly<Record<string, string>> {
  return {
    ...(knows({ concurrency: 'key' }) ? {} : { 'concurrency key': 'not in this version' }),
    ...(knows({ compression: 'gzip' }) ? {} : { gzip: 'not in this version' }),
  }
}
