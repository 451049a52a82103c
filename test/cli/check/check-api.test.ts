import { expect, test } from 'vitest'
import { judgeProbe, type ProbeAnswer } from '../../../src/cli/check/check-api.ts'

const url = 'https://cdp.customer.io/v1'
const judge = (answer: ProbeAnswer, format: 'pipelines' | 'ndjson' | 'json-array') =>
  judgeProbe('API', answer, { url, format })
const newKey =
  'put the API key of the Pipelines source into apiKey or apiKeyFile; region or url must be that of its account'
const unreachable = 'look at url, proxy, caFile and the firewall between'

test.each<[string, ProbeAnswer, 'ok' | 'failed', string, readonly string[]]>([
  ['200 proves the key', { status: 200 }, 'ok', `${url} is reached and takes the API key`, []],
  [
    '400 proves the key: only the empty batch is refused',
    { status: 400 },
    'ok',
    `${url} is reached and takes the API key`,
    [],
  ],
  ['401 refuses the key', { status: 401 }, 'failed', `${url} answers 401: the API key is refused`, [newKey]],
  ['403 refuses the key', { status: 403 }, 'failed', `${url} answers 403: the API key is refused`, [newKey]],
  [
    'a redirect is no API',
    { status: 301 },
    'failed',
    `${url} answers 301: it redirects`,
    ['name the final address in url'],
  ],
  [
    '404 is no API',
    { status: 404 },
    'failed',
    `${url} answers 404: no Pipelines API is there`,
    ['url is the base, as in https://cdp.customer.io/v1'],
  ],
  [
    '429 proves nothing',
    { status: 429 },
    'failed',
    `${url} answers 429: too many requests, so the API key is not proved`,
    ['try again later'],
  ],
  [
    '500 proves nothing',
    { status: 500 },
    'failed',
    `${url} answers 500`,
    ['look at url and proxy, and whether the API has an outage'],
  ],
  [
    'a network error proves nothing',
    { networkError: 'ENOTFOUND' },
    'failed',
    `${url} is not reached: ENOTFOUND`,
    [unreachable],
  ],
])('an answer to the empty batch is judged: %s', (...row) => {
  const [, answer, state, detail, toDo] = row
  expect(judge(answer, 'pipelines')).toEqual({ name: 'API', state, details: [detail], toDo })
})

const reached = `${url} is reached; only the first batch shows whether it takes messages and credentials`

test.each<[ProbeAnswer, 'ok' | 'failed', string, readonly string[]]>([
  [{ status: 204 }, 'ok', reached, []],
  [{ status: 401 }, 'ok', reached, []],
  [{ status: 405 }, 'ok', reached, []],
  [
    { status: 407 },
    'failed',
    `${url} answers 407: the proxy wants a user name and password`,
    ['write them into proxy, as in http://user:password@host:port'],
  ],
  [{ networkError: 'ECONNREFUSED' }, 'failed', `${url} is not reached: ECONNREFUSED`, [unreachable]],
])('an endpoint that is none of Pipelines is only reached: %j', (answer, state, detail, toDo) => {
  for (const format of ['ndjson', 'json-array'] as const)
    expect(judge(answer, format)).toEqual({ name: 'API', state, details: [detail], toDo })
})
