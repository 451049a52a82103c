// Bearer tokens from an authorisation server, by the client credentials grant (RFC 6749, 4.4). In: its token endpoint and
// our client's credentials. Out: one token a request; token-cache.ts keeps it. The secret appears in no message.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { IssuedToken } from './token-cache.ts'

export interface TokenEndpoint {
  readonly url: string
  readonly clientId: string
  /** Read for each request. */
  readonly clientSecret: () => string
  readonly scope?: string
  readonly timeoutMs: number
}

export interface TokenRequestDeps {
  readonly fetch: typeof globalThis.fetch
  readonly clock: Clock
}

/** Asks for a token. Rejects with TB_KAFKA_UNAVAILABLE when the server is away, slow or in trouble (429, 5xx), with
 *  TB_KAFKA_UNAUTHORIZED when it refuses the client or answers with something that holds no token. */
export async function requestToken({ fetch, clock }: TokenRequestDeps, endpoint: TokenEndpoint): Promise<IssuedToken> {
  const { status, text } = await post(fetch, endpoint)
  if (status === 200) return issuedToken(endpoint, parsed(text), clock.now())
  const fault = `answers ${status}${told(parsed(text))}`
  if (status === 408 || status === 429 || status >= 500) throw unavailable(endpoint, fault)
  throw refused(endpoint, fault)
}

async function post(
  fetch: TokenRequestDeps['fetch'],
  endpoint: TokenEndpoint,
): Promise<{ readonly status: number; readonly text: string }> {
  const { url, clientId, clientSecret, scope, timeoutMs } = endpoint
  const credentials = [clientId, clientSecret()].map(encodeURIComponent).join(':')
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(scope === undefined ? {} : { scope }),
      }).toString(),
      // Whoever redirects would be sent the credentials.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: answer.status, text: await answer.text() }
  } catch (error) {
    throw unavailable(endpoint, `does not answer: ${networkName(error)}`)
  }
}

function issuedToken(endpoint: TokenEndpoint, answer: Readonly<Record<string, unknown>>, nowMs: number): IssuedToken {
  const { access_token: value, expires_in: seconds } = answer
  if (typeof value !== 'string' || value === '') throw refused(endpoint, 'answers 200 without an access_token')
  const lifetime = Number(seconds)
  return lifetime > 0 ? { value, expiresAtMs: nowMs + lifetime * 1_000 } : { value }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** The standard's own words of the fault (RFC 6749, 5.2), and nothing else of the answer. */
function told({ error, error_description: description }: Readonly<Record<string, unknown>>): string {
  const words = [error, description].filter((word) => typeof word === 'string' && word !== '')
  return words.length === 0 ? '' : `: ${words.join(', ').slice(0, 300)}`
}

function networkName(error: unknown): string {
  if (!(error instanceof Error)) return 'network error'
  if (error.name === 'TimeoutError') return 'no answer in time'
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return code || (cause instanceof Error ? cause.message : error.name)
}

// Without a cause: kafkajs would hand on the cause in its place.
const unavailable = ({ url }: TokenEndpoint, what: string) =>
  new TrackbridgeError('TB_KAFKA_UNAVAILABLE', `the token endpoint ${url} ${what}; this is tried again`)

const refused = ({ url }: TokenEndpoint, what: string) =>
  new TrackbridgeError(
    'TB_KAFKA_UNAUTHORIZED',
    `the token endpoint ${url} ${what}; look at tokenUrl, clientId, the client secret and scope of kafka.sasl`,
  )
