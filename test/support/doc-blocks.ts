// The blocks of the documentation that tests run, and how: each block of commands is preceded by a comment that says so.
// Test support.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { executableFlags } from './executable-flags.ts'

/** The pages whose commands are held together with the tests. */
export const commandPages = [
  ...[
    'getting-started',
    'existing-cluster',
    'operating',
    'deploying',
    'runbook',
    'replay',
    'replay-diff',
    'dead-letters',
    'audit',
  ].map((name) => `docs/${name}.md`),
  'SECURITY.md',
]

export interface DocBlock {
  readonly page: string
  readonly language: string
  readonly text: string
  /** The comment before it, e.g. `run`, `run with kafka`, `not run: needs a cluster`; empty when there is none. */
  readonly mark: string
}

/** Every fenced block of a page. */
export function blocksOf(page: string): readonly DocBlock[] {
  const text = readFileSync(page, 'utf8')
  const blocks = text.matchAll(/(?:<!-- (?<mark>[^>]*) -->\n\n)?^```(?<language>\w*)\n(?<text>[^]*?)^```$/gm)
  return [...blocks].map(({ groups = {} }) => ({
    page,
    language: groups['language'] ?? '',
    text: groups['text'] ?? '',
    mark: groups['mark'] ?? '',
  }))
}

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a block in bash, in a fresh folder that holds `files`; `npx trackbridge` is this checkout. */
export function runBlock(
  { text }: DocBlock,
  files: Readonly<Record<string, string>> = {},
  env: NodeJS.ProcessEnv = {},
): Run {
  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-docs-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  const flags = executableFlags.join(' ')
  writeFileSync(
    join(folder, 'npx'),
    `#!/bin/sh\n[ "$1" = trackbridge ] || exit 99\nshift\nexec "${process.execPath}" ${flags} "${resolve('src/main.ts')}" "$@"\n`,
  )
  chmodSync(join(folder, 'npx'), 0o755)
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-euo', 'pipefail', '-c', text], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...env, PATH: `${folder}:${process.env['PATH'] ?? ''}` },
  })
  return { code: status, stdout, stderr }
}
