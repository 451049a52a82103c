// The connections to one endpoint: TLS with authorities and certificates of one's own, an HTTP proxy. In: settings.
// Out: what sends requests; another one when a certificate has changed. The only importer of undici. Ruled by sink.md.
import { getCACertificates } from 'node:tls'
import { Pool, ProxyAgent, type Dispatcher } from 'undici'
import { patchUndici } from './undici-patches.ts'

/** PEM texts; all of them may be absent. */
export interface TlsMaterial {
  /** Further authorities, beside those Node knows. */
  readonly ca?: string
  /** Our own certificate and its key, for mutual TLS. */
  readonly cert?: string
  readonly key?: string
  /** Of `key`. */
  readonly passphrase?: string
}

export interface ConnectionOptions {
  readonly url: string
  /** Longest wait for a connection, a TLS handshake or a proxy's consent. */
  readonly timeoutMs: number
  /** Connections at most. */
  readonly maxInFlight: number
  /** HTTP proxy, e.g. `http://proxy:3128`; user and password may stand in it. */
  readonly proxy?: string
  /** Read for every request, so that changed files are used for new connections. May throw: then there is none. */
  tls?(): TlsMaterial
}

export interface Connections {
  /** What sends the next request. Throws what `tls` throws. */
  current(): Dispatcher
  /** Ends all of them at once. */
  destroy(): Promise<void>
}

export type { Dispatcher } from 'undici'

/** Opens no connection yet. TLS is always verified; redirects are never followed. */
export function createConnections(options: ConnectionOptions): Connections {
  patchUndici()
  const retired = new Set<Dispatcher>()
  let held: { readonly tls: TlsMaterial; readonly dispatcher: Dispatcher } | undefined
  return {
    current() {
      const tls = options.tls?.() ?? {}
      if (held && isSame(held.tls, tls)) return held.dispatcher
      // Requests under way end on the old connections.
      if (held) retire(held.dispatcher, retired)
      held = { tls, dispatcher: createDispatcher(options, tls) }
      return held.dispatcher
    },
    async destroy() {
      await Promise.all([...retired, ...(held ? [held.dispatcher] : [])].map((dispatcher) => dispatcher.destroy()))
    },
  }
}

const isSame = (one: TlsMaterial, other: TlsMaterial): boolean =>
  one.ca === other.ca && one.cert === other.cert && one.key === other.key && one.passphrase === other.passphrase

function retire(dispatcher: Dispatcher, retired: Set<Dispatcher>): void {
  retired.add(dispatcher)
  const forget = (): void => void retired.delete(dispatcher)
  dispatcher.close().then(forget, forget)
}

function createDispatcher(options: ConnectionOptions, { ca, ...own }: TlsMaterial): Dispatcher {
  const tls = { ...own, ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }) }
  const { timeoutMs: timeout, proxy } = options
  // Timeouts are ours (one for the whole request); undici's own would only add a second, coarser one. HTTP/1.1 keeps
  // "one request, one connection" true, so that the pool's size is the number of requests.
  const connections = {
    connections: options.maxInFlight,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  }
  if (proxy === undefined) {
    return new Pool(new URL(options.url).origin, { ...connections, connect: { ...tls, timeout } })
  }
  return new ProxyAgent({
    uri: proxy,
    ...connections,
    requestTls: { ...tls, timeout, allowH2: false },
    // Without it a proxy for plain http gets as many connections as there are requests.
    factory: (origin, pool) => new Pool(origin, Object.assign({}, pool, connections)),
    // Our certificate is for the endpoint only.
    proxyTls: { ...(tls.ca === undefined ? {} : { ca: tls.ca }), timeout, allowH2: false },
    // A proxy that never answers CONNECT would hold its connection for undici's five minutes.
    clientFactory: (origin, pool) => new Pool(origin, { ...pool, headersTimeout: timeout, pipelining: 1 }),
  })
}
