import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientPair, connects, scram, ssl } from '../support/secured-client.ts'
import { startSecuredCluster, tlsFile, type ListenerName, type SecuredCluster } from '../support/secured-cluster.ts'
import { unsignedToken } from '../support/token-server.ts'

let cluster: SecuredCluster
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trackbridge-secured-faults-'))
  cluster = await startSecuredCluster()
  await cluster.setPassword('alice', 'pw')
})
afterAll(async () => {
  await cluster.stop()
  rmSync(folder, { recursive: true })
})

const fileOf = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const cannot = 'TB_KAFKA_UNAUTHORIZED cannot connect to Kafka: '
const at = (listener: ListenerName): string => `the listener at ${cluster.brokers[listener]}`
const pair = 'cert and key, or certFile and keyFile, of kafka.ssl'

const faults: readonly (readonly [name: string, listener: ListenerName, kafka: () => object, said: () => string])[] = [
  [
    'a wrong password',
    'sasl',
    () => ({ ssl, sasl: { ...scram, password: 'no' } }),
    () =>
      `${cannot}the brokers refuse the password of user "alice" (SCRAM-SHA-512): look at username and password, or passwordFile, of kafka.sasl`,
  ],
  [
    'a wrong password of PLAIN',
    'sasl',
    () => ({ ssl, sasl: { ...scram, mechanism: 'plain' } }),
    () =>
      `${cannot}the brokers refuse the password of user "alice" (PLAIN): look at username and password, or passwordFile, of kafka.sasl`,
  ],
  [
    'a token that has ended',
    'sasl',
    () => ({
      ssl,
      sasl: { mechanism: 'oauthbearer', tokenFile: fileOf('old-token', unsignedToken('alice', -60_000)) },
    }),
    () =>
      `${cannot}the brokers refuse the bearer token of User:alice: it may have ended, or be of another issuer or audience; look at kafka.sasl`,
  ],
  [
    'a mechanism that is not enabled',
    'plainSasl',
    () => ({ sasl: scram }),
    () =>
      `${cannot}${at('plainSasl')} does not take the SASL mechanism SCRAM-SHA-512 (it offers SCRAM-SHA-256): change kafka.sasl.mechanism, or the broker's sasl.enabled.mechanisms`,
  ],
  [
    'no SASL where there must be some',
    'plainSasl',
    () => ({}),
    () => `${cannot}${at('plainSasl')} wants SASL (it offers SCRAM-SHA-256), and kafka.sasl is not set`,
  ],
  [
    'SASL where there is none',
    'tls',
    () => ({ ssl, sasl: scram }),
    () => `${cannot}${at('tls')} knows no SASL: leave kafka.sasl out, or use the port of a SASL listener`,
  ],
  [
    'an unknown authority',
    'tls',
    () => ({ ssl: { caFile: tlsFile('other-ca.pem') } }),
    () =>
      `${cannot}the broker's certificate is from an authority that is not known here: name it in kafka.ssl.ca or caFile (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`,
  ],
  [
    'a certificate for another host',
    'wrongHost',
    () => ({ ssl }),
    () =>
      `${cannot}the broker's certificate is for another host: set kafka.ssl.serverName to the name that it bears, or have it issued for this host (ERR_TLS_CERT_ALTNAME_INVALID)`,
  ],
  [
    'no certificate of ours',
    'mtls',
    () => ({ ssl }),
    () => `${cannot}the brokers demand a certificate of ours: set ${pair}`,
  ],
  [
    'a certificate of ours that has ended',
    'mtls',
    () => ({ ssl: clientPair('expired') }),
    () =>
      `${cannot}our certificate (CN=expired) has ended on Jan  2 00:00:00 2020 GMT: renew cert, or certFile, of kafka.ssl`,
  ],
  [
    'a certificate of ours by a stranger',
    'mtls',
    () => ({ ssl: clientPair('stranger') }),
    () =>
      `${cannot}the brokers refuse our certificate (CN=stranger), issued by CN=other-ca: they must know that authority (ssl.truststore of the listener), or cert, or certFile, of kafka.ssl must be of one that they know`,
  ],
  [
    'plain text to a TLS port',
    'tls',
    () => ({}),
    () => `${cannot}${at('tls')} speaks TLS, and kafka.ssl is not set: set it to true, or to a mapping with a ca`,
  ],
  [
    'TLS to a plain port',
    'internal',
    () => ({ ssl }),
    () => `${cannot}${at('internal')} does not speak TLS: use the port of its TLS listener, or set kafka.ssl to false`,
  ],
  [
    'a key of another certificate',
    'mtls',
    () => ({ ssl: clientPair('client', 'server') }),
    () => `TB_CONFIG_INVALID kafka.ssl: our key does not belong to our certificate: look at ${pair}`,
  ],
  [
    'a locked key without its passphrase',
    'mtls',
    () => ({ ssl: clientPair('client', 'client-locked') }),
    () =>
      'TB_CONFIG_INVALID kafka.ssl: the passphrase of our key is missing or wrong: set passphrase or passphraseFile of kafka.ssl',
  ],
  [
    'an authority that is no PEM',
    'tls',
    () => ({ ssl: { caFile: tlsFile('make.sh') } }),
    () => 'TB_CONFIG_INVALID kafka.ssl: ca, or caFile, holds no PEM certificate',
  ],
  [
    'MSK IAM without its package',
    'sasl',
    () => ({ ssl, sasl: { mechanism: 'aws-iam', region: 'eu-central-1' } }),
    () =>
      'TB_CONFIG_INVALID kafka.sasl.mechanism: aws-iam needs the package aws-msk-iam-sasl-signer-js, which is not installed; install it beside trackbridge: npm install aws-msk-iam-sasl-signer-js',
  ],
]

test('each fault of the settings is one sentence that says what to change', async () => {
  const said = await Promise.all(faults.map(([, listener, kafka]) => connects(cluster, listener, kafka())))
  const table = faults.map(([name], index) => [name, said[index]])
  for (const [name, text] of table) process.stderr.write(`${name} | ${text}\n`)
  expect(table).toEqual(faults.map(([name, , , expected]) => [name, expected()]))
})
