// The benchmark's side of child.ts: starts contenders as processes of their own, watches how far they are, ends them.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../src/clock.ts'
import { executableFlags } from '../test/support/executable-flags.ts'
import type { Job, Snapshot } from './contenders/contender.ts'

export interface Child {
  /** The newest; undefined before the first one. */
  latest(): Snapshot | undefined
  /** The first snapshot for which `holds`. Rejects when the child ends before, or does nothing for two minutes. */
  until(holds: (snapshot: Snapshot) => boolean): Promise<Snapshot>
  /** Tells the child to end; the last snapshot, when it has ended. */
  finish(): Promise<Snapshot>
  /** Ends it at once; for when something went wrong. */
  kill(): void
}

const script = fileURLToPath(new URL('./child.ts', import.meta.url))
const stalledAfterMs = 120_000
const endWithinMs = 60_000

export interface ChildOptions {
  /** E.g. `['--cpu-prof']`. */
  readonly nodeOptions?: readonly string[]
  /** All of its threads on one core, by `taskset`. */
  readonly pinned?: boolean
}

/** Starts a contender of child.ts. What it prints to stderr is shown, e.g. faults. */
export function startChild(name: string, job: Job, { nodeOptions = [], pinned = false }: ChildOptions = {}): Child {
  const execArgv = [...executableFlags, ...nodeOptions]
  const child = fork(script, [name, JSON.stringify(job)], {
    ...(pinned ? onOneCore(execArgv) : { execArgv }),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  })
  let newest: Snapshot | undefined
  let changedAtMs = systemClock.now()
  const watchers = new Set<(snapshot: Snapshot) => void>()
  const ended = once(child, 'exit').then(([code, signal]) => `${name} ended (${code ?? signal})`)
  child.on('message', (message) => {
    const snapshot = message as Snapshot
    if (newest?.processed !== snapshot.processed || newest.joined !== snapshot.joined) changedAtMs = systemClock.now()
    newest = snapshot
    for (const watch of watchers) watch(snapshot)
  })
  async function until(holds: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
    if (newest !== undefined && holds(newest)) return newest
    const found = Promise.withResolvers<Snapshot>()
    const over = new AbortController()
    const watch = (snapshot: Snapshot): void => {
      if (holds(snapshot)) found.resolve(snapshot)
      else if (snapshot.last) found.reject(new Error(`${name} ended at ${snapshot.processed} records`))
    }
    watchers.add(watch)
    changedAtMs = systemClock.now()
    const broken = Promise.race([ended, stalled(over.signal)]).then((why) => {
      throw new Error(`${why} at ${newest?.processed ?? 0} records`)
    })
    try {
      return await Promise.race([found.promise, broken])
    } finally {
      watchers.delete(watch)
      over.abort()
      broken.catch(() => undefined)
      found.promise.catch(() => undefined)
    }
  }
  async function stalled(signal: AbortSignal): Promise<string> {
    while (!signal.aborted && systemClock.now() - changedAtMs < stalledAfterMs) await systemClock.sleep(1_000, signal)
    return `${name} has made no progress for ${stalledAfterMs / 1000} s`
  }
  return {
    latest: () => newest,
    until,
    async finish() {
      if (newest?.last !== true && child.connected) child.send('finish')
      const last = await until((snapshot) => snapshot.last)
      // kafkajs's disconnect may hang; what was measured is measured.
      const over = new AbortController()
      await Promise.race([ended, systemClock.sleep(endWithinMs, over.signal)])
      over.abort()
      if (child.exitCode === null) child.kill('SIGKILL')
      return last
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

// The last of the first range of cores that this process may use: interrupts mostly go to the first core.
function onOneCore(execArgv: readonly string[]) {
  const allowed = /^Cpus_allowed_list:\s*(?:\d+-)?(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  if (allowed === undefined) throw new Error('the cores of this process are not told by /proc/self/status')
  return { execPath: 'taskset', execArgv: ['--cpu-list', allowed, process.execPath, ...execArgv] }
}

/** Snapshots of one run. `joined`: the first one as a member of its group; `half`: the first one past half of the records. */
export type Run = Readonly<Record<'joined' | 'half' | 'last', Snapshot>>

/** Runs one contender until its job is done. */
export async function runChild(name: string, job: Job, options: ChildOptions = {}): Promise<Run> {
  const child = startChild(name, job, options)
  const wanted = (job.records ?? 0) / 2
  try {
    const joined = await child.until((snapshot) => snapshot.joined || snapshot.last)
    const half = await child.until(({ processed, last }) => processed >= wanted || last)
    await child.until(({ last }) => last)
    return { joined, half, last: await child.finish() }
  } catch (error) {
    child.kill()
    throw error
  }
}
