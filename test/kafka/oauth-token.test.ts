import { expect, test } from 'vitest'
import { requestToken } from '../../src/kafka/oauth-token.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const endpoint = {
  url: 'https://login.test/token',
  clientId: 'client:1',
  clientSecret: () => 'se cret',
  scope: 'a b',
  timeoutMs: 1_000,
}

interface Asked {
  readonly url: string
  readonly init: RequestInit
}

function answering(answer: Response | Error) {
  const asked: Asked[] = []
  const fetch = (async (url: string, init: RequestInit) => {
    asked.push({ url, init })
    if (answer instanceof Error) throw answer
    return answer
  }) as unknown as typeof globalThis.fetch
  const clock = createFakeClock()
  return { asked, clock, token: () => requestToken({ fetch, clock }, endpoint) }
}

const json = (value: unknown, status = 200): Response => new Response(JSON.stringify(value), { status })

test('the request is that of RFC 6749, 4.4, with the credentials in its head alone', async () => {
  const { asked, token } = answering(json({ access_token: 'abc' }))
  await token()
  const [{ url, init } = { url: '', init: {} }] = asked
  expect({ url, ...init, signal: undefined }).toEqual({
    url: endpoint.url,
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from('client%3A1:se%20cret').toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: 'grant_type=client_credentials&scope=a+b',
    redirect: 'manual',
    signal: undefined,
  })
})

test.each([
  [
    { access_token: 'abc', expires_in: 60 },
    { value: 'abc', expiresInMs: 60_000 },
  ],
  [
    { access_token: 'abc', expires_in: '60' },
    { value: 'abc', expiresInMs: 60_000 },
  ],
  [{ access_token: 'abc' }, { value: 'abc', expiresInMs: undefined }],
])('%j is the token %j', async (body, expected) => {
  const { clock, token } = answering(json(body))
  const { value, expiresAtMs } = await token()
  expect({ value, expiresInMs: expiresAtMs === undefined ? undefined : expiresAtMs - clock.now() }).toEqual(expected)
})

const look = '; look at tokenUrl, clientId, the client secret and scope of kafka.sasl'

test.each([
  ['no JSON', new Response('hello'), 'TB_KAFKA_UNAUTHORIZED', `answers 200 without an access_token${look}`],
  ['a refusal', json({ error: 'invalid_scope' }, 400), 'TB_KAFKA_UNAUTHORIZED', `answers 400: invalid_scope${look}`],
  ['a redirect', new Response(null, { status: 302 }), 'TB_KAFKA_UNAUTHORIZED', `answers 302${look}`],
  ['trouble', new Response('', { status: 500 }), 'TB_KAFKA_UNAVAILABLE', 'answers 500; this is tried again'],
  ['too many', new Response('', { status: 429 }), 'TB_KAFKA_UNAVAILABLE', 'answers 429; this is tried again'],
  [
    'a refused connection',
    new TypeError('fetch failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) }),
    'TB_KAFKA_UNAVAILABLE',
    'does not answer: ECONNREFUSED; this is tried again',
  ],
  [
    'silence',
    Object.assign(new Error('late'), { name: 'TimeoutError' }),
    'TB_KAFKA_UNAVAILABLE',
    'does not answer: no answer in time; this is tried again',
  ],
])('%s is told without the secret', async (_name, answer, code, said) => {
  const error: unknown = await answering(answer)
    .token()
    .catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code, message: `the token endpoint https://login.test/token ${said}` })
})
