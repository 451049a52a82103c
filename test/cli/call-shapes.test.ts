import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createLineReader } from '../../src/cli/record-line.ts'
import { configFile, runCommand } from './run/run-command.ts'

const receivedAt = '2023-08-24T14:15:22.000Z'

function inputFile(...lines: readonly unknown[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'trackbridge-call-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'calls.ndjson')
  writeFileSync(path, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''))
  return path
}

const translated = async (path: string, ...options: readonly string[]) => {
  const args = ['translate', path, '--received-at', receivedAt, ...options]
  const { exitCode, stdout, stderr } = await runCommand(args, {})
  expect([exitCode, stderr]).toEqual([0, ''])
  return stdout.split('\n').slice(0, -1)
}

const own = { method: 'PUT', path: '/api/v1/customers/42', body: { plan: 'pro', n: 1 }, source: 'web' }
const entity = { type: 'person', action: 'identify', identifiers: { id: '42' }, attributes: { plan: 'pro' } }

const shapes: readonly (readonly [preset: string, line: object, own: object])[] = [
  ['envelope', own, own],
  ['v2', entity, entity],
  ['segment-v1', { method: 'put', url: own.path, json: own.body, source: 'web' }, own],
  ['http-log', { value: own.body, headers: { method: 'PUT', path: own.path, source: 'web' } }, own],
]

describe('translate --call', () => {
  test.each(shapes)('%s gives the lines of our own raw record', async (preset, line, same) => {
    expect(await translated(inputFile(line), '--call', preset)).toEqual(await translated(inputFile(same)))
  })

  test('takes what kcat -J prints: headers in a row, the value as text under payload', async () => {
    const printed = {
      topic: 'track.web',
      partition: 0,
      offset: 7,
      headers: ['method', 'PUT', 'path', own.path, 'source', 'web'],
      key: '42',
      payload: JSON.stringify(own.body),
    }
    expect(await translated(inputFile(printed), '--call', 'http-log')).toEqual(await translated(inputFile(own)))
  })

  test('is raw.call of the configuration where it is not given', async () => {
    const config = configFile({
      kafka: { brokers: 'a:1' },
      raw: {
        call: { method: { constant: 'PUT' }, path: { value: 'to' }, body: { value: 'what' }, source: { key: true } },
      },
      destinations: [{ name: 'one' }],
    })
    const path = inputFile({ key: 'web', value: { to: own.path, what: own.body } })
    expect(await translated(path, '--config', config)).toEqual(await translated(inputFile(own)))
    expect((await translated(path, '--config', config, '--call', 'v2'))[0]).toContain('"outcome":"invalid"')
  })

  test('says on each line what is missing, where it was looked for, and what is no record', async () => {
    const path = inputFile({ value: {}, headers: { path: '/x' } }, 'nope', [1], { key: '1', value: null, headers: {} })
    expect(await translated(path, '--call', 'http-log')).toEqual([
      '{"line":1,"outcome":"invalid","field":"method","reason":"is missing: looked for it in header \\"method\\""}',
      expect.stringMatching(/^{"line":2,"outcome":"invalid","field":"record","reason":"is not JSON: .*"}$/),
      '{"line":3,"outcome":"invalid","field":"record","reason":"must be a record: {\\"value\\":...,\\"headers\\":{\\"NAME\\":\\"TEXT\\"},\\"key\\":\\"...\\"}, or what kcat -J prints"}',
      '{"line":4,"outcome":"invalid","field":"record","reason":"has no value: such a record is counted and skipped"}',
    ])
  })

  test('works in worker threads as it does without', async () => {
    const lines = Array.from({ length: 20_000 }, (_, number) => ({
      value: { number, filler: 'x'.repeat(60) },
      headers: { method: 'PUT', path: `/api/v1/customers/${number}` },
    }))
    const path = inputFile(...lines)
    const [alone, together] = [
      await translated(path, '--call', 'http-log', '--threads', '1'),
      await translated(path, '--call', 'http-log', '--threads', '2'),
    ]
    expect(together).toEqual(alone)
    expect(alone.filter((line) => line.includes('"outcome":"translated"'))).toHaveLength(20_000)
  })

  test('refuses an unknown preset and names those that there are', async () => {
    const { exitCode, stderr } = await runCommand(['translate', inputFile(own), '--call', 'segment'], {})
    expect(exitCode).toBe(2)
    expect(stderr).toContain('envelope, v2, http-log, segment-v1')
  })
})

const explained = async (...args: readonly string[]) => {
  const { stdout } = await runCommand(['explain', ...args, '--json', '--received-at', receivedAt], {})
  const { found, ...rest } = JSON.parse(stdout) as Record<string, unknown>
  return { found, rest }
}

describe('explain --call', () => {
  test('says where each part was found, and where one was looked for in vain', async () => {
    const path = inputFile({ value: own.body, headers: { method: 'PUT', path: own.path } })
    const { stdout } = await runCommand(['explain', path, '--call', 'http-log'], {})
    expect(stdout.split('\n').slice(0, 9)).toEqual([
      'Found',
      '  method       header "method"',
      '  path         header "path"',
      '  body         the whole value',
      '  source       nowhere; looked for it in header "source"',
      '  id           nowhere; looked for it in header "id"',
      '  received_at  nowhere; looked for it in header "received_at"',
      '',
      'Call',
    ])
  })

  test('explains the rest as it does for our own raw record', async () => {
    const wrapped = await explained(inputFile(shapes[3]?.[1]), '--call', 'http-log')
    const plain = await explained(inputFile(own))
    expect(wrapped.rest).toEqual(plain.rest)
    expect([plain.found, (wrapped.found as readonly object[])[0]]).toEqual([
      undefined,
      { part: 'method', place: 'header "method"', lookedIn: ['header "method"'] },
    ])
  })

  test('says what to mend where a part is missing', async () => {
    const path = inputFile({ method: 'PUT', json: {} })
    const { stdout } = await runCommand(['explain', path, '--call', 'segment-v1'], {})
    expect(stdout).toContain('✗ invalid, path is missing: looked for it in value "url", then in value "path"')
    expect(stdout).toContain('hint:  write it there, or name another place in raw.call')
    expect(stdout).toContain('goes to the dead letters, topic cio.dead-letters, reason "invalid"')
  })
})

test('a reader of lines is there only where lines are not our own raw records', () => {
  expect(createLineReader('envelope')).toBe(undefined)
})
