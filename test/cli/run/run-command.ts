import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { WriteStream } from 'node:tty'
import { onTestFinished } from 'vitest'
import { createOutput, type Output } from '../../../src/cli/output.ts'
import { runProgram, type ProgramContext } from '../../../src/cli/program.ts'
import { systemClock } from '../../../src/clock.ts'
import { silentLog } from '../../../src/ops/log.ts'

/** A stream that keeps what is written; as a terminal it has 16 colours unless `colours` says otherwise. */
export function recordingStream({ isTTY = false, colourDepth = 4 } = {}) {
  const stream = Object.assign(new PassThrough(), { isTTY, getColorDepth: () => colourDepth }) as unknown as WriteStream
  let text = ''
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  return { stream, text: () => text }
}

/** A configuration file in a directory of its own, gone after the test. */
export function configFile(document: Readonly<Record<string, unknown>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'trackbridge-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'trackbridge.yaml')
  writeFileSync(path, JSON.stringify(document))
  return path
}

/** A context whose parts fail when they are used, but for the clock, the log and this output. */
export function contextWith(output: Output): ProgramContext {
  return {
    output,
    clock: systemClock,
    signal: new AbortController().signal,
    createLog: () => silentLog,
    createBroker: () => Promise.reject(new Error('no broker in this test')),
    probe: () => Promise.reject(new Error('no probe in this test')),
    stdin: () => {
      throw new Error('no stdin in this test')
    },
  }
}

/** Runs a command line with the given parts of its context; the others fail when they are used. */
export async function runCommand(argv: readonly string[], parts: Partial<Omit<ProgramContext, 'output'>>) {
  const [stdout, stderr] = [recordingStream(), recordingStream()]
  const output = createOutput({ stdout: stdout.stream, stderr: stderr.stream, onBrokenPipe: () => undefined })
  const exitCode = await runProgram(argv, { ...contextWith(output), ...parts })
  await output.flush()
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() }
}
