import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { retryAfterMs, verdict, type Verdict } from '../../src/sink/verdict.ts'

const nowMs = Date.UTC(1994, 10, 6, 8, 49, 37)
const answer = (status: number, retryAfter?: string) => ({
  status,
  headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  body: 'said',
})

const retry = (status: number): Verdict => ({ verdict: 'retry', why: `the API answers ${status}` })
const halve = (status: number): Verdict => ({ verdict: 'halve', status, body: 'said' })
const redirected = 'the API answers with a redirect, which is never followed'
const blocked = (status: number, why: string): Verdict => ({ verdict: 'blocked', status, why })

const rows: readonly (readonly [number, Verdict])[] = [
  [200, { verdict: 'delivered' }],
  [202, { verdict: 'delivered' }],
  [204, { verdict: 'delivered' }],
  [299, { verdict: 'delivered' }],
  [301, blocked(301, redirected)],
  [304, blocked(304, redirected)],
  [302, blocked(302, redirected)],
  [307, blocked(307, redirected)],
  [308, blocked(308, redirected)],
  [400, halve(400)],
  [401, blocked(401, 'the API key is not accepted')],
  [402, halve(402)],
  [403, blocked(403, 'the API key may not do this')],
  [404, blocked(404, 'there is no API at this url')],
  [405, halve(405)],
  [406, halve(406)],
  [407, blocked(407, 'the proxy asks for credentials')],
  [408, retry(408)],
  [410, halve(410)],
  [413, halve(413)],
  [422, halve(422)],
  [425, retry(425)],
  [429, retry(429)],
  [451, halve(451)],
  [500, retry(500)],
  [502, retry(502)],
  [503, retry(503)],
  [504, retry(504)],
  [599, retry(599)],
  [600, retry(600)],
  [101, retry(101)],
]

describe('verdict', () => {
  test.each(rows)('of status %i is %o', (status, expected) => {
    expect(verdict(answer(status), nowMs)).toEqual(expected)
  })

  test.each([
    ['ECONNRESET', 'no answer from the API: the connection broke off (ECONNRESET)'],
    ['ECONNREFUSED', 'no answer from the API: nothing listens there (ECONNREFUSED)'],
    ['EXDEV', 'EXDEV'],
    ['no answer within 200 ms', 'no answer within 200 ms'],
  ])('of the network error %s is to retry, and says in words what it is', (networkError, why) => {
    expect(verdict({ networkError }, nowMs)).toEqual({ verdict: 'retry', why })
  })

  test('of a fault of the configuration is to wait until it is mended, and names it', () => {
    const answered = { networkError: 'the certificate has expired', isConfiguration: true } as const
    expect(verdict(answered, nowMs)).toEqual({
      verdict: 'blocked',
      status: null,
      why: 'the certificate has expired',
    })
  })

  test('of 2xx is delivered whatever its body', () => {
    for (const body of ['', '{"error":"no"}', '<html>', '\ufffd\u0000'])
      expect(verdict({ status: 200, headers: {}, body }, nowMs)).toEqual({ verdict: 'delivered' })
  })

  test('of 415 is at the messages, but for a compressed body at the setting', () => {
    expect(verdict(answer(415), nowMs)).toEqual(halve(415))
    expect(verdict({ ...answer(415), wasCompressed: true }, nowMs)).toEqual(
      blocked(415, 'the API does not take compressed bodies: set compression to none'),
    )
    expect(verdict({ ...answer(400), wasCompressed: true }, nowMs)).toEqual(halve(400))
  })

  test.each([
    'No required SSL certificate was sent',
    'The SSL certificate error',
    'The plain HTTP request was sent to HTTPS port',
  ])('of 400 is at the configuration where nginx says: %s', (page) => {
    const body = `<html>\r\n<head><title>400 ${page}</title></head>\r\n</html>`
    expect(verdict({ ...answer(400), body }, nowMs)).toEqual(
      blocked(400, `the server says "${page}": mend url, certFile or keyFile`),
    )
    expect(verdict({ ...answer(400), body: page }, nowMs)).toEqual({ verdict: 'halve', status: 400, body: page })
  })

  test.each([
    ['429', 429, 'retry'],
    ['503', 503, 'retry'],
    ['401', 401, 'blocked'],
    ['302', 302, 'blocked'],
  ])('of %s takes a Retry-After along', (_, status, kind) => {
    const { verdict: found, ...rest } = verdict(answer(status, '7'), nowMs)
    expect([found, 'afterMs' in rest && rest.afterMs]).toEqual([kind, 7_000])
  })

  test('is one of the four for every status', () => {
    fc.assert(
      fc.property(fc.integer(), (status) => {
        expect(['delivered', 'retry', 'halve', 'blocked']).toContain(verdict(answer(status), nowMs).verdict)
      }),
    )
  })
})

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5_000],
    ['Sun, 06 Nov 1994 08:49:47 GMT', 10_000],
    ['Sunday, 06-Nov-94 08:49:47 GMT', Date.UTC(2094, 10, 6, 8, 49, 47) - nowMs],
    ['Sun Nov  6 08:49:47 1994', 10_000],
    ['Sun, 06 Nov 1994 08:49:27 GMT', 0],
    [undefined, undefined],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['5, 10', undefined],
    ['2026-11-21T10:00:00Z', undefined],
    ['Sun, 06 Nov 1994 08:49:47', undefined],
    ['Sun, 06 Foo 1994 08:49:47 GMT', undefined],
  ])('%j is %j milliseconds', (header, expected) => {
    expect(retryAfterMs(header, nowMs)).toBe(expected)
  })

  test('is undefined or a number that is not negative, whatever the header', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const found = retryAfterMs(header, nowMs)
        expect(found === undefined || found >= 0).toBe(true)
      }),
    )
  })
})
