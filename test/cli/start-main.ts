// The program as a process of its own, with its stdin in the test's hands.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface StartOptions {
  /** Goes to node itself. */
  readonly nodeOptions?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Starts `trackbridge` with these arguments; gone after the test. `ended` resolves with all that it wrote. */
export function startMain(argv: readonly string[], { nodeOptions = [], env = {}, cwd }: StartOptions = {}) {
  const child = spawn(process.execPath, [...nodeOptions, main, ...argv], {
    stdio: 'pipe',
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  // A child that does not read to the end is part of some promises.
  child.stdin.on('error', () => undefined)
  const stdout: Buffer[] = []
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const ended = new Promise<{ exitCode: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (exitCode) => resolve({ exitCode, stdout: Buffer.concat(stdout).toString(), stderr }))
  })
  return { child, ended }
}

/** Runs it with this on stdin. */
export function runMain(argv: readonly string[], stdin: string | Buffer, options?: StartOptions) {
  const { child, ended } = startMain(argv, options)
  child.stdin.end(stdin)
  return ended
}

/** Writes `chunk` into its stdin again and again, as fast as it reads, until `bytes` are written or it is gone. */
export async function feed({ child, ended }: ReturnType<typeof startMain>, chunk: Buffer, bytes: number) {
  for (let written = 0; written < bytes && child.stdin.writable; written += chunk.length) {
    if (!child.stdin.write(chunk)) await Promise.race([once(child.stdin, 'drain').catch(() => undefined), ended])
  }
  child.stdin.end()
}
