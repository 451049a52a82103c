import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { TlsMaterial } from '../../src/sink/http-dispatcher.ts'
import { startHttpServer, startHttpsServer, startTunnel, type HttpServer } from '../support/misbehaving-server.ts'
import { never, openEndpoint, outcome, request } from '../support/open-endpoint.ts'

const pem = (name: string): string => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8')
const identity = (name: string) => ({ cert: pem(`${name}.pem`), key: pem(`${name}.key`) })
const ca = pem('ca.pem')

const startServer = (name: string, options: object = {}): Promise<HttpServer> =>
  startHttpsServer({ ...identity(name), ...options }, (_, response) => response.end('{}'))

const startGuarded = (options: object = {}): Promise<HttpServer> =>
  startServer('server', { requestCert: true, rejectUnauthorized: true, ca, ...options })

const using = (server: { url: string }, tls: TlsMaterial, proxy?: string) =>
  openEndpoint(server.url, { tls: () => tls, ...(proxy === undefined ? {} : { proxy }) })

const unknown = 'the certificate of the server is from an authority that is not known here: name it in `caFile`'
const ours = 'the server demands a certificate of ours, or refuses it: set or renew `certFile` and `keyFile`'
const locked = '`passphrase` is missing or is not that of `keyFile` (ERR_OSSL_BAD_DECRYPT)'

describe('a server with TLS', () => {
  test('whose authority is known is spoken to', async () => {
    const server = await startServer('server')
    expect(await outcome(using(server, { ca }))).toBe(200)
  })

  test.each([
    [
      'that has expired',
      'expired',
      { ca },
      'the certificate of the server has expired: it must be renewed there (CERT_HAS_EXPIRED)',
    ],
    [
      'for another host',
      'wrong-host',
      { ca },
      'the certificate of the server is for another host: use the name it was issued for in `url`, or renew it there (ERR_TLS_CERT_ALTNAME_INVALID)',
    ],
    ['of an unknown authority', 'server', {}, `${unknown} (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`],
    ['of another authority', 'server', { ca: pem('other-ca.pem') }, `${unknown} (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`],
  ])('with a certificate %s is refused before anything is said, and again', async (_, name, tls, why) => {
    const server = await startServer(name)
    const endpoint = using(server, tls)
    const fault = { networkError: why, isConfiguration: true }
    const answers = [await endpoint.send(request, never), await endpoint.send(request, never)]
    expect([answers, server.seen]).toEqual([[fault, fault], []])
  })

  test('of old is not spoken to', async () => {
    const server = await startServer('server', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' })
    expect(await using(server, { ca }).send(request, never)).toEqual({
      networkError:
        'the server and trackbridge cannot agree on TLS, or it demands a certificate of ours (`certFile`, `keyFile`) (ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION)',
      isConfiguration: true,
    })
  })

  test('that has none at this port is a fault of the configuration', async () => {
    const server = await startHttpServer((_, response) => response.end('{}'))
    const url = server.url.replace('http://', 'https://')
    const answer = await openEndpoint(url).send(request, never)
    expect(answer).toEqual({
      networkError: expect.stringMatching(
        /^the server does not speak TLS at this port: use its https port, or http in `url` \(ERR_SSL_/,
      ) as string,
      isConfiguration: true,
    })
  })
})

describe('a server that demands a certificate of ours', () => {
  test.each([
    ['a plain key', identity('client')],
    ['a key with a passphrase', { cert: pem('client.pem'), key: pem('client-locked.key'), passphrase: 'open-sesame' }],
  ])('takes one with %s', async (_, own) => {
    expect(await outcome(using(await startGuarded(), { ca, ...own }))).toBe(200)
  })

  test('and gets none is a fault of the configuration', async () => {
    const why = `${ours} (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)`
    const answer = await using(await startGuarded(), { ca }).send(request, never)
    expect(answer).toEqual({ networkError: why, isConfiguration: true })
  })

  test('and gets none is one with TLS 1.2 too', async () => {
    const answer = await using(await startGuarded({ maxVersion: 'TLSv1.2' }), { ca }).send(request, never)
    expect('isConfiguration' in answer && answer.isConfiguration).toBe(true)
  })

  test.each([
    ['a wrong passphrase', { key: pem('client-locked.key'), passphrase: 'wrong' }, locked],
    ['no passphrase', { key: pem('client-locked.key') }, locked],
    [
      'the key of another certificate',
      { key: pem('stranger.key') },
      '`keyFile` is not the key of the certificate in `certFile` (ERR_OSSL_X509_KEY_VALUES_MISMATCH)',
    ],
    [
      'a key that is none',
      { key: 'key' },
      '`caFile`, `certFile` or `keyFile` is not PEM that can be used (ERR_OSSL_UNSUPPORTED)',
    ],
  ])('is not asked with %s, which is a fault of the configuration', async (_, own, why) => {
    const answer = await using(await startGuarded(), { ca, cert: pem('client.pem'), ...own }).send(request, never)
    expect(answer).toEqual({
      networkError: why,
      isConfiguration: true,
    })
  })
})

describe('certificates that change', () => {
  test('are used for the next request, and the old connections end', async () => {
    const server = await startGuarded()
    let tls: TlsMaterial = { ca, ...identity('client') }
    const endpoint = openEndpoint(server.url, { tls: () => ({ ...tls }) })
    const before = [await outcome(endpoint), await outcome(endpoint)]
    const connections = server.sockets.size
    tls = { ca: pem('other-ca.pem'), ...identity('client') }
    const between = await outcome(endpoint)
    await expect.poll(() => server.sockets.size).toBe(0)
    tls = { ca: `${ca}\n${pem('other-ca.pem')}`, ...identity('client') }
    expect([before, connections > 0, between, await outcome(endpoint)]).toEqual([
      [200, 200],
      true,
      expect.stringContaining(unknown),
      200,
    ])
  })

  test('do not cut short the request under way', async () => {
    const arrived = Promise.withResolvers<void>()
    const answers: (() => void)[] = []
    const server = await startHttpsServer(identity('server'), (_, response) => {
      answers.push(() => response.end('{}'))
      arrived.resolve()
    })
    let tls: TlsMaterial = { ca }
    const endpoint = openEndpoint(server.url, { tls: () => tls })
    const first = outcome(endpoint)
    await arrived.promise
    tls = { ca: `${ca}\n` }
    const second = outcome(endpoint)
    await expect.poll(() => answers.length).toBe(2)
    for (const answer of answers) answer()
    expect(await Promise.all([first, second])).toEqual([200, 200])
  })

  test('and cannot be read are a fault of the configuration', async () => {
    const endpoint = openEndpoint('https://127.0.0.1:9', {
      tls: () => {
        throw new Error('no such file')
      },
    })
    expect(await endpoint.send(request, never)).toEqual({
      networkError: 'caFile, certFile or keyFile cannot be read',
      isConfiguration: true,
    })
  })
})

describe('through a proxy', () => {
  test('TLS is spoken with the server itself, which sees our certificate', async () => {
    const server = await startGuarded()
    const proxy = await startTunnel()
    const endpoint = using(server, { ca, ...identity('client') }, proxy.url)
    expect([await outcome(endpoint), server.seen.length]).toEqual([200, 1])
    expect(proxy.asked.map((head) => head.split(' ', 2))).toEqual([['CONNECT', new URL(server.url).host]])
    expect(proxy.asked.join('')).not.toMatch(/authorization/i)
  })

  test.each([
    ['expired', 'the certificate of the server has expired: it must be renewed there (CERT_HAS_EXPIRED)'],
    [
      'wrong-host',
      'the certificate of the server is for another host: use the name it was issued for in `url`, or renew it there (ERR_TLS_CERT_ALTNAME_INVALID)',
    ],
  ])('a certificate is held against the server: %s', async (name, why) => {
    const server = await startServer(name)
    const endpoint = using(server, { ca }, (await startTunnel()).url)
    expect([await outcome(endpoint), await outcome(endpoint), server.seen]).toEqual([why, why, []])
  })
})
