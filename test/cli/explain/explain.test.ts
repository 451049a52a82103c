import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { configFile, runCommand } from '../run/run-command.ts'
import { runMain } from '../start-main.ts'

const call =
  '{"method":"PUT","path":"/api/v1/customers/42","body":{"plan":"pro"},"received_at":"2026-01-01T00:00:00.000Z"}'

function inputFile(content: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'trackbridge-explain-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'call.json')
  writeFileSync(path, content)
  return path
}

interface Explained {
  readonly line: number
  readonly messages: readonly { readonly message: { readonly messageId: string } }[]
}

const explainJson = async (path: string, ...options: readonly string[]) => {
  const { exitCode, stdout, stderr } = await runCommand(['explain', path, '--json', ...options], {})
  expect([exitCode, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Explained
}

describe('explain', () => {
  test('explains the one call of a file, without colours where there is no terminal', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['explain', inputFile(call)], {})
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout.split('\n').slice(0, 8)).toEqual([
      'Call',
      '  PUT /api/v1/customers/42',
      '  no source',
      '  received at 2026-01-01T00:00:00.000Z',
      "  body of 14 bytes, within Track's limit of a call, 32,000",
      '',
      'Operation',
      '  ✓ person identify: translated into 1 message',
    ])
    expect(stdout.endsWith('\n') && !stdout.includes('\u001B')).toBe(true)
  })

  test('gives the message ids that translate gives for the same line of the same file', async () => {
    const path = inputFile(`\n\n${call}\n`)
    const [explained, translated] = await Promise.all([explainJson(path), runCommand(['translate', path], {})])
    const { line, messages } = JSON.parse(translated.stdout) as { line: number; messages: { messageId: string }[] }
    expect([explained.line, explained.messages[0]?.message.messageId]).toEqual([line, messages[0]?.messageId])
  })

  test('explains a document over several lines as the call that it is', async () => {
    const [pretty, plain] = [JSON.stringify(JSON.parse(call), null, 2), call].map(inputFile)
    expect(await explainJson(pretty!)).toEqual(await explainJson(plain!))
  })

  test('explains the first of several calls, and says so', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['explain', inputFile(`\n${call}\n${call}\n`)], {})
    expect([exitCode, stdout.split('\n')[1], stderr]).toEqual([
      0,
      '  PUT /api/v1/customers/42',
      'only the call on line 2 is explained; for all of them: trackbridge translate\n',
    ])
  })

  test('takes destinations and mapping from the configuration that --config names', async () => {
    const config = configFile({
      kafka: { brokers: 'a:1' },
      destinations: [{ name: 'one', where: { types: ['track'] } }],
    })
    const { stdout } = await runCommand(['explain', inputFile(call), '--config', config], {})
    expect(stdout).toContain('   - one: left out, where.types does not list identify\n     no destination takes it')
  })

  test.each([
    ['unsupported', '{"method":"GET","path":"/auth"}'],
    ['invalid', '{"method":"PUT","path":"/nowhere"}'],
    ['no JSON', 'nope'],
  ])('ends with 0 for a call that is %s', async (_, text) => {
    const [human, json] = await Promise.all(
      [[], ['--json']].map((options) => runCommand(['explain', inputFile(text), ...options], {})),
    )
    expect([human?.exitCode, json?.exitCode, human?.stderr, json?.stderr]).toEqual([0, 0, '', ''])
  })

  test.each([
    ['is empty', '', 'call.json holds no call, only blanks'],
    ['is blank', ' \n\n', 'call.json holds no call, only blanks'],
  ])('ends with 2 when the file %s', async (_, content, message) => {
    expect(await runCommand(['explain', inputFile(content)], {})).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `error TB_INPUT_UNREADABLE: ${message}\n`,
    })
  })

  test('ends with 2 when there is no such file', async () => {
    const path = join(tmpdir(), 'trackbridge-no-such-file')
    const { exitCode, stderr } = await runCommand(['explain', path], {})
    expect([exitCode, stderr]).toEqual([2, `error TB_INPUT_UNREADABLE: ${path} does not exist\n`])
  })

  test('reads stdin, and shows colours where they are forced', async () => {
    const [piped, coloured] = await Promise.all([
      runMain(['explain'], call, { env: { FORCE_COLOR: '0' } }),
      runMain(['explain', '-'], call, { env: { FORCE_COLOR: '1' } }),
    ])
    expect([piped.exitCode, piped.stdout.split('\n')[0], piped.stderr]).toEqual([0, 'Call', ''])
    expect([coloured.exitCode, coloured.stdout.split('\n')[0], coloured.stderr]).toEqual([
      0,
      '\u001B[1mCall\u001B[22m',
      '',
    ])
  })
})
