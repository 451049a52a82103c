import type { Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  createPipelinesApi,
  maxAnswerBodyBytes,
  type PipelinesApi,
  type PipelinesApiOptions,
} from '../../src/sink/pipelines-api.ts'
import { startHttpServer, startTcpServer } from '../support/misbehaving-server.ts'

const secret = 'the-secret-key'
const never = new AbortController().signal
const request = { path: 'batch', body: '{"batch":[{"type":"track","event":"é"}]}' } as const

function openApi(url: string, changes: Partial<PipelinesApiOptions> = {}): PipelinesApi {
  const api = createPipelinesApi({
    url: `${url}/v1`,
    apiKey: () => secret,
    version: '1.2.3',
    timeoutMs: 10_000,
    maxInFlight: 4,
    ...changes,
  })
  onTestFinished(() => api.close())
  return api
}

describe('a request', () => {
  test('is a strict POST with the key as user name, and its answer is a value', async () => {
    const server = await startHttpServer((_, response) => response.writeHead(200, { 'x-a': 'b' }).end('{}'))
    const answer = await openApi(server.url).send(request, never)
    const { host: _host, connection: _connection, ...headers } = server.seen[0]!.headers
    expect({ ...server.seen[0], headers }).toEqual({
      method: 'POST',
      url: '/v1/batch',
      body: request.body,
      headers: {
        authorization: `Basic ${Buffer.from(`${secret}:`).toString('base64')}`,
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(request.body)),
        'user-agent': 'trackbridge/1.2.3',
        'x-strict-mode': '1',
      },
    })
    expect('status' in answer && [answer.status, answer.headers['x-a'], answer.body]).toEqual([200, 'b', '{}'])
  })

  test('goes to the path of its type, below a base with or without a closing slash', async () => {
    const server = await startHttpServer((_, response) => response.end())
    await openApi(server.url).send({ path: 'identify', body: '{}' }, never)
    await openApi(server.url, { url: `${server.url}/deep/base/` }).send({ path: 'track', body: '{}' }, never)
    expect(server.seen.map(({ url }) => url)).toEqual(['/v1/identify', '/deep/base/track'])
  })

  test('reads the key anew', async () => {
    const keys = ['old', 'new']
    const server = await startHttpServer((_, response) => response.end())
    const api = openApi(server.url, { apiKey: () => keys.shift() ?? '' })
    await api.send(request, never)
    await api.send(request, never)
    expect(server.seen.map(({ headers }) => headers['authorization'])).toEqual([
      `Basic ${Buffer.from('old:').toString('base64')}`,
      `Basic ${Buffer.from('new:').toString('base64')}`,
    ])
  })

  test('whose key cannot be read is a network error without the reason, which may quote the key', async () => {
    const api = openApi('http://127.0.0.1:9', {
      apiKey: () => {
        throw new Error(secret)
      },
    })
    expect(await api.send(request, never)).toEqual({ networkError: 'the API key cannot be read' })
  })

  test('never uses more connections than are allowed', async () => {
    const waiting: (() => void)[] = []
    const server = await startHttpServer((_, response) => {
      waiting.push(() => response.end())
      if (waiting.length === 2) waiting.splice(0).forEach((end) => end())
    })
    const api = openApi(server.url, { maxInFlight: 2 })
    await Promise.all(Array.from({ length: 6 }, () => api.send(request, never)))
    expect([server.seen.length, server.sockets.size]).toEqual([6, 2])
  })
})

describe('an answer', () => {
  test.each([301, 302, 307, 308])('%i is given back and not followed', async (status) => {
    const server = await startHttpServer((_, response) => response.writeHead(status, { location: '/elsewhere' }).end())
    const answer = await openApi(server.url).send(request, never)
    expect(['status' in answer && answer.status, server.seen.length]).toEqual([status, 1])
  })

  test('keeps odd Retry-After headers as they came, the first one where there are several', async () => {
    const server = await startHttpServer((_, response) =>
      response.writeHead(429, { 'Retry-After': ['soon', '5'] as unknown as string }).end(),
    )
    const answer = await openApi(server.url).send(request, never)
    expect('status' in answer && [answer.status, answer.headers['retry-after']]).toEqual([429, 'soon'])
  })

  test('that quotes the key is given back without it', async () => {
    const server = await startHttpServer((seen, response) =>
      response.writeHead(400).end(`${seen.headers['authorization']} is ${secret}`),
    )
    const answer = await openApi(server.url).send(request, never)
    expect('status' in answer && answer.body).toBe('Basic *** is ***')
  })

  test('of garbage bytes is text all the same', async () => {
    const server = await startHttpServer((_, response) => response.writeHead(500).end(Buffer.from([0xff, 0x00, 0x41])))
    const answer = await openApi(server.url).send(request, never)
    expect('status' in answer && [answer.status, answer.body]).toEqual([500, '\ufffd\u0000A'])
  })

  test('without end is read up to 64 KB and its connection is dropped', async () => {
    const server = await startHttpServer((_, response) => {
      response.writeHead(400)
      const more = (): boolean => response.write('x'.repeat(10_000), () => void (response.destroyed || more()))
      more()
    })
    const answer = await openApi(server.url).send(request, never)
    expect('status' in answer && [answer.status, answer.body.length]).toEqual([400, maxAnswerBodyBytes])
    await expect.poll(() => server.sockets.size).toBe(0)
  })
})

describe('a fault of the network', () => {
  const cuts: readonly (readonly [string, (socket: Socket) => void])[] = [
    ['before the answer', (socket) => socket.resetAndDestroy()],
    [
      'within the head of the answer',
      (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-le', () => socket.resetAndDestroy()),
    ],
    [
      'within the body of the answer',
      (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"a', () => socket.destroy()),
    ],
  ]
  test.each(cuts)('a connection that ends %s is a network error', async (_, cut) => {
    const server = await startTcpServer(cut)
    const answer = await openApi(server.url).send(request, never)
    expect('networkError' in answer && answer.networkError).toMatch(
      /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_ABORTED)$/,
    )
  })

  test('a connection that is cut after the answer spoils only itself', async () => {
    const server = await startHttpServer((_, response) => response.end('{}', () => response.socket?.resetAndDestroy()))
    const api = openApi(server.url)
    const answers = [await api.send(request, never), await api.send(request, never)]
    const statuses = answers.map((answer) => ('status' in answer ? answer.status : answer.networkError))
    expect(statuses[0]).toBe(200)
    expect([200, 'ECONNRESET', 'UND_ERR_SOCKET']).toContain(statuses[1])
  })

  test('an answer that is not HTTP is a network error', async () => {
    const server = await startTcpServer((socket) => socket.end('garbage\r\n\r\n'))
    const answer = await openApi(server.url).send(request, never)
    expect('networkError' in answer && answer.networkError).toMatch(/^(HPE_.*|HTTPParserError)$/)
  })

  test('nobody listening is a network error', async () => {
    expect(await openApi('http://127.0.0.1:1').send(request, never)).toEqual({ networkError: 'ECONNREFUSED' })
  })

  test('a host without a name is a network error', async () => {
    const answer = await openApi('http://name.invalid').send(request, never)
    expect('networkError' in answer && answer.networkError).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/)
  })

  test.each([
    ['never comes', (): void => undefined],
    ['begins and never ends', (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{')],
  ])('an answer that %s is a network error after the timeout', async (_, behave) => {
    const server = await startTcpServer(behave)
    const api = openApi(server.url, { timeoutMs: 100 })
    expect(await api.send(request, never)).toEqual({ networkError: 'no answer within 100 ms' })
  })

  test('an aborted request answers so at once', async () => {
    const server = await startTcpServer(() => abort.abort())
    const abort = new AbortController()
    expect(await openApi(server.url).send(request, abort.signal)).toEqual({ networkError: 'aborted' })
    expect(await openApi(server.url).send(request, abort.signal)).toEqual({ networkError: 'aborted' })
  })

  test('a proxy is asked for the address and its refusal is named', async () => {
    const asked: string[] = []
    const server = await startTcpServer((socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'))
    const direct = await startHttpServer((seen, response) => {
      asked.push(seen.url)
      response.end('{}')
    })
    const refused = openApi('https://api.invalid', { proxy: server.url.replace('http://', 'http://user:hidden@') })
    expect(await refused.send(request, never)).toEqual({ networkError: 'the proxy answers 407' })
    const answer = await openApi('http://api.invalid', { proxy: direct.url }).send(request, never)
    expect(['status' in answer && answer.status, asked]).toEqual([200, ['http://api.invalid/v1/batch']])
  })
})
