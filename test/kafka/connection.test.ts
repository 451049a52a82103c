import type { AuthenticationProviderArgs, Mechanism, SaslAuthenticateArgs } from 'kafkajs'
import { expect, test } from 'vitest'
import { kafkaOptions, type ConnectionSettings } from '../../src/kafka/connection.ts'
import type { BearerToken } from '../../src/kafka/bearer-token.ts'

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

test('with TLS kafkajs knows that there is some, and the sockets are ours', () => {
  expect(kafkaOptions({ ...settings, ssl: () => ({ ca: 'PEM' }) }).ssl).toBe(true)
})

test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
  'SASL %s takes the user name, and the password as it is at each authentication',
  (mechanism) => {
    let read = 0
    const password = (): string => `password ${(read += 1)}`
    const { sasl } = kafkaOptions({ ...settings, sasl: { mechanism, username: 'u', password } })
    const both = [{ ...sasl }, { ...sasl }]
    expect(both).toEqual([
      { mechanism, username: 'u', password: 'password 1' },
      { mechanism, username: 'u', password: 'password 2' },
    ])
  },
)

/** What a provider sends, answered as `answers` say, one after the other. */
async function exchange(sasl: unknown, answers: readonly (string | Error)[]): Promise<readonly string[]> {
  const sent: string[] = []
  const saslAuthenticate = async ({ request, response }: SaslAuthenticateArgs<unknown>): Promise<unknown> => {
    const bytes = await request.encode()
    const answer = answers[sent.length] ?? ''
    sent.push(bytes.subarray(4).toString())
    expect(bytes.readInt32BE(0)).toBe(bytes.length - 4)
    if (answer instanceof Error) throw answer
    return response?.parse(await response.decode(Buffer.concat([Buffer.alloc(4), Buffer.from(answer)])))
  }
  const { authenticationProvider } = sasl as Mechanism
  await authenticationProvider({ saslAuthenticate } as AuthenticationProviderArgs).authenticate()
  return sent
}

test('SASL oauthbearer asks for a token each time, and sends its extensions', async () => {
  let asked = 0
  const token = async (): Promise<BearerToken> => ({ value: `token ${(asked += 1)}`, extensions: { cluster: 'c' } })
  const bearer = { mechanism: 'oauthbearer', token, principal: () => undefined } as const
  const { sasl } = kafkaOptions({ ...settings, sasl: bearer })
  expect([await exchange(sasl, []), await exchange(sasl, [])]).toEqual([
    ['n,,\u0001auth=Bearer token 1\u0001cluster=c\u0001\u0001'],
    ['n,,\u0001auth=Bearer token 2\u0001cluster=c\u0001\u0001'],
  ])
})

test('a token that the broker refuses is a fault in the broker’s words, which it is asked for', async () => {
  const bearer = { mechanism: 'oauthbearer', token: async () => ({ value: 't' }), principal: () => undefined } as const
  const { sasl } = kafkaOptions({ ...settings, sasl: bearer })
  const refusal = await exchange(sasl, ['{"status":"invalid_token"}', new Error('it has expired')]).catch(
    (error: unknown) => error,
  )
  expect(refusal).toMatchObject({ name: 'KafkaJSSASLAuthenticationError', message: 'it has expired' })
})
