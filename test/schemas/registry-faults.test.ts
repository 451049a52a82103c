// What each fault of a registry costs: nothing but time. The table is printed with the results.
import { createServer } from 'node:net'
import type { ServerResponse } from 'node:http'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { createRegistry } from '../../src/schemas/registry.ts'
import { withRegistryStub } from '../support/registry-stub.ts'

const timeoutMs = 300
const secret = 'secret-of-the-registry'
const rows: string[] = []

afterAll(() => void process.stdout.write(`\nfault of the registry -> what is said, what follows\n${rows.join('\n')}\n`))

const json = (status: number, body: unknown) => (response: ServerResponse) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

type Row = [fault: string, answer: (response: ServerResponse) => void, said: string]

test.each<Row>([
  ['hangs', () => undefined, `has not answered within ${timeoutMs} ms`],
  [
    'hangs in the middle of an answer',
    (response) => void response.writeHead(200).write('{"schema":'),
    `has not answered within ${timeoutMs} ms`,
  ],
  [
    'breaks off the connection',
    (response) => void response.destroy(),
    'cannot be reached: ECONNRESET (the connection broke off)',
  ],
  ['500', json(500, { error_code: 50_001, message: 'store' }), 'answers with status 500'],
  ['503 of a proxy', (response) => void response.writeHead(503).end('<html>'), 'answers with status 503'],
  ['401', json(401, { error_code: 401 }), 'denies access (status 401): check schemaRegistry.username and its password'],
  ['403', json(403, {}), 'denies access (status 403): check schemaRegistry.username and its password'],
  ['429', json(429, {}), 'is asked too often (status 429)'],
  [
    'redirect',
    (response) => void response.writeHead(302, { location: 'http://elsewhere.example/' }).end(),
    'answers with a redirect (status 302), which is not followed: set schemaRegistry.url to where it leads',
  ],
  [
    '200 with a page',
    (response) => void response.end('<html>login</html>'),
    'answers /schemas/ids/7 with something that is no JSON (status 200)',
  ],
  [
    '404 of a proxy, a page',
    (response) => void response.writeHead(404).end('<html>'),
    'answers /schemas/ids/7 with something that is no JSON (status 404)',
  ],
  [
    '404 of a proxy, JSON',
    json(404, { message: 'no route' }),
    'answers /schemas/ids/7 with status 404, which is no answer of a schema registry',
  ],
  [
    'empty answer',
    (response) => void response.end(),
    'answers /schemas/ids/7 with something that is no JSON (status 200)',
  ],
])('%s: waits, no dead letter', async (fault, answer, said) => {
  const stub = await withRegistryStub()
  stub.fault = (_request, response) => answer(response)
  const credentials = () => ({ username: 'u', password: secret })
  const registry = createRegistry({ urls: [stub.url], timeoutMs, credentials })
  const error = await registry.schemaById(7).catch((found: unknown) => found as Error & { reaction: string })
  if (error === null || !('reaction' in error)) throw new Error('the registry answered')
  expect([error.message, error.reaction]).toEqual([`the schema registry ${stub.url} ${said}`, 'retry'])
  expect(JSON.stringify([error.message, error.stack, String(error.cause)])).not.toContain(secret)
  rows.push(`  ${fault.padEnd(34)} ${said} -> retry`)
})

test('200 without a schema: waits, no dead letter', async () => {
  const stub = await withRegistryStub()
  stub.fault = (_request, response) => json(200, { id: 7 })(response)
  await expect(createRegistry({ urls: [stub.url], timeoutMs }).schemaById(7)).rejects.toThrow(
    'the schema registry answers /schemas/ids/7 with status 200, which is no answer of a schema registry',
  )
})

test('404 with an error_code of another kind: waits, no dead letter', async () => {
  const stub = await withRegistryStub()
  stub.fault = (_request, response) => json(404, { error_code: 404, message: 'HTTP 404 Not Found' })(response)
  await expect(createRegistry({ urls: [stub.url], timeoutMs }).schemaById(7)).rejects.toThrow(
    'the schema registry answers /schemas/ids/7 with status 404, error_code 404: HTTP 404 Not Found',
  )
})

test('down: waits, no dead letter', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  const url = `http://127.0.0.1:${port}`
  await expect(createRegistry({ urls: [url], timeoutMs }).schemaById(7)).rejects.toThrow(
    `the schema registry ${url} cannot be reached: ECONNREFUSED (nothing listens there)`,
  )
  rows.push(`  ${'down'.padEnd(34)} cannot be reached: ECONNREFUSED (nothing listens there) -> retry`)
})

test('404 with error_code 40403: the schema does not exist, the record is a dead letter', async () => {
  const stub = await withRegistryStub()
  expect(await createRegistry({ urls: [stub.url], timeoutMs }).schemaById(7)).toBeNull()
  rows.push(`  ${'404 with error_code 40403'.padEnd(34)} does not have the schema -> dead letter`)
})

test('of several registries the next one is asked where one does not answer, and stays the first', async () => {
  const [down, up] = [await withRegistryStub(), await withRegistryStub()]
  await down.close()
  const id = up.put('s', '"int"')
  const registry = createRegistry({ urls: [down.url, up.url], timeoutMs })
  expect([await registry.schemaById(id), await registry.schemaById(id)]).toEqual(
    Array.from({ length: 2 }, () => ({ schema: '"int"', type: 'AVRO', parts: [] })),
  )
})

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

test('user name and password go with every request', async () => {
  const stub = await withRegistryStub()
  let password = 'one'
  const registry = createRegistry({
    urls: [`${stub.url}/`],
    timeoutMs,
    credentials: () => ({ username: 'u', password }),
  })
  await registry.schemaById(1)
  password = 'two'
  await registry.latest('a/b')
  expect(stub.authorizations).toEqual([basic('u:one'), basic('u:two')])
  expect(stub.seen).toEqual(['GET /schemas/ids/1', 'GET /subjects/a%2Fb/versions/latest'])
})

test('the registry of a private authority is trusted by its caFile alone', async () => {
  const { readFileSync } = await import('node:fs')
  const { createServer: createHttps } = await import('node:https')
  const tls = (name: string): string => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8')
  const server = createHttps({ key: tls('server.key'), cert: tls('server.pem') }, (_request, response) => {
    response.end('{"schema":"\\"int\\""}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const urls = [`https://localhost:${(server.address() as { port: number }).port}`]
  const trusting = createRegistry({ urls, timeoutMs: 5_000, ca: () => tls('ca.pem') })
  expect(await trusting.schemaById(1)).toEqual({ schema: '"int"', type: 'AVRO', parts: [] })
  await expect(createRegistry({ urls, timeoutMs: 5_000 }).schemaById(1)).rejects.toThrow('(set schemaRegistry.caFile)')
})
