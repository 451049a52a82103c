import { expect, test } from 'vitest'
import { tlsFault } from '../../src/kafka/tls-faults.ts'

test.each([
  ['CERT_HAS_EXPIRED', 'certificate has expired', "the broker's certificate has expired"],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain', 'an authority that is not known here'],
  ['', 'Connection error: unable to verify the first certificate', 'an authority that is not known here'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames", 'is for another host'],
  [
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'SSL routines:tls_validate_record_header:wrong version number',
    'does not speak TLS',
  ],
  ['', '40:error:0A000412:SSL routines::sslv3 alert bad certificate:46:', 'demands a certificate of ours'],
  ['', 'SSL routines::tlsv13 alert certificate required', 'demands a certificate of ours'],
  ['', 'SSL routines::sslv3 alert certificate unknown', 'does not accept our certificate'],
  ['', 'SSL routines::tlsv1 alert unknown ca', 'does not accept our certificate'],
  ['', 'error:05800074:x509 certificate routines::key values mismatch', 'does not belong to our certificate'],
  ['ERR_OSSL_BAD_DECRYPT', 'error:1C800064:Provider routines::bad decrypt', 'the passphrase of our key'],
  ['', 'error:0480006C:PEM routines::no start line', 'is not PEM that can be used'],
  ['', 'SSL routines::tlsv1 alert protocol version', 'cannot agree on TLS'],
  ['CERT_REVOKED', 'certificate revoked', 'does not accept our certificate'],
  ['ERR_SSL_ODD', 'SSL routines::something new', 'the TLS connection is refused'],
])('%s "%s" is a fault of the settings: %s', (code, message, part) => {
  expect(tlsFault(code, message)?.text).toContain(part)
})

test.each([
  ['ECONNRESET', 'read ECONNRESET'],
  ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'SSL routines::tlsv1 alert internal error'],
  ['', 'SSL routines::unexpected eof while reading'],
  ['', ''],
])('%s "%s" passes, or has nothing to do with TLS', (code, message) => {
  expect(tlsFault(code, message)).toBeUndefined()
})

test('an alert without a code is known by its name', () => {
  expect(tlsFault('', '40:error:0A000412:SSL routines::sslv3 alert bad certificate:46:')?.name).toBe('bad certificate')
})
