// `trackbridge process` or `trackbridge sink` as a process of its own, seen from outside: configuration file,
// log lines, signals, end.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { executableFlags } from '../test/support/executable-flags.ts'
import type { Leg } from './scenario.ts'

export interface LegStart {
  readonly name: string
  /** Of trackbridge: `process`. */
  readonly command: string
  readonly entry: URL
  /** Written to a file as JSON, which is YAML too. */
  readonly config: object
}

type Line = Readonly<Record<string, unknown>>
type LegEnd = Awaited<Leg['ended']>

/** `src/main.ts`. */
export const productEntry = new URL('../src/main.ts', import.meta.url)

// A leg that cannot go on may say so for minutes.
const mostLines = 20_000
const tailLines = 12

/** Starts a leg. Its file goes when it ends. */
export function startLeg({ name, command, entry, config }: LegStart): Leg {
  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-leg-'))
  const path = join(folder, 'trackbridge.yaml')
  writeFileSync(path, JSON.stringify(config))
  const args = [...executableFlags, fileURLToPath(entry), '--config', path, command]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const lines: Line[] = []
  createInterface(child.stderr).on('line', (line) => {
    if (lines.length < mostLines) lines.push(parsed(line))
  })
  const { promise: ended, resolve } = Promise.withResolvers<LegEnd>()
  let isOver = false
  let wasTold = false
  // `close`, not `exit`: then all lines have been read.
  child.on('close', (code, signal) => {
    isOver = true
    rmSync(folder, { recursive: true, force: true })
    resolve({ code, signal })
  })
  return {
    name,
    pid: child.pid ?? -1,
    lines,
    ended,
    isOver: () => isOver,
    wasToldToEnd: () => wasTold,
    send(signal) {
      wasTold ||= signal === 'SIGTERM' || signal === 'SIGKILL'
      send(child, signal)
    },
    assigned: () => newestAssignment(lines),
    tail: () => tail(name, lines),
  }
}

function send(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal)
}

function newestAssignment(lines: readonly Line[]): number {
  const newest = lines.findLast(({ msg }) => msg === 'assignment')
  return Array.isArray(newest?.['partitions']) ? newest['partitions'].length : 0
}

function tail(name: string, lines: readonly Line[]): string {
  const last = lines.slice(-tailLines).map((line) => `  ${JSON.stringify(line).slice(0, 400)}`)
  return [`${name}:`, ...last].join('\n')
}

function parsed(line: string): Line {
  try {
    return JSON.parse(line) as Line
  } catch {
    return { msg: line }
  }
}
