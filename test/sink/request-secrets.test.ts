import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createConcealer, followCredentials, secretsOf, type Credentials } from '../../src/sink/request-secrets.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

test.each<[string, Credentials, string | null, readonly string[]]>([
  [
    'an API key',
    { type: 'basic', username: 'the-key', password: '' },
    `Basic ${base64('the-key:')}`,
    [base64('the-key:'), 'the-key'],
  ],
  [
    'a user name and password',
    { type: 'basic', username: 'me', password: 'pass' },
    `Basic ${base64('me:pass')}`,
    [base64('me:pass'), 'pass'],
  ],
  ['a bearer token', { type: 'bearer', token: 'tok' }, 'Bearer tok', ['tok']],
  ['nothing', { type: 'none' }, null, []],
])('%s makes the Authorization header and names what is secret in it', (_, credentials, authorization, secrets) => {
  expect(secretsOf(credentials)).toEqual({ authorization, secrets })
})

test('values of headers are secrets from 4 characters on', () => {
  expect(secretsOf({ type: 'none' }, { a: '123', b: '1234' }).secrets).toEqual(['1234'])
})

test('a secret is concealed as it is, as in JSON, as in an address, and where one holds another', () => {
  const secrets = ['a"b/c', '', 'long', 'longer']
  expect(createConcealer(secrets)('a"b/c a\\"b/c a%22b%2Fc longer long')).toBe('*** *** *** *** ***')
})

test('no text that is concealed holds a secret any longer', () => {
  const secret = fc.string({ minLength: 1 }).filter((text) => !'***'.includes(text))
  fc.assert(
    fc.property(fc.array(secret, { minLength: 1, maxLength: 3 }), fc.array(fc.string()), (secrets, between) => {
      const text = between.map((part, index) => part + (secrets[index % secrets.length] ?? '')).join('')
      const shown = createConcealer(secrets)(text)
      expect(secrets.filter((one) => !one.includes('*') && shown.includes(one))).toEqual([])
    }),
  )
})

test.each<[string, Credentials, Credentials]>([
  ['another user name', { type: 'basic', username: 'a', password: '' }, { type: 'basic', username: 'b', password: '' }],
  ['another password', { type: 'basic', username: 'a', password: '' }, { type: 'basic', username: 'a', password: 'p' }],
  ['another token', { type: 'bearer', token: 'a' }, { type: 'bearer', token: 'b' }],
  ['another kind', { type: 'none' }, { type: 'bearer', token: '' }],
])('what is made of credentials is kept until they are others: %s', (_, first, second) => {
  let current = first
  const made: Credentials[] = []
  const follow = followCredentials(
    () => ({ ...current }),
    (credentials) => made.push(credentials),
  )
  const before = [follow(), follow()]
  current = second
  const after = [follow(), follow()]
  expect([before, after, made]).toEqual([
    [1, 1],
    [2, 2],
    [first, second],
  ])
})
