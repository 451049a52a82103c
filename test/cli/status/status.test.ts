import { expect, onTestFinished, test } from 'vitest'
import { createHttpServer } from '../../../src/ops/http-server.ts'
import { configFile, runCommand } from '../run/run-command.ts'

const document = { kafka: { brokers: ['a:9092'] }, destinations: [{ name: 'main' }] }

async function serve(page: object, status = 200) {
  const body = JSON.stringify(page)
  const server = createHttpServer(
    { host: '127.0.0.1', port: 0 },
    { '/status': () => ({ status, contentType: 'application/json', body }) },
  )
  onTestFinished(() => server.stop())
  const { port } = await server.start()
  return configFile({ ...document, http: { port } })
}

const page = {
  version: '1.0.0',
  pid: 1,
  startedAt: '2026-11-21T10:00:00.000Z',
  at: '2026-11-21T10:00:09.000Z',
  logLevel: 'info',
  ready: true,
  parts: [{ name: 'kafka', ready: true, why: '' }],
  process: null,
  destinations: [],
  groups: [],
  configuration: {},
}

test('status asks the process at http.host and http.port, and ends with 0 when all is ready', async () => {
  const { exitCode, stdout, stderr } = await runCommand(['--config', await serve(page), 'status'], {})
  const heading = 'trackbridge 1.0.0  READY  2026-11-21T10:00:09Z  up 9 s, pid 1, log level info'
  expect([exitCode, stdout, stderr]).toEqual([0, `${heading}\n✓ kafka\n\n`, ''])
})

test('status --json prints the page as it is, and ends with 1 when something is not ready', async () => {
  const config = await serve({ ...page, ready: false })
  const { exitCode, stdout } = await runCommand(['--config', config, 'status', '--json'], {})
  expect([exitCode, JSON.parse(stdout)]).toEqual([1, { ...page, ready: false }])
})

test.each([
  [{}, [], 2, 'error TB_USAGE: http is not set: set http.port in the configuration, or name --url'],
  [{ http: { port: 0 } }, [], 2, 'error TB_USAGE: http.port is 0, any free one: set http.port'],
  [{}, ['--url', 'http://127.0.0.1:1/'], 1, 'error: no answer from http://127.0.0.1:1/status: '],
])('status with the settings %j and %j says why it cannot ask', async (settings, args, code, text) => {
  const config = configFile({ ...document, ...settings })
  const { exitCode, stdout, stderr } = await runCommand(['--config', config, 'status', ...args], {})
  expect([exitCode, stdout, stderr.slice(0, text.length)]).toEqual([code, '', text])
})

test('status says when somebody else answers', async () => {
  const { exitCode, stderr } = await runCommand(['--config', await serve({}, 404), 'status'], {})
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('/status answers 404; is it trackbridge?')])
})
