import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { packageVersion } from '../../src/cli/version.ts'
import { configFile } from './run/run-command.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

function start(argv: readonly string[], nodeOptions: readonly string[] = []) {
  const child = spawn(process.execPath, [...nodeOptions, main, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const ended = new Promise<{ exitCode: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
  })
  return { child, ended }
}

const run = (argv: readonly string[], nodeOptions: readonly string[] = []) => start(argv, nodeOptions).ended

describe('the process', () => {
  test('ends with 2 and every fault of a wrong configuration, without a stack', async () => {
    const path = configFile({ kafka: { broker: 'a:1' }, raw: { format: 'avro' }, destinations: [] })
    expect(await run(['check', '--config', path])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: [
        `error TB_CONFIG_INVALID: 4 faults in ${path}`,
        '  kafka.brokers: found nothing; allowed: a list of host:port, or one text with commas between them',
        '  kafka.broker: found an unknown key; did you mean kafka.brokers? Allowed: brokers, clientId, ssl, sasl, prefix, sessionTimeoutMs, transactionTimeoutMs, compression, connectionTimeoutMs, requestTimeoutMs',
        '  destinations: found an empty list; allowed: a list with at least one entry',
        '  raw.format: found "avro"; allowed: json, unless schemaRegistry says where the schemas are',
        '',
      ].join('\n'),
    })
  })

  test('shows the stack when --log-level debug asks for it, before or after the command', async () => {
    const path = configFile({})
    const results = await Promise.all([
      run(['--log-level', 'debug', 'topics', 'plan', '--config', path]),
      run(['topics', 'plan', '--config', path, '--log-level', 'debug']),
    ])
    expect(results.map(({ stderr }) => /^ {4}at /m.test(stderr))).toEqual([true, true])
  })

  test.each([
    ['an unknown command', ['nope'], "error: unknown command 'nope'"],
    ['an unknown option', ['check', '--nope'], "error: unknown option '--nope'"],
    [
      'an unknown log level',
      ['check', '--log-level', 'loud'],
      "error: option '--log-level <level>' argument 'loud' is invalid.",
    ],
  ])('ends with 2 for %s', async (_, argv, message) => {
    const { exitCode, stdout, stderr } = await run(argv)
    expect([exitCode, stdout, stderr.startsWith(message)]).toEqual([2, '', true])
  })

  test('ends with 2 and the usage when there is no command', async () => {
    const { exitCode, stdout, stderr } = await run([])
    expect([exitCode, stdout, stderr.split('\n')[0]]).toEqual([2, '', 'Usage: trackbridge [options] [command]'])
  })

  test('tells its version and its usage', async () => {
    const [version, help] = await Promise.all([run(['--version']), run(['topics', 'apply', '--help'])])
    expect(version).toEqual({ exitCode: 0, stdout: `${packageVersion()}\n`, stderr: '' })
    expect([help.exitCode, help.stdout.split('\n')[0]]).toEqual([0, 'Usage: trackbridge topics apply [options]'])
    expect(help.stdout).toContain('--config <file>')
  })

  test('ends with one sentence under a Node that is too old', async () => {
    const older = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.6.0' } })"
    const { exitCode, stdout, stderr } = await run(['--version'], ['--import', `data:text/javascript,${older}`])
    expect([exitCode, stdout, stderr]).toEqual([
      1,
      '',
      `trackbridge needs Node.js 24 or later; this is ${process.version}.\n`,
    ])
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends with the code of %s when it comes in the middle of a check', async (signal, code) => {
    const silent = createServer()
    onTestFinished(() => void silent.close())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1`
    const asked = new Promise((resolve) => silent.once('connection', resolve))
    const sink = { url, apiKey: 'k' }
    const path = configFile({ kafka: { brokers: '127.0.0.1:1' }, destinations: [{ name: 'one', sink }] })
    const { child, ended } = start(['check', '--config', path])
    await asked
    child.kill(signal)
    expect(await ended).toEqual({ exitCode: code, stdout: '', stderr: '' })
  })
})
