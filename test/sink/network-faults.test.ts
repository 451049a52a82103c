import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { networkFault } from '../../src/sink/network-faults.ts'

const coded = (code: string, cause?: unknown): Error =>
  Object.assign(new Error('Bearer secret', cause === undefined ? {} : { cause }), { code })

describe('a network fault', () => {
  test.each([
    'ECONNRESET',
    'ECONNREFUSED',
    'EPIPE',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'HPE_INVALID_CONSTANT',
    'UND_ERR_SOCKET',
    'UND_ERR_CONNECT_TIMEOUT',
    'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
  ])('%s passes', (code) => {
    expect(networkFault(coded(code))).toEqual({ networkError: code })
  })

  const expired = 'the certificate of the server has expired: it must be renewed there'
  const otherHost =
    'the certificate of the server is for another host: use the name it was issued for in `url`, or renew it there'
  const unknown = 'the certificate of the server is from an authority that is not known here: name it in `caFile`'
  const noTls = 'the server does not speak TLS at this port: use its https port, or http in `url`'
  const ours = 'the server demands a certificate of ours, or refuses it: set or renew `certFile` and `keyFile`'
  const noAgreement =
    'the server and trackbridge cannot agree on TLS, or it demands a certificate of ours (`certFile`, `keyFile`)'

  test.each([
    ['CERT_HAS_EXPIRED', expired],
    ['CERT_NOT_YET_VALID', 'the certificate of the server is not valid yet: compare the clocks, or renew it there'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', otherHost],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', unknown],
    ['SELF_SIGNED_CERT_IN_CHAIN', unknown],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', unknown],
    ['UNABLE_TO_GET_ISSUER_CERT', unknown],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', unknown],
    ['CERT_REVOKED', 'the certificate of the server is not accepted: it must be renewed there'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', noTls],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', noTls],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', ours],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', ours],
    ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', ours],
    ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', noAgreement],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', noAgreement],
    ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', '`keyFile` is not the key of the certificate in `certFile`'],
    ['ERR_OSSL_BAD_DECRYPT', '`passphrase` is missing or is not that of `keyFile`'],
    ['ERR_OSSL_UNSUPPORTED', '`caFile`, `certFile` or `keyFile` is not PEM that can be used'],
    ['UND_ERR_INVALID_ARG', 'the request cannot be made: a token or header holds characters that HTTP does not allow'],
  ])('%s is of the configuration', (code, why) => {
    expect(networkFault(coded(code))).toEqual({ networkError: `${why} (${code})`, isConfiguration: true })
  })

  test('is named by its innermost cause, not by what undici wraps around it', () => {
    expect([
      networkFault(coded('UND_ERR_PRX_CONN', coded('ECONNRESET'))),
      networkFault(new TypeError('failed', { cause: coded('ENOTFOUND') })),
      networkFault(coded('UND_ERR_PRX_TLS', coded('ERR_TLS_CERT_ALTNAME_INVALID'))),
    ]).toEqual([
      { networkError: 'ECONNRESET' },
      { networkError: 'ENOTFOUND' },
      { networkError: `${otherHost} (ERR_TLS_CERT_ALTNAME_INVALID)`, isConfiguration: true },
    ])
  })

  test.each([
    ['Proxy response (502) !== 200 when HTTP Tunneling', { networkError: 'the proxy answers 502' }],
    [
      'Proxy response (403) !== 200 when HTTP Tunneling',
      { networkError: 'the proxy does not allow the address of this endpoint', isConfiguration: true },
    ],
    [
      'Proxy response (407) !== 200 when HTTP Tunneling',
      {
        networkError: 'the proxy asks for credentials: put a valid user name and password into `proxy`',
        isConfiguration: true,
      },
    ],
    [
      'Proxy Authentication Required (407)',
      {
        networkError: 'the proxy asks for credentials: put a valid user name and password into `proxy`',
        isConfiguration: true,
      },
    ],
  ])('of a proxy is told by its status: %s', (message, expected) => {
    expect(networkFault(Object.assign(new Error(message), { code: 'UND_ERR_INVALID_ARG' }))).toEqual(expected)
  })

  test('without a code is named by its kind; what is no error at all is a network error', () => {
    expect([networkFault(new TypeError('secret')), networkFault('secret'), networkFault(undefined)]).toEqual([
      { networkError: 'TypeError' },
      { networkError: 'network error' },
      { networkError: 'network error' },
    ])
  })

  test('never quotes a message and never throws, even where causes go round in a circle', () => {
    const circle = coded('ECONNRESET')
    circle.cause = circle
    expect(networkFault(circle)).toEqual({ networkError: 'ECONNRESET' })
    fc.assert(
      fc.property(fc.anything(), (cause) => {
        expect(networkFault(coded('UND_ERR_SOCKET', cause)).networkError).not.toContain('secret')
      }),
    )
  })
})
