import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { expiryOfToken, principalOfToken } from '../../src/kafka/bearer-token.ts'
import { identityOf, principalOfCertificate } from '../../src/kafka/identity.ts'

const cert = readFileSync(new URL('../fixtures/tls/client.pem', import.meta.url), 'utf8')
const brokers = ['kafka:9092']
const bearer = { mechanism: 'oauthbearer', token: async () => ({ value: '' }), principal: () => 'User:b' } as const

test.each([
  ['nobody', { ssl: false }, 'User:ANONYMOUS', '--bootstrap-server kafka:9092'],
  [
    'TLS alone',
    { ssl: () => ({}) },
    'User:ANONYMOUS',
    '--bootstrap-server kafka:9092 --command-config admin.properties',
  ],
  ['a certificate', { ssl: () => ({ cert }) }, 'User:CN=client', undefined],
  ['a user', { ssl: false, sasl: { mechanism: 'plain', username: 'a', password: () => 'p' } }, 'User:a', undefined],
  ['a token beside a certificate', { ssl: () => ({ cert }), sasl: bearer }, 'User:b', undefined],
] as const)('%s is taken for its principal', (_name, settings, principal, tool) => {
  const identity = identityOf({ brokers, ...settings })
  expect(identity.principal()).toBe(principal)
  expect(tool ?? identity.tool).toBe(identity.tool)
})

test('a text that is no certificate has no principal', () => {
  expect(principalOfCertificate('none')).toBeUndefined()
})

const jwt = (claims: unknown): string => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`

test.each([
  [jwt({ sub: 'alice', exp: 7 }), 'User:alice', 7_000],
  [jwt({ sub: '' }), undefined, undefined],
  [jwt([1]), undefined, undefined],
  [jwt(null), undefined, undefined],
  ['opaque', undefined, undefined],
])('of the token %s the bearer is %s and the end %s', (token, principal, expiresAtMs) => {
  expect([principalOfToken(token), expiryOfToken(token)]).toEqual([principal, expiresAtMs])
})
