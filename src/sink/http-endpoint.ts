// One HTTP request to an endpoint, no policy. In: path, type and bytes of the body. Out: the answer, or the name of a
// network error; never an exception. Ruled by sink.md, "Facts of the API", and P (basic auth, strict mode).
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ConsumerRecord } from '../kafka/broker.ts'
import type { MessageType } from '../translate/message.ts'
import { createConnections, type ConnectionOptions, type Connections, type Dispatcher } from './http-dispatcher.ts'
import { exchange, type Answer } from './http-exchange.ts'
import { configuration, networkFault } from './network-faults.ts'
import { createConcealer, followCredentials, secretsOf, type Credentials } from './request-secrets.ts'
import type { ApiAnswer } from './verdict.ts'

/** `url`: the base to which the paths of requests are added, e.g. `https://cdp.customer.io/v1`. `timeoutMs`: from
 *  when a request is there to the end of its answer. */
export interface HttpEndpointOptions extends ConnectionOptions {
  /** Read for every request, so that changed ones are used at once. May throw: that is a fault of the configuration. */
  credentials(): Credentials
  /** Sent with every request; their values are secrets. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sends `X-Strict-Mode: 1`, without which the Pipelines API drops what it refuses. */
  readonly isStrict?: boolean
  /** gzip: bodies over 1 kB go out compressed. */
  readonly compression?: 'none' | 'gzip'
  /** Of trackbridge, for the User-Agent. */
  readonly version: string
}

export interface EndpointRequest {
  /** Added to the base: `/batch`, `/track`, or nothing. */
  readonly path: string
  readonly contentType: string
  readonly body: Buffer
  /** What it carries, in order, for metrics and traces. */
  readonly calls?: readonly CarriedCall[]
  /** W3C trace context, sent as a header. */
  readonly traceparent?: string
}

/** One message and the record that it stands in. */
export interface CarriedCall {
  readonly record: ConsumerRecord
  readonly message: { readonly type: MessageType }
}

export interface HttpEndpoint {
  /** POSTs. Never rejects. An aborted request answers `{networkError: 'aborted'}`; it may have been taken all the same. */
  send(request: EndpointRequest, signal: AbortSignal): Promise<ApiAnswer>
  /** Asks with OPTIONS, without credentials and body, whether anybody is there. Never rejects. */
  reach(signal: AbortSignal): Promise<ApiAnswer>
  /** Ends the connections; requests under way answer with a network error. */
  close(): Promise<void>
}

/** Opens no connection yet. TLS is always verified; redirects are never followed. */
export function createHttpEndpoint(options: HttpEndpointOptions): HttpEndpoint {
  const connections = createConnections(options)
  const { origin, pathname } = new URL(options.url)
  const path = (added: string): string => (added === '' ? pathname : pathname.replace(/\/+$/, '') + added)
  const credentials = followCredentials(() => options.credentials(), credentialParts(options))
  return {
    send: (request, signal) =>
      sendOnce(connections, options, signal, async () => {
        const { headers, conceal } = readCredentials(credentials)
        const { isCompressed, body } = await encodedBody(request.body, options)
        const more = ['content-type', request.contentType]
        if (request.traceparent !== undefined) more.push('traceparent', request.traceparent)
        if (isCompressed) more.push('content-encoding', 'gzip')
        const to = { origin, path: path(request.path), method: 'POST' } as const
        return { ...to, body, headers: [...headers, ...more], conceal, isCompressed }
      }),
    reach: (signal) =>
      sendOnce(connections, options, signal, async () => ({
        ...({ origin, path: path(''), method: 'OPTIONS' } as const),
        headers: Object.entries(fixedHeaders(options)).flat(),
        conceal: (text) => text,
        isCompressed: false,
      })),
    close: () => connections.destroy(),
  }
}

const fixedHeaders = ({ version }: HttpEndpointOptions) => ({ 'user-agent': `trackbridge/${version}` })

/** A fault of a setting, thrown where a request is made; `why` is safe to show. */
const settingFaults = new WeakMap<Error, string>()

function settingFault(why: string): Error {
  const error = new Error(why)
  settingFaults.set(error, why)
  return error
}

interface CredentialParts {
  /** Of every request with these credentials: names and values in turn, which undici takes in the shortest time. */
  readonly headers: readonly string[]
  /** Hides them in the text of an answer. */
  readonly conceal: (text: string) => string
}

const credentialParts =
  (options: HttpEndpointOptions) =>
  (credentials: Credentials): CredentialParts => {
    const { authorization, secrets } = secretsOf(credentials, options.headers)
    const own = authorization === null ? {} : { authorization }
    const strict = options.isStrict ? { 'x-strict-mode': '1' } : {}
    return {
      headers: Object.entries({ ...fixedHeaders(options), ...options.headers, ...own, ...strict }).flat(),
      conceal: createConcealer(secrets),
    }
  }

function readCredentials(credentials: () => CredentialParts): CredentialParts {
  try {
    return credentials()
  } catch {
    // Its own message may quote the secret.
    throw settingFault('the API key or other credentials cannot be read')
  }
}

const compress = promisify(gzip)
const smallestCompressedBytes = 1_000

async function encodedBody(body: Buffer, { compression }: HttpEndpointOptions) {
  if (compression !== 'gzip' || body.length <= smallestCompressedBytes) return { isCompressed: false, body }
  return { isCompressed: true, body: await compress(body, { level: 1 }) }
}

interface MadeRequest extends Dispatcher.DispatchOptions, Pick<CredentialParts, 'conceal'> {
  readonly headers: string[]
  readonly isCompressed: boolean
}

async function sendOnce(
  connections: Connections,
  { timeoutMs }: HttpEndpointOptions,
  signal: AbortSignal,
  makeRequest: () => Promise<MadeRequest>,
): Promise<ApiAnswer> {
  try {
    const dispatcher = connected(connections)
    const { conceal, isCompressed, ...request } = await makeRequest()
    const answer = await exchange(dispatcher, request, { timeoutMs, signal })
    if (answer === 'aborted') return { networkError: 'aborted' }
    if (answer === 'too late') return { networkError: `no answer within ${timeoutMs} ms` }
    const wasCompressed = isCompressed ? ({ wasCompressed: true } as const) : {}
    const { status, headers, text } = answer
    return { status, headers: headersForVerdict(headers), body: conceal(text), ...wasCompressed }
  } catch (error) {
    if (signal.aborted) return { networkError: 'aborted' }
    const why = error instanceof Error ? settingFaults.get(error) : undefined
    return why === undefined ? networkFault(error) : configuration(why)
  }
}

function connected(connections: Connections): Dispatcher {
  try {
    return connections.current()
  } catch {
    throw settingFault('caFile, certFile or keyFile cannot be read')
  }
}

// Only what verdict.ts reads: other headers might quote the request.
function headersForVerdict(headers: Answer['headers']): Record<string, string> {
  const given = headers['retry-after']
  const first = Array.isArray(given) ? given[0] : given
  return first === undefined ? {} : { 'retry-after': first }
}
