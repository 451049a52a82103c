// One request to a schema registry. In: method, path, body. Out: status and parsed answer, or TB_REGISTRY_UNAVAILABLE.
// Own code and not the published client of kafkajs's makers, which has no time-out (a registry that hangs would hang the
// decoder for ever), hides error_code, tells a refused connection as status 400 and shares its retry options among
// instances; node:https and not fetch, for fetch takes no certificate authority. Redirects are not followed: they would
// carry the password elsewhere.
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { TrackbridgeError } from '../errors.ts'

export interface RegistryOptions {
  /** At least one, e.g. `https://schemas.example.org:8081`; the next one is asked where one does not answer. */
  readonly urls: readonly string[]
  /** Read for each request, so that a password in a file can be rotated. */
  readonly credentials?: (() => { readonly username: string; readonly password: string }) | undefined
  /** PEM text of the authority, where it is not a public one. */
  readonly ca?: (() => string) | undefined
  /** Of one request. */
  readonly timeoutMs: number
}

export interface RegistryRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Below the base, e.g. `/schemas/ids/42`. */
  readonly path: string
  readonly body?: unknown
}

/** What the registry said; `errorCode` and `message` where it says what is wrong, e.g. 40403. */
export interface RegistryAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly errorCode: number | undefined
  readonly message: string
}

export type SendToRegistry = (request: RegistryRequest) => Promise<RegistryAnswer>

const contentType = 'application/vnd.schemaregistry.v1+json'
const maxAnswerBytes = 16_000_000
/** That are an answer about schemas, and not about the registry: with an error_code all are, else none. */
const toldStatuses: readonly number[] = [404, 409, 422]

/** Sends requests to the first URL that answers, and stays with it. Rejects with TB_REGISTRY_UNAVAILABLE, whose message
 *  names the address and what was found there, and no credentials. */
export function createRegistryHttp(options: RegistryOptions): SendToRegistry {
  let first = 0
  return async (request) => {
    let failed: unknown
    for (let tried = 0; tried < options.urls.length; tried++) {
      const index = (first + tried) % options.urls.length
      try {
        const answer = await sendTo(options.urls[index] ?? '', request, options)
        first = index
        return answer
      } catch (error) {
        failed = error
      }
    }
    throw failed
  }
}

async function sendTo(url: string, request: RegistryRequest, options: RegistryOptions): Promise<RegistryAnswer> {
  const fail = (found: string, cause?: unknown): TrackbridgeError =>
    new TrackbridgeError('TB_REGISTRY_UNAVAILABLE', `the schema registry ${url} ${found}`, { cause })
  const signal = AbortSignal.timeout(options.timeoutMs)
  const { status, text } = await exchange(url, request, { ...options, signal }).catch((error: unknown) => {
    // What time has ended looks like a broken connection.
    throw fail(networkFault(signal.aborted ? signal.reason : error, options.timeoutMs), error)
  })
  const faulty = statusFault(status)
  if (faulty !== undefined) throw fail(faulty)
  const body = parsed(text)
  if (body === undefined) throw fail(`answers ${request.path} with something that is no JSON (status ${status})`)
  const { error_code: errorCode, message } = body
  if (status >= 300 && !(toldStatuses.includes(status) && typeof errorCode === 'number'))
    throw fail(`answers ${request.path} with status ${status}, which is no answer of a schema registry`)
  return {
    status,
    body,
    errorCode: typeof errorCode === 'number' ? errorCode : undefined,
    message: typeof message === 'string' ? message : '',
  }
}

function statusFault(status: number): string | undefined {
  if (status >= 300 && status < 400)
    return `answers with a redirect (status ${status}), which is not followed: set schemaRegistry.url to where it leads`
  if (status === 401 || status === 403)
    return `denies access (status ${status}): check schemaRegistry.username and its password`
  if (status === 429) return 'is asked too often (status 429)'
  return status >= 500 ? `answers with status ${status}` : undefined
}

function networkFault(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return `cannot be asked: ${String(error)}`
  if (error.name === 'TimeoutError') return `has not answered within ${timeoutMs} ms`
  const { code } = error as NodeJS.ErrnoException
  return `cannot be reached: ${code === undefined ? error.message : `${code} ${reasons[code] ?? ''}`.trim()}`
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: '(nothing listens there)',
  ECONNRESET: '(the connection broke off)',
  ENOTFOUND: '(there is no such host)',
  EAI_AGAIN: '(the name cannot be resolved now)',
  DEPTH_ZERO_SELF_SIGNED_CERT: '(set schemaRegistry.caFile)',
  SELF_SIGNED_CERT_IN_CHAIN: '(set schemaRegistry.caFile)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: '(set schemaRegistry.caFile)',
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

async function exchange(
  base: string,
  { method, path, body }: RegistryRequest,
  { credentials, ca, signal }: RegistryOptions & { readonly signal: AbortSignal },
): Promise<{ readonly status: number; readonly text: string }> {
  const url = new URL(base.replace(/\/+$/, '') + path)
  const sent = body === undefined ? undefined : JSON.stringify(body)
  const known = credentials?.()
  const options: RequestOptions & { ca?: string } = {
    method,
    headers: {
      accept: `${contentType}, application/json`,
      ...(sent === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(sent) }),
    },
    ...(known === undefined ? {} : { auth: `${known.username}:${known.password}` }),
    ...(ca === undefined ? {} : { ca: ca() }),
    signal,
  }
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, resolve)
  request.on('error', reject)
  request.end(sent)
  const response = await promise
  return { status: response.statusCode ?? 0, text: await textOf(response) }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxAnswerBytes) throw new Error(`an answer of more than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
