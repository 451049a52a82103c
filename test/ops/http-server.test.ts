import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createHealth, healthRoutes } from '../../src/ops/health.ts'
import { createHttpServer, httpLimits, type HttpServer, type Routes } from '../../src/ops/http-server.ts'

const servers: HttpServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

async function start(routes: Routes, port = 0, limits = httpLimits) {
  const server = createHttpServer({ host: '127.0.0.1', port, limits }, routes)
  servers.push(server)
  const address = await server.start()
  return { server, port: address.port, url: `http://127.0.0.1:${address.port}` }
}

const fetched = async (url: string, method = 'GET') => {
  const response = await fetch(url, { method, headers: { connection: 'close' } })
  const headers = [response.headers.get('content-type'), response.headers.get('cache-control')]
  return { status: response.status, headers, body: await response.text() }
}

test('a server answers /live and /ready as the health says at that moment', async () => {
  const health = createHealth()
  const part = health.part('process')
  const { url } = await start(healthRoutes(health))
  const headers = ['application/json; charset=utf-8', 'no-store']
  expect(await fetched(`${url}/live`)).toEqual({ status: 200, headers, body: '{"live":true}' })
  const before = '{"ready":false,"parts":[{"name":"process","ready":false,"why":"starting"}]}'
  expect(await fetched(`${url}/ready`)).toEqual({ status: 503, headers, body: before })
  part.ready()
  const after = '{"ready":true,"parts":[{"name":"process","ready":true,"why":""}]}'
  expect(await fetched(`${url}/ready`)).toEqual({ status: 200, headers, body: after })
})

test('a server answers HEAD without a body, and 404 for other paths', async () => {
  const { url } = await start(healthRoutes(createHealth()))
  expect((await fetched(`${url}/live`, 'HEAD')).status).toBe(200)
  expect((await fetched(`${url}/live`, 'HEAD')).body).toBe('')
  expect((await fetched(`${url}/other`)).status).toBe(404)
})

test('a server whose port is in use says so and which key to change', async () => {
  const { port } = await start({})
  await expect(start({}, port)).rejects.toMatchObject({
    code: 'TB_CONFIG_INVALID',
    message: `http: cannot listen on 127.0.0.1 port ${port}: the port is in use; choose another http.port`,
  })
})

test('a stopped server frees its port, though a connection is still open', async () => {
  const { server, port, url } = await start(healthRoutes(createHealth()))
  await (await fetch(`${url}/live`)).text()
  await server.stop()
  const again = await start(healthRoutes(createHealth()), port)
  expect((await fetched(`${again.url}/live`)).status).toBe(200)
})

const strict = { ...httpLimits, requestTimeoutMs: 200, maxConnections: 4 }

/** What comes back until the server ends the connection. */
function converse(port: number, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect(port, '127.0.0.1', () => socket.write(text))
  let answer = ''
  socket.on('data', (chunk) => (answer += String(chunk)))
  socket.on('error', () => undefined)
  socket.on('close', () => resolve(answer))
  return promise
}

test.each([
  ['huge headers', `GET /live HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(10_000)}\r\n\r\n`, 'HTTP/1.1 431 '],
  ['a request that never ends', 'GET /live HTTP/1.1\r\nhost: a\r\n', 'HTTP/1.1 408 '],
  ['a path of nonsense', 'GET /%zz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', 'HTTP/1.1 400 '],
  ['no HTTP at all', 'hello\r\n\r\n', 'HTTP/1.1 400 '],
  [
    'another method with a large body',
    `POST /live HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: 5000\r\n\r\n${'x'.repeat(5_000)}`,
    'HTTP/1.1 4',
  ],
])('%s is refused, and others are answered all the same', async (_name, text, answer) => {
  const { port, url } = await start(healthRoutes(createHealth()), 0, strict)
  const conversation = converse(port, text)
  expect((await fetched(`${url}/live`)).status).toBe(200)
  expect((await conversation).slice(0, answer.length)).toBe(answer)
})

test('connections beyond the limit are ended, and there is room again when the others have timed out', async () => {
  const { port, url } = await start(healthRoutes(createHealth()), 0, strict)
  const ends = await Promise.all(Array.from({ length: 12 }, () => converse(port, 'GET /live HTTP/1.1\r\n')))
  expect(ends.filter((answer) => answer === '').length).toBe(8)
  expect((await fetched(`${url}/live`)).status).toBe(200)
})
