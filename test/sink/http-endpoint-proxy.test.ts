import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { startHttpServer, startSocketServer, startTcpServer } from '../support/misbehaving-server.ts'
import { never, openEndpoint, outcome, request, secret } from '../support/open-endpoint.ts'

const asksForCredentials = {
  networkError: 'the proxy asks for credentials: put a valid user name and password into `proxy`',
  isConfiguration: true,
}
const forbids = { networkError: 'the proxy does not allow the address of this endpoint', isConfiguration: true }

const via = (proxy: string) => openEndpoint('https://api.invalid', { proxy })

describe('a proxy for https', () => {
  test.each([
    ['502 Bad Gateway', { networkError: 'the proxy answers 502' }],
    ['503 Service Unavailable', { networkError: 'the proxy answers 503' }],
    ['403 Forbidden', forbids],
    ['407 Proxy Authentication Required', asksForCredentials],
  ])('that answers %s is named, each time', async (status, expected) => {
    const server = await startTcpServer((socket) => socket.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`))
    const endpoint = via(server.url)
    expect([await endpoint.send(request, never), await endpoint.send(request, never)]).toEqual([expected, expected])
  })

  test('gets its own credentials, and never those of the endpoint', async () => {
    const heads: string[] = []
    const server = await startTcpServer((socket, first) => {
      heads.push(first.toString('latin1'))
      socket.end('HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n')
    })
    const answer = await via(server.url.replace('http://', 'http://user:hidden@')).send(request, never)
    expect(answer).toEqual(asksForCredentials)
    expect(heads.map((head) => [...head.matchAll(/^.*authorization: (.*)\r$/gim)].map(([line]) => line))).toEqual([
      [`proxy-authorization: Basic ${Buffer.from('user:hidden').toString('base64')}\r`],
    ])
    expect(heads.join('')).not.toContain(secret)
  })

  const faults: readonly (readonly [string, (socket: Socket) => void])[] = [
    ['resets the connection', (socket) => socket.resetAndDestroy()],
    ['closes the connection', (socket) => socket.end()],
    ['answers garbage', (socket) => socket.end('garbage\r\n\r\n')],
    [
      'vanishes within the handshake',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.once('data', () => socket.resetAndDestroy())
      },
    ],
  ]
  test.each(faults)('that %s is a network error, each time', async (_, behave) => {
    const server = await startTcpServer(behave)
    const endpoint = via(server.url)
    const answers = [await endpoint.send(request, never), await endpoint.send(request, never)]
    expect(answers.map((answer) => Object.keys(answer))).toEqual([['networkError'], ['networkError']])
  })

  test('that is not there is a network error', async () => {
    expect(await via('http://127.0.0.1:1').send(request, never)).toEqual({ networkError: 'ECONNREFUSED' })
  })

  test('that never answers is a network error after the timeout, and is asked anew', async () => {
    let isAwake = false
    const server = await startSocketServer((socket) =>
      socket.once('data', () => isAwake && socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n')),
    )
    const endpoint = openEndpoint('https://api.invalid', { proxy: server.url, timeoutMs: 200, maxInFlight: 1 })
    expect(await outcome(endpoint)).toBe('no answer within 200 ms')
    isAwake = true
    await expect.poll(() => outcome(endpoint), { timeout: 5_000 }).toBe('the proxy answers 502')
  })
})

describe('a proxy for http', () => {
  test('is asked for the whole address', async () => {
    const server = await startHttpServer((_, response) => response.end('{}'))
    const answer = await openEndpoint('http://api.invalid', { proxy: server.url }).send(request, never)
    expect([answer, server.seen.map(({ url }) => url)]).toEqual([
      { status: 200, headers: {}, body: '{}' },
      ['http://api.invalid/v1/batch'],
    ])
  })

  test('that asks for credentials is a fault of the configuration', async () => {
    const server = await startHttpServer((_, response) => response.writeHead(407).end('no'))
    const endpoint = openEndpoint('http://api.invalid', { proxy: server.url })
    expect([await endpoint.send(request, never), await endpoint.send(request, never)]).toEqual([
      asksForCredentials,
      asksForCredentials,
    ])
  })

  test('uses no more connections than are allowed', async () => {
    const waiting: (() => void)[] = []
    const server = await startHttpServer((_, response) => {
      waiting.push(() => response.end())
      if (waiting.length === 2) waiting.splice(0).forEach((end) => end())
    })
    const endpoint = openEndpoint('http://api.invalid', { proxy: server.url, maxInFlight: 2 })
    await Promise.all(Array.from({ length: 6 }, () => outcome(endpoint)))
    expect([server.seen.length, server.sockets.size]).toEqual([6, 2])
  })
})
