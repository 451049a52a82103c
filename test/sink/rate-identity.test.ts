import { expect, test } from 'vitest'
import { createRateIdentity } from '../../src/sink/rate-identity.ts'
import { endpointOf } from '../support/sink.ts'

const rateIdentity = (endpoint: Parameters<typeof createRateIdentity>[0]): string => createRateIdentity(endpoint)()

const api = endpointOf('https://cdp.customer.io/v1')

test('is the same for the same key at the same API, whatever the path and the further headers', () => {
  const other = { ...endpointOf('https://cdp.customer.io/v2'), headers: { 'x-team': 'green' } }
  expect(rateIdentity(other)).toBe(rateIdentity(api))
})

test.each([
  ['another API', endpointOf('https://cdp-eu.customer.io/v1')],
  ['another key', { ...api, credentials: () => ({ type: 'basic', username: 'other', password: '' }) as const }],
  ['no key', { ...api, credentials: () => ({ type: 'none' }) as const }],
  ['a key in a header', { ...api, credentials: () => ({ type: 'none' }) as const, headers: { 'x-key': 'k' } }],
])('is another one for %s', (_, endpoint) => {
  expect(rateIdentity(endpoint)).not.toBe(rateIdentity(api))
})

test('does not tell the key', () => {
  expect(rateIdentity(api)).toMatch(/^[A-Za-z0-9+/]{43}=$/)
})

test('follows a key that is replaced', () => {
  let username = 'old'
  const identity = createRateIdentity({ ...api, credentials: () => ({ type: 'basic', username, password: '' }) })
  const [before, again] = [identity(), identity()]
  username = 'new'
  expect([again, identity() === before]).toEqual([before, false])
})
