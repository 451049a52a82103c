import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { DemoResult } from '../../src/demo/demo.ts'
import { kafkaBrokers, withAdmin } from '../support/kafka.ts'
import { until } from '../support/until.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))
const deadline = { timeoutMs: 90_000 }

function start(command: string, args: readonly string[]) {
  const env = { ...process.env, KAFKA_BROKERS: kafkaBrokers().join(','), NO_COLOR: '1' }
  const child = spawn(command, args, { cwd: checkout, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  let exitCode: number | null | undefined
  child.on('close', (code) => {
    exitCode = code
  })
  const said = (text: RegExp) =>
    until(() => text.exec(stdout), { ...deadline, describe: () => `${String(text)} in ${stdout}${stderr}` })
  const ended = () => until(() => (exitCode === undefined ? null : { exitCode, stdout, stderr }), deadline)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended()
  })
  // The topics of a run go with its test.
  onTestFinished(async () => {
    const prefix = /trackbridge-demo-[0-9a-f]{8}/.exec(stdout + stderr)?.[0]
    await withAdmin(async (admin) => {
      const topics = (await admin.listTopics()).filter((name) => prefix !== undefined && name.startsWith(`${prefix}.`))
      if (topics.length > 0) await admin.deleteTopics({ topics })
    })
  })
  return { child, said, ended, output: () => stdout }
}

const demo = (...options: readonly string[]) => start(process.execPath, ['src/main.ts', 'demo', ...options])

const isListening = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

/** Groups of the run that still have members. */
const membersLeft = (prefix: string): Promise<readonly string[]> =>
  withAdmin(async (admin) => {
    const groups = ['process', 'sink.customerio', 'reader'].map((name) => `${prefix}.${name}`)
    const described = await admin.describeGroups(groups)
    return described.groups.filter(({ members }) => members.length > 0).map(({ groupId }) => groupId)
  })

test('the demo, piped, ends with 0 and a balance that holds, without colours and control sequences', async () => {
  const { exitCode, stdout } = await demo('--once', '--calls', '400').ended()
  expect(exitCode).toBe(0)
  expect(stdout.split('\n').filter((line) => /^\S/.test(line) && !line.startsWith('✓'))).toEqual([
    'trackbridge turns Track calls into Pipelines messages: see it work.',
    '1. Starting Kafka, a stand-in for the Pipelines API, and trackbridge',
    '2. Three calls, one at a time; the first one also opens connections and transactions',
    '3. 400 varied calls of both versions, some malformed; the API fails 11 % of the requests on purpose',
    '4. The balance: what was fed, what an independent reader finds on the topics, what the API has',
    'The balance holds: nothing lost, nothing twice.',
  ])
  expect(stdout).toMatch(/✓ 403 calls fed = 403 raw records = \d+ translated \+ \d+ unsupported \+ \d+ dead letters/)
  expect(stdout).not.toContain('\u001B')
})

test('the demo prints its balance as JSON, all else on stderr', async () => {
  const { exitCode, stdout } = await demo('--once', '--calls', '50', '--json').ended()
  const { ok, lines, facts } = JSON.parse(stdout) as DemoResult
  const { fed, rawRecords, processed, topics, api, rejected } = facts
  expect([exitCode, ok, lines.length, fed, rawRecords]).toEqual([0, true, 6, 53, 53])
  expect(processed.translated + processed.unsupported + processed.deadLetters).toBe(53)
  expect([api.accepted, rejected, api.lacking]).toEqual([topics.customerio.records, 0, 0])
})

test('the demo keeps running and shows what becomes of a call that its own command sends', async () => {
  const { child, said, ended } = demo('--calls', '20')
  const [, api = ''] = await said(/API +(http\S+)/)
  const [, health = ''] = await said(/health +(http\S+)/)
  const [command] = await said(/^node --no-warnings -e '.*'$/m)
  await said(/Ctrl-C ends everything/)
  expect([await isListening(api), (await fetch(health)).status]).toEqual([true, 200])
  expect(await start('sh', ['-c', command]).ended()).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  await said(/PUT \/api\/v1\/customers\/42 \{"plan":"pro"\}\n(?:.*\n)*.*customerio: identify 42, accepted by the API/)
  child.kill('SIGINT')
  const { exitCode, stderr } = await ended()
  expect([exitCode, stderr, await isListening(api), await isListening(health)]).toEqual([130, '', false, false])
})

test('Ctrl-C in the middle ends the demo with nothing left running', async () => {
  const { child, said, ended } = demo('--calls', '100000')
  const [, api = ''] = await said(/API: (\S+)/)
  const [prefix] = await said(/trackbridge-demo-[0-9a-f]{8}/)
  await said(/2\.\d s: raw/)
  expect(await membersLeft(prefix)).toHaveLength(3)
  child.kill('SIGINT')
  const { exitCode, stdout } = await ended()
  expect([exitCode, stdout.trimEnd().split('\n').at(-1)]).toEqual([130, 'ending trackbridge, the API and Kafka'])
  expect([await isListening(api), await membersLeft(prefix)]).toEqual([false, []])
})
