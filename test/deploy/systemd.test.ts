import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { executableFlags } from '../support/executable-flags.ts'

const file = 'deploy/systemd/trackbridge.service'
const unit = new Map(
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^\w+=/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
)

test('the unit starts node with the flags of the executable and nothing between', () => {
  expect(unit.get('ExecStart')).toBe(`/usr/bin/node ${executableFlags.join(' ')} /opt/trackbridge/dist/main.js run`)
})

test('the unit lets it end by itself, and does not start again what refuses its configuration', () => {
  expect(
    ['KillMode', 'Restart', 'RestartPreventExitStatus', 'TimeoutStopSec'].map((key) => unit.get(key)),
  ).toStrictEqual(['mixed', 'on-failure', '2', '30'])
})

test('the unit runs as a user of its own that may write nowhere', () => {
  expect(
    ['User', 'ProtectSystem', 'NoNewPrivileges', 'CapabilityBoundingSet'].map((key) => unit.get(key)),
  ).toStrictEqual(['trackbridge', 'strict', 'yes', ''])
})

const analyze = process.env['SYSTEMD_ANALYZE'] ?? 'systemd-analyze'
const hasSystemd = spawnSync(analyze, ['--version']).status === 0

// A skipped test fails a run: where systemd is missing there is none.
if (hasSystemd)
  test('systemd, where it is installed, knows every key of the unit', () => {
    const { stderr } = spawnSync(analyze, ['verify', file], { encoding: 'utf8' })
    expect(
      stderr.split('\n').filter((line) => line.includes('trackbridge.service') && !line.includes('not executable')),
    ).toStrictEqual([])
  })
