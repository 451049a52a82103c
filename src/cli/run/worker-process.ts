// A worker as a process of its own, with a channel to us. In: its number and arguments. Out: its messages and its end.
// When we are gone, however that came, the channel closes and the worker ends in order; when we end at once (a second
// signal) it is killed, for nobody is left to wait for it.
import { fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Level } from '../../ops/log.ts'
import { toWorkerMessage, type ParentMessage, type WorkerMessage } from './worker-messages.ts'

/** How a worker ended, e.g. `exit code 1`, `SIGKILL`. */
export interface WorkerEnd {
  readonly code: number | null
  readonly how: string
}

/** One life of a worker. */
export interface WorkerProcess {
  readonly pid: number | undefined
  /** Resolves when it is gone and all its messages have been handed over. */
  readonly ended: Promise<WorkerEnd>
  /** Asks it to end in order. */
  stop(): void
  /** Sets the level of its log lines. */
  setLevel(level: Level): void
}

/** Starts a worker; what it says goes to `onMessage`. Never throws: one that cannot be started has ended. */
export type StartWorker = (number: number, onMessage: (message: WorkerMessage) => void) => WorkerProcess

// Compiled, the program's main file ends in .js.
const main = fileURLToPath(new URL('../../main.ts', import.meta.url)).replace(/\.ts$/, extname(import.meta.url))

/** Workers run `trackbridge <argsFor(number)>`, with our stderr as theirs. */
export function createWorkerStarter(argsFor: (number: number) => readonly string[]): StartWorker {
  const running = new Set<ReturnType<typeof fork>>()
  process.once('exit', () => {
    for (const child of running) child.kill('SIGKILL')
  })
  return (number, onMessage) => {
    const child = fork(main, argsFor(number), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    running.add(child)
    child.on('message', (value) => {
      const message = toWorkerMessage(value)
      if (message !== undefined) onMessage(message)
    })
    const { promise: ended, resolve } = Promise.withResolvers<WorkerEnd>()
    const end = (code: number | null, how: string): void => {
      running.delete(child)
      resolve({ code, how })
    }
    // `close`, not `exit`: by then everything that it said has arrived.
    child.on('close', (code, signal) => end(code, signal ?? `exit code ${code}`))
    child.on('error', (error) => {
      if (child.pid === undefined) end(null, error.message)
    })
    // The channel may have closed a moment ago: then it is ending as it is.
    const tell = (message: ParentMessage): void => void (child.connected && child.send(message, () => undefined))
    return {
      pid: child.pid,
      ended,
      stop: () => tell({ type: 'stop' }),
      setLevel: (level) => tell({ type: 'level', level }),
    }
  }
}
