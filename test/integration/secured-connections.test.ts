import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Broker } from '../../src/kafka/broker.ts'
import { onTopic } from '../../src/kafka/access.ts'
import { createTopics, randomName, readCommitted } from '../support/kafka.ts'
import { outRecord } from '../support/kafkajs-adapter.ts'
import { grant } from '../support/secured-acls.ts'
import { clientPair, connects, openAt, scram, ssl } from '../support/secured-client.ts'
import { briefSessionMs, plainPassword, startSecuredCluster, tlsFile } from '../support/secured-cluster.ts'
import type { ListenerName, SecuredCluster } from '../support/secured-cluster.ts'
import { startTokenServer, unsignedToken, type TokenServer } from '../support/token-server.ts'
import { until } from '../support/until.ts'

let cluster: SecuredCluster
let tokens: TokenServer
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trackbridge-secured-connections-'))
  cluster = await startSecuredCluster()
  tokens = await startTokenServer('alice', 600_000)
  await Promise.all([cluster.setPassword('alice', 'pw'), cluster.setPassword('alice', 'pw', 'SCRAM-SHA-256')])
})
afterAll(async () => {
  await tokens.close()
  await cluster.stop()
  rmSync(folder, { recursive: true })
})

const fileOf = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const byTokenServer = () => ({
  mechanism: 'oauthbearer',
  tokenUrl: tokens.url,
  clientId: 'trackbridge',
  clientSecret: 'the secret',
  scope: 'kafka',
  extensions: { logicalCluster: 'lkc' },
})

const ways: readonly (readonly [name: string, listener: ListenerName, kafka: () => object])[] = [
  ['TLS', 'tls', () => ({ ssl })],
  ['mutual TLS', 'mtls', () => ({ ssl: clientPair('client') })],
  [
    'mutual TLS with a locked key',
    'mtls',
    () => ({
      ssl: { ...clientPair('client', 'client-locked'), passphraseFile: fileOf('passphrase', 'open-sesame\n') },
    }),
  ],
  ['a server name of its own', 'wrongHost', () => ({ ssl: { ...ssl, serverName: 'elsewhere.example.org' } })],
  ['SASL PLAIN', 'sasl', () => ({ ssl, sasl: { ...scram, mechanism: 'plain', password: plainPassword } })],
  ['SASL SCRAM-SHA-256', 'sasl', () => ({ ssl, sasl: { ...scram, mechanism: 'scram-sha-256' } })],
  ['SASL SCRAM-SHA-512', 'sasl', () => ({ ssl, sasl: scram })],
  ['SASL without TLS', 'plainSasl', () => ({ sasl: { ...scram, mechanism: 'scram-sha-256' } })],
  [
    'a bearer token from a file',
    'sasl',
    () => ({ ssl, sasl: { mechanism: 'oauthbearer', tokenFile: fileOf('token', unsignedToken('alice', 600_000)) } }),
  ],
  ['a bearer token of client credentials', 'sasl', () => ({ ssl, sasl: byTokenServer() })],
]

test.each(ways)('%s connects', async (_name, listener, kafka) => {
  expect(await connects(cluster, listener, kafka())).toBe('connected')
})

test('one token serves any number of connections, and a refusal of the authorisation server is told in its words', async () => {
  const before = tokens.requests.length
  const broker = openAt(cluster, 'sasl', { ssl, sasl: byTokenServer() })
  const admins = await Promise.all([broker.admin(), broker.admin(), broker.admin()])
  await Promise.all(admins.map((admin) => admin.close()))
  expect(tokens.requests.slice(before)).toEqual(['trackbridge:the%20secret grant_type=client_credentials&scope=kafka'])
  tokens.answer({ status: 401, body: '{"error":"invalid_client","error_description":"unknown client"}' })
  onTestFinished(() => tokens.answer('token'))
  expect(await connects(cluster, 'sasl', { ssl, sasl: byTokenServer() })).toBe(
    `TB_KAFKA_UNAUTHORIZED the token endpoint ${tokens.url} answers 401: invalid_client, unknown client; look at tokenUrl, clientId, the client secret and scope of kafka.sasl`,
  )
})

test('an authorisation server that is away is waited for, and its return is enough', async () => {
  tokens.answer({ status: 503, body: '' })
  onTestFinished(() => tokens.answer('token'))
  const connecting = connects(cluster, 'sasl', { ssl, sasl: byTokenServer() })
  const before = tokens.requests.length
  await until(() => tokens.requests.length > before)
  tokens.answer('token')
  expect(await connecting).toBe('connected')
})

/** Writes one record after the other until `untilMs`; gives how many were acknowledged. */
async function writeUntil(broker: Broker, topic: string, untilMs: number): Promise<number> {
  const producer = await broker.producer()
  onTestFinished(() => producer.close())
  let written = 0
  while (systemClock.now() < untilMs) {
    await producer.send([outRecord(topic, String(written))])
    written += 1
    await systemClock.sleep(20)
  }
  return written
}

async function newTopic(): Promise<string> {
  const topic = randomName('secured')
  await createTopics({ [topic]: 1 }, [cluster.brokers.internal])
  await grant(cluster, 'User:alice', [onTopic('Write', topic)])
  return topic
}

test('sessions that end are renewed under way: nothing fails and nothing is written twice', async () => {
  const topic = await newTopic()
  const broker = openAt(cluster, 'brief', { ssl, sasl: scram })
  const written = await writeUntil(broker, topic, systemClock.now() + briefSessionMs * 2.5)
  const records = await readCommitted(topic, { brokers: [cluster.brokers.internal] })
  expect(records.map(({ value }) => value)).toEqual(Array.from({ length: written }, (_, index) => String(index)))
})

test('a rotated password is used for the next session', async () => {
  const topic = await newTopic()
  const passwordFile = fileOf('password', 'first')
  await cluster.setPassword('rotating', 'first')
  await grant(cluster, 'User:rotating', [onTopic('Write', topic)])
  const sasl = { mechanism: 'scram-sha-512', username: 'rotating', passwordFile }
  const writing = writeUntil(openAt(cluster, 'brief', { ssl, sasl }), topic, systemClock.now() + briefSessionMs * 2)
  await until(async () => (await readCommitted(topic, { brokers: [cluster.brokers.internal] })).length > 0)
  fileOf('password', 'second')
  await cluster.setPassword('rotating', 'second')
  const written = await writing
  const records = await readCommitted(topic, { brokers: [cluster.brokers.internal] })
  expect(records).toHaveLength(written)
})

test('a rotated certificate is used for the next connection, and a half-written pair is not', async () => {
  const certFile = fileOf('rotated.pem', '')
  const { readFileSync } = await import('node:fs')
  const text = (name: string): string => readFileSync(tlsFile(name), 'utf8')
  writeFileSync(certFile, text('client.pem'))
  const keyFile = fileOf('rotated.key', text('client.key'))
  const broker = openAt(cluster, 'mtls', { ssl: { ...ssl, certFile, keyFile } })
  const connect = async (): Promise<string> => {
    try {
      await (await broker.admin()).close()
      return 'connected'
    } catch (error) {
      return String(error)
    }
  }
  const first = await connect()
  writeFileSync(certFile, text('stranger.pem'))
  const halfWay = await connect()
  writeFileSync(keyFile, text('stranger.key'))
  const refused = await connect()
  writeFileSync(certFile, text('client.pem'))
  writeFileSync(keyFile, text('client.key'))
  expect([first, halfWay, refused.includes('CN=stranger'), await connect()]).toEqual([
    'connected',
    'connected',
    true,
    'connected',
  ])
})
