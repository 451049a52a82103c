// The real command line as a process of its own, seen from outside: configuration file, log lines, signals, exit code.
// Test support.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { executableFlags } from './executable-flags.ts'

const main = resolve(import.meta.dirname, '../../src/main.ts')

export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface TrackbridgeProcess {
  /** JSON log lines on stderr so far; a line that is no JSON has its text as `msg`. */
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  /** Everything on stdout so far. */
  stdout(): string
  readonly pid: number
  readonly ended: Promise<ProcessEnd>
  /** Whether it has ended. */
  isOver(): boolean
  send(signal: NodeJS.Signals): void
  /** The last lines, for failure messages. */
  tail(): string
}

/** Starts `trackbridge <args> --config <file of document>`; it is killed when the test is over and it still runs. */
export function startTrackbridge(args: readonly string[], document: object): TrackbridgeProcess {
  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-process-'))
  const path = join(folder, 'trackbridge.yaml')
  writeFileSync(path, JSON.stringify(document))
  const command = [...executableFlags, main, '--config', path, ...args]
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: Record<string, unknown>[] = []
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(parsed(line)))
  let stdout = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8')
  })
  let end: ProcessEnd | undefined
  // `close`, not `exit`: then all lines have been read.
  const { promise: ended, resolve: finish } = Promise.withResolvers<ProcessEnd>()
  child.on('close', (code, signal) => {
    end = { code, signal }
    finish(end)
  })
  onTestFinished(async () => {
    if (end === undefined) child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true })
  })
  return {
    lines,
    stdout: () => stdout,
    pid: child.pid ?? 0,
    ended,
    isOver: () => end !== undefined,
    send: (signal) => void child.kill(signal),
    tail: () =>
      lines
        .slice(-8)
        .map((line) => JSON.stringify(line))
        .join('\n'),
  }
}

function parsed(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return { msg: line }
  }
}
