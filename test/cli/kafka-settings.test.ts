import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connectionSettings, type SettingsDeps } from '../../src/cli/kafka-settings.ts'
import { parseConfig } from '../../src/config/load.ts'
import { TrackbridgeError } from '../../src/errors.ts'
import type { SaslSettings } from '../../src/kafka/connection.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const deps: SettingsDeps = {
  clock: createFakeClock(),
  fetch: async (_url, init) => new Response(JSON.stringify({ access_token: `token for ${init?.body as string}` })),
  load: async (name) => ({ generateAuthToken: async () => ({ token: `signed by ${name}` }) }),
}

const settingsOf = (kafka: Readonly<Record<string, unknown>>, directory = '/') => {
  const document = { kafka: { brokers: 'a:1,b:2', ...kafka }, destinations: [{ name: 'one' }] }
  const config = parseConfig(JSON.stringify(document), { path: join(directory, 'trackbridge.yaml'), env: {} })
  return connectionSettings(config.kafka, deps)
}

const plain = {
  brokers: ['a:1', 'b:2'],
  clientId: 'trackbridge',
  ssl: false,
  compression: 'lz4',
  connectionTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
}

const pem = (name: string): string => readFileSync(join(import.meta.dirname, '../fixtures/tls', name), 'utf8').trimEnd()

function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'trackbridge-kafka-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

const tlsOf = ({ ssl }: ReturnType<typeof settingsOf>): unknown => (ssl === false ? false : ssl())

type Bearer = Extract<SaslSettings, { mechanism: 'oauthbearer' }>

function bearerOf({ sasl }: ReturnType<typeof settingsOf>): Bearer {
  if (sasl?.mechanism !== 'oauthbearer') throw new Error('not a bearer token')
  return sasl
}

test('a cluster without security needs brokers only', () => {
  expect(settingsOf({})).toEqual(plain)
})

test('TLS is switched on by true, or described with texts or files, which are read for each connection', () => {
  const [ca, cert, key] = [pem('ca.pem'), pem('client.pem'), pem('client-locked.key')]
  const directory = directoryWith({ 'ca.pem': ca, 'cert.pem': cert, 'key.pem': key, pass: 'open-sesame\n' })
  const files = { caFile: 'ca.pem', certFile: 'cert.pem', keyFile: 'key.pem', passphraseFile: 'pass', serverName: 's' }
  const settings = settingsOf({ ssl: files }, directory)
  const material = { ca, cert, key, passphrase: 'open-sesame', serverName: 's' }
  expect([tlsOf(settingsOf({ ssl: true })), tlsOf(settings)]).toEqual([{}, material])
  writeFileSync(join(directory, 'ca.pem'), pem('other-ca.pem'))
  expect(tlsOf(settings)).toEqual({ ...material, ca: pem('other-ca.pem') })
  const { serverName: _, ...texts } = material
  expect(tlsOf(settingsOf({ ssl: texts }))).toEqual(texts)
})

test.each([
  [{ ca: 'none' }, 'ca, or caFile, holds no PEM certificate'],
  [
    { cert: pem('client.pem'), key: pem('server.key') },
    'our key does not belong to our certificate: look at cert and key, or certFile and keyFile, of kafka.ssl',
  ],
  [
    { cert: pem('client.pem'), key: pem('client-locked.key'), passphrase: 'wrong' },
    'the passphrase of our key is missing or wrong: set passphrase or passphraseFile of kafka.ssl',
  ],
])('certificates that cannot be used are refused before anything is connected: %#', (ssl, why) => {
  expect(() => settingsOf({ ssl })).toThrow(new TrackbridgeError('TB_CONFIG_INVALID', `kafka.ssl: ${why}`))
})

test('a password comes from the configuration, or from its file each time it is asked for', () => {
  const directory = directoryWith({ password: 'from file\n' })
  const user = { mechanism: 'scram-sha-256', username: 'u' }
  const [fixed, filed] = [{ password: 'p' }, { passwordFile: './password' }].map((secret) => {
    const { sasl } = settingsOf({ sasl: { ...user, ...secret } }, directory)
    if (sasl?.mechanism !== 'scram-sha-256') throw new Error('not a password')
    return sasl
  })
  const before = [fixed?.password(), filed?.password()]
  writeFileSync(join(directory, 'password'), 'rotated')
  expect([before, fixed?.username, filed?.password()]).toEqual([['p', 'from file'], 'u', 'rotated'])
})

test('a bearer token is read from its file each time it is asked for, and sent with the extensions', async () => {
  const directory = directoryWith({ token: 'one' })
  const sasl = { mechanism: 'oauthbearer', tokenFile: './token', extensions: { cluster: 'c' } }
  const bearer = bearerOf(settingsOf({ sasl }, directory))
  const first = await bearer.token()
  writeFileSync(join(directory, 'token'), 'another')
  expect([first, await bearer.token(), bearer.principal()]).toEqual([
    { value: 'one', extensions: { cluster: 'c' } },
    { value: 'another', extensions: { cluster: 'c' } },
    undefined,
  ])
})

test('a bearer token comes from the authorisation server, or is signed for AWS', async () => {
  const client = { tokenUrl: 'https://login.test/token', clientId: 'c', clientSecret: 's' }
  const byClient = bearerOf(settingsOf({ sasl: { mechanism: 'oauthbearer', ...client } }))
  const byAws = bearerOf(settingsOf({ sasl: { mechanism: 'aws-iam', region: 'eu-central-1' } }))
  expect([await byClient.token(), await byAws.token()]).toEqual([
    { value: 'token for grant_type=client_credentials' },
    { value: 'signed by aws-msk-iam-sasl-signer-js' },
  ])
})
