import { expect, test } from 'vitest'
import { kafkaOptions, type ConnectionSettings } from '../../src/kafka/connection.ts'

const settings: ConnectionSettings = {
  brokers: ['kafka-1:9092', 'kafka-2:9092'],
  clientId: 'trackbridge',
  ssl: false,
  compression: 'lz4',
  connectionTimeoutMs: 3_000,
  requestTimeoutMs: 20_000,
}

test('brokers, names and timeouts are handed on', () => {
  const { socketFactory, ...options } = kafkaOptions(settings)
  expect(socketFactory).toBeTypeOf('function')
  expect(options).toEqual({
    brokers: ['kafka-1:9092', 'kafka-2:9092'],
    clientId: 'trackbridge',
    ssl: false,
    connectionTimeout: 3_000,
    authenticationTimeout: 20_000,
    requestTimeout: 20_000,
    retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 3_000 },
  })
})

test.each([
  { name: 'TLS with the CAs of the system', ssl: {}, expected: {} },
  { name: 'TLS with an own CA', ssl: { ca: 'PEM' }, expected: { ca: ['PEM'] } },
  {
    name: 'mutual TLS and another server name',
    ssl: { ca: 'CA', cert: 'CERT', key: 'KEY', passphrase: 'pass', serverName: 'broker.internal' },
    expected: { ca: ['CA'], cert: 'CERT', key: 'KEY', passphrase: 'pass', servername: 'broker.internal' },
  },
])('$name', ({ ssl, expected }) => {
  expect(kafkaOptions({ ...settings, ssl }).ssl).toEqual(expected)
})

test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('SASL %s takes user name and password', (mechanism) => {
  const sasl = { mechanism, username: 'u', password: 'p' }
  expect(kafkaOptions({ ...settings, sasl }).sasl).toEqual(sasl)
})

test('SASL oauthbearer asks for a token each time', async () => {
  let asked = 0
  const token = (): Promise<string> => Promise.resolve(`token ${(asked += 1)}`)
  const { sasl } = kafkaOptions({ ...settings, sasl: { mechanism: 'oauthbearer', token } })
  const provider = (sasl as { oauthBearerProvider: () => Promise<unknown> }).oauthBearerProvider
  expect([await provider(), await provider()]).toEqual([{ value: 'token 1' }, { value: 'token 2' }])
})
