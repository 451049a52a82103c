// A small process that stands between us and a program we start, so that nothing is left running or lying about when
// we are killed. It reads lines from stdin: first the job as JSON, then `start`, `terminate` or `kill`; it prints
// `started <pid>`, `exited <code or signal>` and `failed <reason>`. When stdin ends, because we closed it or are gone,
// it kills the program, removes the job's files and ends.
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Job } from './supervisor.ts'

let job: Job | undefined
let program: ChildProcess | undefined
let ending = false

const lines = createInterface(process.stdin)
lines.on('line', (line) => {
  if (job === undefined) job = readJob(line)
  else if (line === 'start') start(job)
  else if (line === 'terminate') program?.kill('SIGTERM')
  else if (line === 'kill') program?.kill('SIGKILL')
})
lines.on('close', end)
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end)
// Nobody may be left to listen.
process.stdout.on('error', () => undefined)

function readJob(line: string): Job {
  const value: unknown = JSON.parse(line)
  if (isJob(value)) return value
  throw new Error('the first line must be the job')
}

function isJob(value: unknown): value is Job {
  return typeof value === 'object' && value !== null && 'command' in value && 'args' in value && 'remove' in value
}

function start({ command, args, logFile }: Job): void {
  const log = openSync(logFile, 'a')
  const started = spawn(command, args, { stdio: ['ignore', log, log] })
  closeSync(log)
  program = started
  started.on('spawn', () => say(`started ${String(started.pid)}`))
  started.on('error', (error) => {
    program = undefined
    say(`failed ${error.message}`)
  })
  started.on('exit', (code, signal) => {
    program = undefined
    say(`exited ${String(code ?? signal)}`)
    if (ending) cleanUp()
  })
}

function end(): void {
  if (ending) return
  ending = true
  if (program === undefined) cleanUp()
  else program.kill('SIGKILL')
}

function cleanUp(): void {
  for (const path of job?.remove ?? []) rmSync(path, { recursive: true, force: true, maxRetries: 3 })
  lines.close()
  process.stdin.destroy()
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
