import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { endpointOptions, probeEndpoint } from '../../../src/cli/run/endpoint-settings.ts'
import { packageVersion } from '../../../src/cli/version.ts'
import { parseConfig } from '../../../src/config/load.ts'
import { startHttpServer } from '../../support/misbehaving-server.ts'

function sinkOf(sink: Readonly<Record<string, unknown>>) {
  const document = { kafka: { brokers: 'a:1' }, destinations: [{ name: 'one', sink }] }
  const found = parseConfig(JSON.stringify(document), { path: '/x.yaml', env: {} }).destinations[0]?.sink
  if (found === undefined) throw new Error('no sink')
  return found
}

let second = 1_000_000
function temporaryFile(text: string): { path: string; write(text: string): void } {
  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-endpoint-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'file.txt')
  const write = (changed: string): void => {
    writeFileSync(path, changed)
    utimesSync(path, ++second, second)
  }
  write(text)
  return { path, write }
}

const never = new AbortController().signal

test('the endpoint gets its address, key, version and limits from the sink', () => {
  const options = endpointOptions(sinkOf({ apiKey: 'k', region: 'eu', proxy: 'http://u:p@proxy:3128' }))
  expect({ ...options, credentials: options.credentials(), tls: options.tls?.() }).toEqual({
    credentials: { type: 'basic', username: 'k', password: '' },
    url: 'https://cdp-eu.customer.io/v1',
    headers: {},
    isStrict: true,
    compression: 'none',
    version: packageVersion(),
    timeoutMs: 30_000,
    maxInFlight: 16,
    proxy: 'http://u:p@proxy:3128',
    tls: {},
  })
})

test('an endpoint that is none of Pipelines gets its whole address and no strict mode', () => {
  const url = 'https://x.example.org/collect/'
  const options = endpointOptions(
    sinkOf({ format: 'ndjson', url, auth: { type: 'none' }, headers: { 'x-a': 'b' }, compression: 'gzip' }),
  )
  expect([options.credentials(), options.url, options.isStrict, options.headers, options.compression]).toEqual([
    { type: 'none' },
    url,
    false,
    { 'x-a': 'b' },
    'gzip',
  ])
})

test.each([
  [
    { type: 'basic', username: 'u', password: 'p' },
    { type: 'basic', username: 'u', password: 'p' },
  ],
  [
    { type: 'bearer', token: 't' },
    { type: 'bearer', token: 't' },
  ],
])('credentials come from auth: %j', (auth, expected) => {
  expect(endpointOptions(sinkOf({ auth })).credentials()).toEqual(expected)
})

test('key, password and token files are read again when they change', () => {
  const file = temporaryFile('one\n')
  const sinks = [
    { apiKeyFile: file.path },
    { auth: { type: 'basic', username: 'u', passwordFile: file.path } },
    { auth: { type: 'bearer', tokenFile: file.path } },
  ]
  const opened = sinks.map((sink) => endpointOptions(sinkOf(sink)))
  const before = opened.map((options) => options.credentials())
  file.write('three\n')
  expect([before, opened.map((options) => options.credentials())]).toEqual(
    ['one', 'three'].map((secret) => [
      { type: 'basic', username: secret, password: '' },
      { type: 'basic', username: 'u', password: secret },
      { type: 'bearer', token: secret },
    ]),
  )
})

test('certificates and their key are read again when they change', () => {
  const [ca, cert, key] = [temporaryFile('ca'), temporaryFile('cert'), temporaryFile('key')]
  const files = { caFile: ca.path, certFile: cert.path, keyFile: key.path, passphrase: 'p' }
  const options = endpointOptions(sinkOf({ apiKey: 'k', ...files }))
  const before = options.tls?.()
  cert.write('other')
  expect([before, options.tls?.()]).toEqual([
    { ca: 'ca', cert: 'cert', key: 'key', passphrase: 'p' },
    { ca: 'ca', cert: 'other', key: 'key', passphrase: 'p' },
  ])
})

test('the probe posts an empty batch in strict mode with the key, and answers with the status', async () => {
  const server = await startHttpServer((_, response) => response.writeHead(400).end('{}'))
  const answer = await probeEndpoint(sinkOf({ apiKey: 'k', url: `${server.url}/v1` }), never)
  const asked = server.seen.map(({ method, url, body, headers }) => ({
    method,
    url,
    body,
    authorization: headers['authorization'],
    strict: headers['x-strict-mode'],
  }))
  expect('status' in answer ? answer.status : answer).toBe(400)
  expect(asked).toEqual([
    {
      method: 'POST',
      url: '/v1/batch',
      authorization: `Basic ${Buffer.from('k:').toString('base64')}`,
      strict: '1',
      body: '{"batch":[]}',
    },
  ])
})

test('the probe of any other endpoint carries no body and no credentials', async () => {
  const server = await startHttpServer((_, response) => response.writeHead(405).end())
  const sink = sinkOf({
    format: 'json-array',
    url: `${server.url}/collect/`,
    auth: { type: 'bearer', token: 'secret' },
    headers: { 'x-key': 'secret' },
  })
  const answer = await probeEndpoint(sink, never)
  const [{ headers, bytes: _bytes, ...asked }] = server.seen as [(typeof server.seen)[0]]
  expect('status' in answer ? answer.status : answer).toBe(405)
  expect([asked, Object.keys(headers).sort()]).toEqual([
    { method: 'OPTIONS', url: '/collect/', body: '' },
    ['connection', 'host', 'user-agent'],
  ])
})
