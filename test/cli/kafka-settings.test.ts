import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connectionSettings } from '../../src/cli/kafka-settings.ts'
import { parseConfig } from '../../src/config/load.ts'

const settingsOf = (kafka: Readonly<Record<string, unknown>>, directory = '/') => {
  const document = { kafka: { brokers: 'a:1,b:2', ...kafka }, destinations: [{ name: 'one' }] }
  const config = parseConfig(JSON.stringify(document), { path: join(directory, 'trackbridge.yaml'), env: {} })
  return connectionSettings(config.kafka)
}

const plain = {
  brokers: ['a:1', 'b:2'],
  clientId: 'trackbridge',
  ssl: false,
  compression: 'lz4',
  connectionTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
}

function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'trackbridge-kafka-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

test('a cluster without security needs brokers only', () => {
  expect(settingsOf({})).toEqual(plain)
})

test('TLS is switched on by true, or described with files that are read', () => {
  const directory = directoryWith({ 'ca.pem': 'CA\n', 'cert.pem': 'CERT\n', 'key.pem': 'KEY\n' })
  const files = { caFile: 'ca.pem', certFile: 'cert.pem', keyFile: 'key.pem', passphrase: 'p', serverName: 's' }
  expect(settingsOf({ ssl: true })).toEqual({ ...plain, ssl: {} })
  expect(settingsOf({ ssl: files }, directory)).toEqual({
    ...plain,
    ssl: { ca: 'CA', cert: 'CERT', key: 'KEY', passphrase: 'p', serverName: 's' },
  })
})

test('a password comes from the configuration or from its file', () => {
  const directory = directoryWith({ password: 'from file\n' })
  const user = { mechanism: 'scram-sha-256', username: 'u' }
  const both = [{ password: 'p' }, { passwordFile: './password' }].map((secret) =>
    settingsOf({ sasl: { ...user, ...secret } }, directory),
  )
  expect(both).toEqual([
    { ...plain, sasl: { ...user, password: 'p' } },
    { ...plain, sasl: { ...user, password: 'from file' } },
  ])
})

test('a bearer token is read from its file each time it is asked for', async () => {
  const directory = directoryWith({ token: 'one' })
  const { sasl } = settingsOf({ sasl: { mechanism: 'oauthbearer', tokenFile: './token' } }, directory)
  if (sasl?.mechanism !== 'oauthbearer') throw new Error('not a bearer token')
  const first = await sasl.token()
  writeFileSync(join(directory, 'token'), 'another')
  expect([first, await sasl.token()]).toEqual(['one', 'another'])
})
