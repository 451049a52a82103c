import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import type { ReadStream } from 'node:tty'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createOutput } from '../../../src/cli/output.ts'
import { runProgram } from '../../../src/cli/program.ts'
import type { Clock } from '../../../src/clock.ts'
import { fixtureRows, origin, printedLine } from '../../translate/fixture-rows.ts'
import { configFile, contextWith, recordingStream, runCommand } from '../run/run-command.ts'
import { feed, runMain, startMain } from '../start-main.ts'

const receivedAt = '2023-08-24T14:15:22.000Z'
const call = (id: string) => `{"method":"PUT","path":"/api/v1/customers/${id}","body":{"plan":"pro"}}`

function inputFile(content: string | Buffer): string {
  const directory = mkdtempSync(join(tmpdir(), 'trackbridge-translate-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'calls.ndjson')
  writeFileSync(path, content)
  return path
}

const translateFile = (content: string | Buffer, ...options: readonly string[]) =>
  runCommand(['translate', inputFile(content), '--received-at', receivedAt, ...options], {})

const parsedLines = (stdout: string) =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { line: number; outcome: string; messages?: { userId: string }[] })

const untypedTerminal = () => Object.assign(new PassThrough(), { isTTY: true }) as unknown as ReadStream

/** What is printed for a call's text on this line, by the translator itself. */
const expectedLine = (callText: string, line: number, topic: string) => {
  const printed = printedLine(callText, {}, { ...origin, topic, offset: line - 1 })
  return `{"line":${line},${printed.slice(1)}`
}

describe('translate', () => {
  test('prints one line for each call, as the translator gives it at partition 0 and offset line - 1', async () => {
    const rows = fixtureRows.filter(
      ({ callText, settings }) => !/[\r\n]/.test(callText) && Object.keys(settings).length === 0,
    )
    const { exitCode, stdout, stderr } = await translateFile(rows.map(({ callText }) => `${callText}\n`).join(''))
    expect([exitCode, stderr]).toEqual([0, ''])
    const filled = rows
      .map(({ callText }, index) => [callText, index + 1] as const)
      .filter(([text]) => text.trim() !== '')
    expect(filled.length).toBeGreaterThan(300)
    expect(stdout.split('\n')).toEqual([...filled.map(([text, line]) => expectedLine(text, line, 'calls.ndjson')), ''])
  })

  test('skips blank lines but counts them, takes CR LF, a byte order mark and a last line without its end', async () => {
    const { exitCode, stdout } = await translateFile(`\uFEFF\r\n${call('1')}\r\n \t\n\n${call('2')}\n\r\n${call('3')}`)
    expect(exitCode).toBe(0)
    expect(stdout).toBe(
      [
        expectedLine(call('1'), 2, 'calls.ndjson'),
        expectedLine(call('2'), 5, 'calls.ndjson'),
        expectedLine(call('3'), 7, 'calls.ndjson'),
        '',
      ].join('\n'),
    )
  })

  test('takes a byte order mark before the first call', async () => {
    const { stdout } = await translateFile(`\uFEFF${call('1')}\n`)
    expect(stdout).toBe(`${expectedLine(call('1'), 1, 'calls.ndjson')}\n`)
  })

  test('reports lines that are no JSON or no UTF-8 and goes on', async () => {
    const content = Buffer.concat([
      Buffer.from('not json\n{"a":"'),
      Buffer.from([0xff]),
      Buffer.from(`"}\n[]\n${call('1')}\n`),
    ])
    const { exitCode, stdout } = await translateFile(content)
    expect([exitCode, stdout]).toEqual([
      0,
      [
        String.raw`{"line":1,"outcome":"invalid","field":"record","reason":"is not JSON: Unexpected token 'o', \"not json\" is not valid JSON"}`,
        '{"line":2,"outcome":"invalid","field":"record","reason":"is not valid UTF-8"}',
        '{"line":3,"outcome":"invalid","field":"record","reason":"must be an object, found an array"}',
        expectedLine(call('1'), 4, 'calls.ndjson'),
        '',
      ].join('\n'),
    ])
  })

  test('prints nothing for an empty file, and sums where they are asked for', async () => {
    const clock = { now: () => 0, sleep: () => Promise.resolve() }
    const path = inputFile('')
    expect(await runCommand(['translate', path, '--summary'], { clock })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '0 lines: 0 translated, 0 unsupported, 0 invalid; 0 messages; 0.0 s, 0 lines/s\n',
    })
  })

  test('sums up lines by outcome, those translated in part apart', async () => {
    const entity = '{"type":"person","action":"delete","identifiers":{"id":"1"}}'
    const form = '{"method":"POST","path":"/api/v1/forms/1/submit"}'
    const content = [`{"batch":[${entity},${entity},{}]}`, entity, form, '{}', '', 'x'].join('\n')
    const { stderr } = await runCommand(['translate', inputFile(content), '--summary'], {
      clock: { now: () => 5_000, sleep: () => Promise.resolve() },
    })
    expect(stderr).toBe(
      '5 lines: 2 translated (1 in part), 1 unsupported, 2 invalid; 3 messages; 0.0 s, 5,000 lines/s\n',
    )
  })

  test('takes the time of the run, one for all lines, where a call has no received_at', async () => {
    let ms = Date.parse(receivedAt)
    const clock = { now: () => ms++, sleep: () => Promise.resolve() }
    const { stdout } = await runCommand(['translate', inputFile(`${call('1')}\n${call('2')}\n`)], { clock })
    expect(stdout).toBe(
      `${expectedLine(call('1'), 1, 'calls.ndjson')}\n${expectedLine(call('2'), 2, 'calls.ndjson')}\n`,
    )
  })

  test('takes the mapping settings of the configuration that --config names', async () => {
    const config = configFile({
      kafka: { brokers: 'a:1' },
      mapping: { relationshipDelete: 'group' },
      destinations: [{ name: 'one' }],
    })
    const text =
      '{"type":"person","action":"delete_relationships","identifiers":{"id":"1"},"cio_relationships":[{"identifiers":{"object_id":"a"}}]}'
    const [plain, configured] = await Promise.all([translateFile(text), translateFile(text, '--config', config)])
    const types = [plain, configured].map(({ stdout }) => /"type":"(\w+)"/.exec(stdout)?.[1])
    expect(types).toEqual(['track', 'group'])
  })

  test.each([
    ['does not exist', join(tmpdir(), 'trackbridge-no-such-file')],
    ['is a directory, not a file', tmpdir()],
  ])('ends with 2 when the file %s', async (why, path) => {
    expect(await runCommand(['translate', path], {})).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `error TB_INPUT_UNREADABLE: ${path} ${why}\n`,
    })
  })

  test('ends with 2 for a time that is none', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['translate', '--received-at', 'yesterday'], {})
    expect([exitCode, stdout, stderr.split('\n')[0]]).toEqual([
      2,
      '',
      "error: option '--received-at <time>' argument 'yesterday' is invalid. Allowed: ISO 8601 or Unix seconds, between 1970 and 9999.",
    ])
  })

  test.each([['translate'], ['explain']])('%s says what to do when nobody pipes anything in', async (command) => {
    expect(await runCommand([command], { stdin: untypedTerminal })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error TB_USAGE: there is nothing to read: name a FILE, or pipe the calls into stdin\n',
    })
  })

  test('reads a terminal where "-" asks for it', async () => {
    const stdin = () =>
      Object.assign(PassThrough.from([Buffer.from(call('1'))]), { isTTY: true }) as unknown as ReadStream
    const { exitCode, stdout } = await runCommand(['translate', '-', '--received-at', receivedAt], { stdin })
    expect([exitCode, stdout]).toEqual([0, `${expectedLine(call('1'), 1, 'stdin')}\n`])
  })
})

describe('translate as a process', () => {
  test.each([[[]], [['-']]])('reads stdin with the arguments %j', async (argv) => {
    expect(await runMain(['translate', ...argv, '--received-at', receivedAt], `${call('1')}\n`)).toEqual({
      exitCode: 0,
      stdout: `${expectedLine(call('1'), 1, 'stdin')}\n`,
      stderr: '',
    })
  })

  test('reads no trackbridge.yaml that happens to be there, but the one that TRACKBRIDGE_CONFIG names', async () => {
    const path = configFile({ broken: true })
    const cwd = join(path, '..')
    const [beside, named] = await Promise.all([
      runMain(['translate'], '{}', { cwd, env: { TRACKBRIDGE_CONFIG: '' } }),
      runMain(['translate'], '{}', { cwd, env: { TRACKBRIDGE_CONFIG: basename(path) } }),
    ])
    expect([beside.exitCode, beside.stderr]).toEqual([0, ''])
    expect([named.exitCode, named.stdout, named.stderr.split('\n')[0]]).toEqual([
      2,
      '',
      `error TB_CONFIG_INVALID: 3 faults in ${path}`,
    ])
  })

  test('ends quietly with 0 when its reader goes away in the middle of an endless stream', async () => {
    const started = startMain(['translate', '--summary'])
    started.child.stdout.once('data', () => started.child.stdout.destroy())
    const fed = feed(started, Buffer.from(`${call('1')}\n`.repeat(1000)), Infinity)
    const { exitCode, stderr } = await started.ended
    await fed
    expect([exitCode, stderr]).toEqual([0, ''])
  })

  test('needs no more memory for 200 MB than for 10 MB', { timeout: 120_000 }, async () => {
    const body = JSON.stringify({
      plan: 'x'.repeat(6_000),
      many: Array.from({ length: 100 }, (_, index) => ({ index })),
    })
    const line = `{"method":"PUT","path":"/api/v1/customers/1","body":${body}}\n`
    const measuring = "process.on('exit', () => console.error(process.resourceUsage().maxRSS))"
    const nodeOptions = ['--import', `data:text/javascript,${encodeURIComponent(measuring)}`]
    const maxKilobytes = async (bytes: number): Promise<number> => {
      const started = startMain(['translate'], { nodeOptions })
      started.child.stdout.removeAllListeners('data').resume()
      await feed(started, Buffer.from(line.repeat(40)), bytes)
      const { exitCode, stderr } = await started.ended
      expect([exitCode, /^\d+\n$/.test(stderr)]).toEqual([0, true])
      return Number(stderr)
    }
    const little = await maxKilobytes(10_000_000)
    expect(await maxKilobytes(200_000_000)).toBeLessThan(2 * little)
  })

  test('gives a batch of 500 KB and a line of many megabytes back as one line each', async () => {
    const entity = '{"type":"person","action":"identify","identifiers":{"id":"1"},"attributes":{"a":1}}'
    const batch = `{"batch":[${Array.from({ length: 6000 }, () => entity).join(',')}]}`
    const long = call('1').replace('pro', 'p'.repeat(20_000_000))
    const { exitCode, stdout } = await runMain(['translate'], `${batch}\n${long}\n${call('3')}`)
    const lines = parsedLines(stdout)
    expect([exitCode, lines.map(({ line, outcome, messages }) => [line, outcome, messages?.length])]).toEqual([
      0,
      [
        [1, 'translated', 6000],
        [2, 'translated', 1],
        [3, 'translated', 1],
      ],
    ])
  })
})

test('the help shows what a line looks like', async () => {
  const { exitCode, stdout } = await runCommand(['translate', '--help'], {})
  expect([exitCode, stdout.split('\n')[0]]).toEqual([0, 'Usage: trackbridge translate [options] [file]'])
  expect(stdout).toContain('{"method":"PUT","path":"/api/v1/customers/42","body":{...}}')
})

function terminalContext(clock: Clock) {
  const [stdout, stderr] = [recordingStream(), recordingStream({ isTTY: true })]
  const output = createOutput({ stdout: stdout.stream, stderr: stderr.stream, onBrokenPipe: () => undefined })
  return { context: { ...contextWith(output), clock }, output, stderr }
}

describe('translate in a terminal', () => {
  test('shows how far a file is once a second, and the sums at the end', async () => {
    let ms = 0
    const { context, output, stderr } = terminalContext({ now: () => (ms += 500), sleep: () => Promise.resolve() })
    const path = inputFile(`{}${' '.repeat(262_142)}`.repeat(2))
    expect(await runProgram(['translate', path], context)).toBe(0)
    await output.flush()
    expect(stderr.text()).toBe(
      '\r 50 %   0 lines   0 lines/s   0:01 left\u001B[K\r\u001B[K' +
        '1 line: 0 translated, 0 unsupported, 1 invalid; 0 messages; 1.5 s, 1 lines/s\n',
    )
  })
})

describe('translate in trouble', () => {
  test('ends with 130 when it is interrupted while it waits for input', async () => {
    const interruption = new AbortController()
    const silent = Object.assign(new PassThrough(), { isTTY: false }) as unknown as ReadStream
    setImmediate(() => interruption.abort(new Error('SIGINT')))
    const { exitCode, stdout, stderr } = await runCommand(['translate'], {
      stdin: () => silent,
      signal: interruption.signal,
    })
    expect([exitCode, stdout, stderr]).toEqual([130, '', ''])
  })

  test('ends with 2 when its input breaks off, after what it could read', async () => {
    async function* breaking() {
      yield Buffer.from(`${call('1')}\n${call('2')}`)
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })
    }
    const stdin = () => Object.assign(Readable.from(breaking()), { isTTY: false }) as unknown as ReadStream
    expect(await runCommand(['translate', '--received-at', receivedAt], { stdin })).toEqual({
      exitCode: 2,
      stdout: `${expectedLine(call('1'), 1, 'stdin')}\n`,
      stderr: 'error TB_INPUT_UNREADABLE: stdin cannot be read: EIO: i/o error, read\n',
    })
  })
})
