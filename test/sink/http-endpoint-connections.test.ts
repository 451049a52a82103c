import type { Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startHttpServer, startSocketServer, startTcpServer } from '../support/misbehaving-server.ts'
import { never, openEndpoint, outcome, request } from '../support/open-endpoint.ts'

const large = Buffer.alloc(8_000_000, 'x')
const broken = /^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET)$/
const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'
const isEnd = (chunk: Buffer): boolean => chunk.includes('}]}')

describe('a connection that is reset', () => {
  test('before the request is a network error', async () => {
    const server = await startSocketServer((socket) => socket.resetAndDestroy())
    expect(await outcome(openEndpoint(server.url))).toMatch(broken)
  })

  const cuts: readonly (readonly [string, Buffer, (socket: Socket) => void])[] = [
    ['within the body of the request', large, (socket) => socket.resetAndDestroy()],
    ['after the body of the request', request.body, (socket) => socket.resetAndDestroy()],
    [
      'within the head of the answer',
      request.body,
      (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-le', () => socket.resetAndDestroy()),
    ],
    [
      'within the body of the answer',
      request.body,
      (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"a', () => socket.resetAndDestroy()),
    ],
    [
      'within a chunk of the answer',
      request.body,
      (socket) =>
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"a', () => socket.resetAndDestroy()),
    ],
  ]
  test.each(cuts)('%s is a network error, which comes once', async (_, body, cut) => {
    let connections = 0
    const server = await startTcpServer((socket) => {
      connections++
      cut(socket)
    })
    expect(await outcome(openEndpoint(server.url), { body })).toMatch(broken)
    expect(connections).toBe(1)
  })

  test('after the answer spoils at most the next request, which is not repeated', async () => {
    const server = await startHttpServer((_, response) => response.end('{}', () => response.socket?.resetAndDestroy()))
    const endpoint = openEndpoint(server.url)
    const [first, second] = [await outcome(endpoint), await outcome(endpoint)]
    expect(first).toBe(200)
    expect(String(second)).toMatch(/^(?:200|ECONNRESET|EPIPE|UND_ERR_SOCKET)$/)
    expect(server.seen.length).toBeLessThanOrEqual(2)
  })
})

describe('a connection that the server closes on its side only', () => {
  test.each([
    ['before the answer', ''],
    ['within the head of the answer', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['within the body of the answer', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"a'],
  ])('%s is a network error', async (_, said) => {
    const server = await startTcpServer((socket) => socket.end(said))
    expect(await outcome(openEndpoint(server.url))).toMatch(
      /^(?:UND_ERR_SOCKET|UND_ERR_ABORTED|HPE_INVALID_EOF_STATE)$/,
    )
  })

  test('after an answer that ends with it is an answer', async () => {
    const server = await startTcpServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n{}'))
    expect(await openEndpoint(server.url).send(request, never)).toEqual({ status: 200, headers: {}, body: '{}' })
  })

  test('between two requests is opened anew', async () => {
    let connections = 0
    const server = await startTcpServer((socket) => {
      connections++
      socket.end(ok)
    })
    const endpoint = openEndpoint(server.url)
    const outcomes = [await outcome(endpoint), await outcome(endpoint), await outcome(endpoint)]
    expect(outcomes.every((found) => found === 200 || broken.test(String(found)))).toBe(true)
    expect([outcomes[0], connections <= 3]).toEqual([200, true])
  })
})

test('a request written into a connection that the server is closing is a network error and is not repeated', async () => {
  let requests = 0
  const server = await startSocketServer((socket) =>
    socket.on('data', (chunk) => {
      if (!isEnd(chunk)) return
      if (++requests === 2) socket.end()
      else socket.write(ok)
    }),
  )
  const endpoint = openEndpoint(server.url, { maxInFlight: 1 })
  const outcomes = [await outcome(endpoint), await outcome(endpoint)]
  expect([outcomes, requests]).toEqual([[200, 'UND_ERR_SOCKET'], 2])
  expect(await outcome(endpoint)).toBe(200)
})

test('an answer that comes before the request has been read is an answer', async () => {
  const server = await startTcpServer((socket) => {
    socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}')
    socket.resume()
  })
  expect(await outcome(openEndpoint(server.url), { body: large })).toBe(413)
})

describe('an answer that is announced', () => {
  const interim = {
    100: 'HTTP/1.1 100 Continue\r\n\r\n',
    102: 'HTTP/1.1 102 Processing\r\n\r\n',
    103: 'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n',
  }
  test.each([
    ['nothing', ''],
    ['100 Continue', interim[100]],
    ['102 Processing', interim[102]],
    ['103 Early Hints', interim[103]],
    ['several of them', interim[100] + interim[103] + interim[100]],
  ])('by %s is read, and its connection used again', async (_, said) => {
    let connections = 0
    const server = await startSocketServer((socket) => {
      connections++
      socket.on('data', (chunk) => isEnd(chunk) && socket.write(said + ok))
    })
    const endpoint = openEndpoint(server.url, { maxInFlight: 1 })
    expect([await outcome(endpoint), await outcome(endpoint), connections]).toEqual([200, 200, 1])
  })

  test('by 100 Continue in pieces, long before it comes, is read', async () => {
    const server = await startTcpServer((socket) => {
      const pieces = ['HTTP/1.1 10', '0 Continue\r\n', '\r\n', ok]
      const next = (): void => {
        const piece = pieces.shift()
        if (piece !== undefined) socket.write(piece, () => setImmediate(next))
      }
      next()
    })
    expect(await outcome(openEndpoint(server.url))).toBe(200)
  })

  test('and never comes is a network error', async () => {
    const server = await startTcpServer((socket) => socket.end(interim[100]))
    expect(await outcome(openEndpoint(server.url))).toBe('UND_ERR_SOCKET')
  })
})

describe('an answer that is none', () => {
  test.each([
    ['garbage', 'garbage\r\n\r\n'],
    ['another protocol', '220 mail.example.org ESMTP\r\n'],
    ['an answer of two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}'],
    ['garbage in place of a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
  ])('%s is a network error', async (_, said) => {
    const server = await startTcpServer((socket) => socket.write(said))
    expect(await outcome(openEndpoint(server.url))).toMatch(
      /^(?:HTTPParserError|HPE_.*|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)$/,
    )
  })

  test('another protocol that was not asked for is a network error', async () => {
    const said = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: other\r\nconnection: upgrade\r\n\r\n'
    const server = await startTcpServer((socket) => socket.write(said))
    expect(await outcome(openEndpoint(server.url))).toBe('UND_ERR_SOCKET')
  })

  test('nobody listening is a network error', async () => {
    expect(await outcome(openEndpoint('http://127.0.0.1:1'))).toBe('ECONNREFUSED')
  })

  test('a host without a name is a network error', async () => {
    expect(await outcome(openEndpoint('http://name.invalid'))).toMatch(/^(?:ENOTFOUND|EAI_AGAIN)$/)
  })
})

const trickle = (socket: Socket): void => {
  socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
  const timer = setInterval(() => socket.write('1\r\nx\r\n'), 5)
  onTestFinished(() => clearInterval(timer))
}

describe('an answer that is slower than the timeout', () => {
  test.each([
    ['never comes', (): void => undefined],
    ['is announced for ever', (socket: Socket) => void socket.write('HTTP/1.1 100 Continue\r\n\r\n')],
    ['never ends', (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{')],
    ['trickles for ever', trickle],
  ])('and %s is a network error, and its connection is dropped', async (_, behave) => {
    const server = await startTcpServer(behave)
    expect(await outcome(openEndpoint(server.url, { timeoutMs: 100 }))).toBe('no answer within 100 ms')
    await expect.poll(() => server.sockets.size).toBe(0)
  })

  test('leaves the connections free for the next requests', async () => {
    let count = 0
    const server = await startTcpServer((socket) => {
      if (++count > 2) socket.write(ok)
    })
    const endpoint = openEndpoint(server.url, { timeoutMs: 200, maxInFlight: 1 })
    expect([await outcome(endpoint), await outcome(endpoint), await outcome(endpoint)]).toEqual([
      'no answer within 200 ms',
      'no answer within 200 ms',
      200,
    ])
  })

  test('of a server that does not take the whole request is a network error', async () => {
    const server = await startSocketServer((socket) => socket.pause())
    const slow = openEndpoint(server.url, { timeoutMs: 200 })
    expect(await outcome(slow, { body: large })).toBe('no answer within 200 ms')
  })
})

test('an aborted request answers so at once', async () => {
  const abort = new AbortController()
  const server = await startTcpServer(() => abort.abort())
  expect(await openEndpoint(server.url).send(request, abort.signal)).toEqual({ networkError: 'aborted' })
  expect(await openEndpoint(server.url).send(request, abort.signal)).toEqual({ networkError: 'aborted' })
})

test('closing ends the requests under way with a network error, and later ones too', async () => {
  const arrived = Promise.withResolvers<void>()
  const server = await startTcpServer(() => arrived.resolve())
  const endpoint = openEndpoint(server.url)
  const sending = outcome(endpoint)
  await arrived.promise
  await endpoint.close()
  expect([await sending, await outcome(endpoint)]).toEqual(['UND_ERR_DESTROYED', 'UND_ERR_DESTROYED'])
})
