// Our side of supervise.ts: starts a program that dies with us, whatever ends us.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { extname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../clock.ts'
import type { Environment } from './java.ts'

/** What supervise.ts gets as its first line. */
export interface Job {
  readonly command: string
  readonly args: readonly string[]
  /** Gets what the program prints. */
  readonly logFile: string
  /** Files and folders removed at the end, also when we are killed. */
  readonly remove: readonly string[]
}

/** How the program ended: its exit code, the signal's name, or why it could not be started. */
export type Ending = number | string

/** A program that is started, ended and started again; `close` ends it for good and removes its files. */
export interface Supervisor {
  /** Process id while the program runs. */
  pid(): number | undefined
  /** Resolves when the program runs, with a promise of its end. Must not run already. */
  start(): Promise<{ readonly pid: number; readonly ended: Promise<Ending> }>
  /** Signals the program and waits for its end; null when it did not run or did not end within `timeoutMs`. */
  end(how: 'terminate' | 'kill', timeoutMs: number): Promise<Ending | null>
  close(): Promise<void>
}

// Compiled, the file beside this one ends in .js.
const script = fileURLToPath(new URL('./supervise.ts', import.meta.url)).replace(/\.ts$/, extname(import.meta.url))

/** Starts the supervising process; the program itself starts with `start()`. */
export function createSupervisor(job: Job, env: Environment): Supervisor {
  // A session of its own: Ctrl-C in the terminal reaches us alone, and Kafka is still there while we shut down.
  const child = spawn(process.execPath, [script], { env, stdio: ['pipe', 'pipe', 'inherit'], detached: true })
  const closed = once(child, 'close').catch(() => [])
  let pid: number | undefined
  let ended = Promise.withResolvers<Ending>()
  let started = awaited<number>()
  const say = (line: string): void => void child.stdin.write(`${line}\n`)
  const over = (ending: Ending): void => {
    pid = undefined
    ended.resolve(ending)
  }

  child.stdin.on('error', () => undefined)
  createInterface(child.stdout).on('line', (line) => {
    const [event, detail = ''] = line.split(/ (.*)/s, 2)
    if (event === 'started') started.resolve((pid = Number(detail)))
    else if (event === 'exited') over(/^\d+$/.test(detail) ? Number(detail) : detail)
    else started.reject(new Error(`cannot run ${job.command}: ${detail}`))
  })
  void closed.then(() => {
    // Whoever kills the supervising process must not leave the program behind.
    if (pid !== undefined) killHard(pid)
    started.reject(new Error('the supervising process has ended'))
    return over('the supervising process has ended')
  })
  say(JSON.stringify(job))

  return {
    pid: () => pid,
    async start() {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error('the supervising process has ended')
      ended = Promise.withResolvers()
      started = awaited()
      say('start')
      return { pid: await started.promise, ended: ended.promise }
    },
    async end(how, timeoutMs) {
      if (pid === undefined) return null
      say(how)
      return within(ended.promise, timeoutMs)
    },
    async close() {
      child.stdin.end()
      await closed
      // Done already, unless the supervising process was killed.
      await Promise.all(job.remove.map((path) => rm(path, { recursive: true, force: true, maxRetries: 3 })))
    },
  }
}

/** A promise that may be rejected with nobody waiting for it. */
function awaited<T>(): PromiseWithResolvers<T> {
  const resolvers = Promise.withResolvers<T>()
  resolvers.promise.catch(() => undefined)
  return resolvers
}

async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  const timer = new AbortController()
  const late = systemClock.sleep(timeoutMs, timer.signal).then(() => null)
  return Promise.race([promise, late]).finally(() => timer.abort())
}

function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
