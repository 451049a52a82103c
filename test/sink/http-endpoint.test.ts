import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { maxAnswerBodyBytes } from '../../src/sink/http-exchange.ts'
import { startHttpServer } from '../support/misbehaving-server.ts'
import { never, openEndpoint, outcome, request, secret } from '../support/open-endpoint.ts'

const startTaker = () => startHttpServer((_, response) => response.end('{}'))
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

describe('a request', () => {
  test('is a POST with the key as user name, and its answer is a value', async () => {
    const server = await startHttpServer((_, response) => response.writeHead(200, { 'x-a': 'b' }).end('{}'))
    const answer = await openEndpoint(server.url, { isStrict: true }).send(request, never)
    const { host: _host, connection: _connection, ...headers } = server.seen[0]!.headers
    expect({ ...server.seen[0], headers }).toEqual({
      method: 'POST',
      url: '/v1/batch',
      body: request.body.toString(),
      bytes: request.body,
      headers: {
        authorization: basic(`${secret}:`),
        'content-type': 'application/json',
        'content-length': String(request.body.length),
        'user-agent': 'trackbridge/1.2.3',
        'x-strict-mode': '1',
      },
    })
    expect(answer).toEqual({ status: 200, headers: {}, body: '{}' })
  })

  test('goes to its path below a base with or without a closing slash; without a path to the address as it is', async () => {
    const server = await startTaker()
    await outcome(openEndpoint(server.url), { path: '/identify' })
    await outcome(openEndpoint(server.url, { url: `${server.url}/deep/base/` }), { path: '/track' })
    await outcome(openEndpoint(server.url, { url: server.url }), { path: '/track' })
    await outcome(openEndpoint(server.url, { url: `${server.url}/collect/` }), { path: '' })
    await outcome(openEndpoint(server.url, { url: server.url }), { path: '' })
    expect(server.seen.map(({ url }) => url)).toEqual(['/v1/identify', '/deep/base/track', '/track', '/collect/', '/'])
  })

  test.each([
    ['user name and password', { type: 'basic', username: 'me', password: 'pass' }, basic('me:pass')],
    ['a bearer token', { type: 'bearer', token: 'tok' }, 'Bearer tok'],
    ['nothing', { type: 'none' }, undefined],
  ] as const)('proves who we are with %s', async (_, credentials, expected) => {
    const server = await startTaker()
    await outcome(openEndpoint(server.url, { credentials: () => credentials }))
    const { headers } = server.seen[0]!
    expect([headers['authorization'], headers['x-strict-mode']]).toEqual([expected, undefined])
  })

  test('carries the type of its body and further headers', async () => {
    const server = await startTaker()
    const endpoint = openEndpoint(server.url, { headers: { 'X-Tenant': 'shop' } })
    await outcome(endpoint, { contentType: 'application/x-ndjson' })
    const { headers } = server.seen[0]!
    expect([headers['content-type'], headers['x-tenant']]).toEqual(['application/x-ndjson', 'shop'])
  })

  test('reads the key anew', async () => {
    const keys = ['old', 'new']
    const server = await startTaker()
    const credentials = () => ({ type: 'basic', username: keys.shift() ?? '', password: '' }) as const
    const endpoint = openEndpoint(server.url, { credentials })
    await outcome(endpoint)
    await outcome(endpoint)
    expect(server.seen.map(({ headers }) => headers['authorization'])).toEqual([basic('old:'), basic('new:')])
  })

  test('whose key cannot be read is a fault of the configuration without the reason, which may quote the key', async () => {
    const endpoint = openEndpoint('http://127.0.0.1:9', {
      credentials: () => {
        throw new Error(secret)
      },
    })
    expect(await endpoint.send(request, never)).toEqual({
      networkError: 'the API key or other credentials cannot be read',
      isConfiguration: true,
    })
  })

  test('whose token HTTP does not allow is a fault of the configuration that does not show it', async () => {
    const endpoint = openEndpoint('http://127.0.0.1:9', {
      credentials: () => ({ type: 'bearer', token: 'the\nsecret' }),
    })
    expect(await endpoint.send(request, never)).toEqual({
      networkError:
        'the request cannot be made: a token or header holds characters that HTTP does not allow (UND_ERR_INVALID_ARG)',
      isConfiguration: true,
    })
  })

  test('never uses more connections than are allowed', async () => {
    const waiting: (() => void)[] = []
    const server = await startHttpServer((_, response) => {
      waiting.push(() => response.end())
      if (waiting.length === 2) waiting.splice(0).forEach((end) => end())
    })
    const endpoint = openEndpoint(server.url, { maxInFlight: 2 })
    await Promise.all(Array.from({ length: 6 }, () => outcome(endpoint)))
    expect([server.seen.length, server.sockets.size]).toEqual([6, 2])
  })
})

describe('compression', () => {
  const large = Buffer.from(`{"batch":["${'é'.repeat(600)}"]}`)

  test('packs bodies over 1 kB, which come out as they were', async () => {
    const server = await startTaker()
    await outcome(openEndpoint(server.url, { compression: 'gzip' }), { body: large })
    const { headers, bytes } = server.seen[0]!
    expect([headers['content-encoding'], headers['content-length']]).toEqual(['gzip', String(bytes.length)])
    expect(gunzipSync(bytes)).toEqual(large)
  })

  test.each([
    ['a small body', { compression: 'gzip' } as const, Buffer.alloc(1_000, 'x')],
    ['any body where it is off', { compression: 'none' } as const, large],
    ['any body by default', {}, large],
  ])('leaves %s as it is', async (_, changes, body) => {
    const server = await startTaker()
    await outcome(openEndpoint(server.url, changes), { body })
    const { headers, bytes } = server.seen[0]!
    expect([headers['content-encoding'], bytes]).toEqual([undefined, body])
  })

  test('is told with the answer, so that 415 can be laid at its door', async () => {
    const server = await startHttpServer((_, response) => response.writeHead(415).end())
    const endpoint = openEndpoint(server.url, { compression: 'gzip' })
    expect([await endpoint.send({ ...request, body: large }, never), await endpoint.send(request, never)]).toEqual([
      { status: 415, headers: {}, body: '', wasCompressed: true },
      { status: 415, headers: {}, body: '' },
    ])
  })
})

describe('reaching', () => {
  test('asks with OPTIONS, without body, key and further headers', async () => {
    const server = await startHttpServer((_, response) => response.writeHead(405).end())
    const answer = await openEndpoint(server.url, { headers: { 'x-key': secret }, isStrict: true }).reach(never)
    const { headers, method, url, body } = server.seen[0]!
    expect([method, url, body, Object.keys(headers).sort()]).toEqual([
      'OPTIONS',
      '/v1',
      '',
      ['connection', 'host', 'user-agent'],
    ])
    expect(answer).toEqual({ status: 405, headers: {}, body: '' })
  })

  test('names who is not there', async () => {
    expect(await openEndpoint('http://127.0.0.1:1').reach(never)).toEqual({ networkError: 'ECONNREFUSED' })
  })
})

describe('an answer', () => {
  test.each([301, 302, 303, 307, 308])('%i is given back and not followed, with the key or without', async (status) => {
    const elsewhere = await startTaker()
    const server = await startHttpServer((_, response) =>
      response.writeHead(status, { location: `${elsewhere.url}/v1/batch` }).end(),
    )
    expect([await outcome(openEndpoint(server.url)), server.seen.length, elsewhere.seen.length]).toEqual([status, 1, 0])
  })

  test('keeps odd Retry-After headers as they came, the first one where there are several', async () => {
    const server = await startHttpServer((_, response) =>
      response.writeHead(429, { 'Retry-After': ['soon', '5'] as unknown as string }).end(),
    )
    const answer = await openEndpoint(server.url).send(request, never)
    expect(answer).toEqual({ status: 429, headers: { 'retry-after': 'soon' }, body: '' })
  })

  test.each([
    [
      'the key',
      { type: 'basic', username: secret, password: '' },
      `${basic(`${secret}:`)} is ${secret}`,
      'Basic *** is ***',
    ],
    [
      'the password',
      { type: 'basic', username: 'me', password: secret },
      `${basic(`me:${secret}`)} ${secret}`,
      'Basic *** ***',
    ],
    ['the token', { type: 'bearer', token: secret }, `Bearer ${secret}`, 'Bearer ***'],
    ['a header', { type: 'none' }, 'x-key: hidden-value', 'x-key: ***'],
  ] as const)('that quotes %s is given back without it', async (_, credentials, said, shown) => {
    const server = await startHttpServer((_seen, response) =>
      response.writeHead(400, { 'x-echo': said, 'retry-after': '1' }).end(said),
    )
    const endpoint = openEndpoint(server.url, { credentials: () => credentials, headers: { 'x-key': 'hidden-value' } })
    expect(await endpoint.send(request, never)).toEqual({ status: 400, headers: { 'retry-after': '1' }, body: shown })
  })

  test.each([200, 500])('%i of garbage bytes is text all the same', async (status) => {
    const server = await startHttpServer((_, response) =>
      response.writeHead(status, { 'content-encoding': 'gzip' }).end(Buffer.from([0xff, 0x00, 0x41])),
    )
    const answer = await openEndpoint(server.url).send(request, never)
    expect(answer).toEqual({ status, headers: {}, body: '\ufffd\u0000A' })
  })

  test('without end is read up to 64 KB and its connection is dropped', async () => {
    const server = await startHttpServer((_, response) => {
      response.writeHead(400)
      const more = (): boolean => response.write('x'.repeat(10_000), () => void (response.destroyed || more()))
      more()
    })
    const answer = await openEndpoint(server.url).send(request, never)
    expect('status' in answer && [answer.status, answer.body.length]).toEqual([400, maxAnswerBodyBytes])
    await expect.poll(() => server.sockets.size).toBe(0)
  })
})
