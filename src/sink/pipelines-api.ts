// One HTTP request to the Pipelines API, no policy. In: path and body. Out: the answer, or the name of a network error;
// never an exception. The only importer of undici. Ruled by sink.md, "Facts of the API", and P (basic auth, strict mode).
import { getCACertificates } from 'node:tls'
import { Pool, ProxyAgent, type Dispatcher } from 'undici'
import type { MessageType } from '../translate/message.ts'
import type { ApiAnswer } from './verdict.ts'

export interface PipelinesApiOptions {
  /** Base of the API without a slash at the end, e.g. `https://cdp.customer.io/v1`. */
  readonly url: string
  /** Read for every request, so that a changed key is used at once. May throw: then the request fails. */
  apiKey(): string
  /** Of trackbridge, for the User-Agent. */
  readonly version: string
  /** From the start of a request to the end of its answer. */
  readonly timeoutMs: number
  /** Connections at most. */
  readonly maxInFlight: number
  /** HTTP proxy, e.g. `http://proxy:3128`; user and password may stand in it. */
  readonly proxy?: string
  /** PEM text of further authorities, beside those Node knows. */
  readonly ca?: string
}

export interface ApiRequest {
  readonly path: 'batch' | MessageType
  /** JSON text. */
  readonly body: string
}

export interface PipelinesApi {
  /** Never rejects. An aborted request answers `{networkError: 'aborted'}`; the API may have taken it all the same. */
  send(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer>
  /** Ends the connections; requests under way answer with a network error. */
  close(): Promise<void>
}

/** Largest part of an answer's body that is read. */
export const maxAnswerBodyBytes = 65_536

/** Opens no connection yet. TLS is always verified; redirects are never followed. */
export function createPipelinesApi(options: PipelinesApiOptions): PipelinesApi {
  const dispatcher = createDispatcher(options)
  const base = options.url.replace(/\/+$/, '')
  return {
    send: (request, signal) => sendOnce({ dispatcher, base, options }, request, signal),
    close: () => dispatcher.destroy(),
  }
}

function createDispatcher(options: PipelinesApiOptions): Dispatcher {
  const tls = options.ca === undefined ? {} : { ca: [...getCACertificates('default'), options.ca] }
  // Timeouts are ours (one for the whole request); undici's own would only add a second, coarser one. HTTP/1.1 keeps
  // "one request, one connection" true, so that the pool's size is the number of requests.
  const connections = {
    connections: options.maxInFlight,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  }
  if (options.proxy === undefined) {
    return new Pool(new URL(options.url).origin, { ...connections, connect: { ...tls, timeout: options.timeoutMs } })
  }
  return new ProxyAgent({ uri: options.proxy, ...connections, requestTls: tls, proxyTls: tls })
}

interface Sender {
  readonly dispatcher: Dispatcher
  readonly base: string
  readonly options: PipelinesApiOptions
}

async function sendOnce(sender: Sender, request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
  const { options } = sender
  let apiKey: string
  try {
    apiKey = options.apiKey()
  } catch {
    return { networkError: 'the API key cannot be read' }
  }
  const ending = new AbortController()
  const abort = (): void => ending.abort()
  const timer = setTimeout(abort, options.timeoutMs)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await exchange(sender, request, { apiKey, signal: ending.signal })
  } catch (error) {
    if (signal.aborted) return { networkError: 'aborted' }
    return {
      networkError: ending.signal.aborted ? `no answer within ${options.timeoutMs} ms` : nameNetworkError(error),
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

async function exchange(
  { dispatcher, base, options }: Sender,
  request: ApiRequest,
  { apiKey, signal }: { apiKey: string; signal: AbortSignal },
): Promise<ApiAnswer> {
  const url = new URL(`${base}/${request.path}`)
  const credentials = Buffer.from(`${apiKey}:`).toString('base64')
  const { statusCode, headers, body } = await dispatcher.request({
    origin: url.origin,
    path: url.pathname,
    method: 'POST',
    signal,
    body: request.body,
    headers: {
      authorization: `Basic ${credentials}`,
      'content-type': 'application/json',
      'user-agent': `trackbridge/${options.version}`,
      'x-strict-mode': '1',
    },
  })
  const text = await readBody(body)
  return { status: statusCode, headers: singleHeaders(headers), body: conceal(text, [apiKey, credentials]) }
}

async function readBody(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    // Leaving the loop destroys the stream and with it the connection: an endless answer ends here.
    if (bytes >= maxAnswerBodyBytes) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, maxAnswerBodyBytes)
}

function singleHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value
      return first === undefined ? [] : [[name.toLowerCase(), first]]
    }),
  )
}

// An answer ends up in dead letters and log lines, and some servers and proxies quote the request.
function conceal(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => (secret === '' ? shown : shown.replaceAll(secret, '***')), text)
}

/** Names of network errors: system codes (`ECONNRESET`), undici's (`UND_ERR_SOCKET`), TLS codes. Never an error's own
 *  message, which may quote headers or addresses with credentials. */
function nameNetworkError(error: unknown): string {
  if (!(error instanceof Error)) return 'network error'
  const proxyAnswer = /^Proxy response \((\d{3})\)/.exec(error.message)
  if (proxyAnswer) return `the proxy answers ${proxyAnswer[1]}`
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null
  const cause = error.cause === undefined ? null : nameNetworkError(error.cause)
  if (cause !== null && (code === null || code.startsWith('UND_ERR'))) return cause
  return code ?? error.name
}
