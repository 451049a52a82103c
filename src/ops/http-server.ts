// The small HTTP server for probes and scrapes. In: paths and what answers them. Out: a server that starts and stops.
// The only importer of fastify.
import { fastify } from 'fastify'
import type { AddressInfo } from 'node:net'
import { TrackbridgeError } from '../errors.ts'

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** GET paths and what answers them, e.g. `{'/live': () => ({status: 200, ...})}`. */
export type Routes = Readonly<Record<string, () => Answer | Promise<Answer>>>

export interface HttpServerOptions {
  readonly host: string
  /** 0: any free port; `start` tells which. */
  readonly port: number
  /** Absent: `httpLimits`. */
  readonly limits?: HttpLimits
}

/** What one caller may cost us, whoever it is. */
export interface HttpLimits {
  /** Larger ones get 431. */
  readonly maxHeaderBytes: number
  /** Requests are GETs without a body; larger ones get 413. */
  readonly maxBodyBytes: number
  /** From the connection to the end of the request; slower ones get 408. */
  readonly requestTimeoutMs: number
  /** Connections without a request under way are ended after so long. */
  readonly idleTimeoutMs: number
  /** Further ones are refused. */
  readonly maxConnections: number
}

export const httpLimits: HttpLimits = {
  maxHeaderBytes: 8_192,
  maxBodyBytes: 1_024,
  requestTimeoutMs: 5_000,
  idleTimeoutMs: 10_000,
  maxConnections: 128,
}

export interface HttpServer {
  /** Listens. Resolves with the address, e.g. `{host: '127.0.0.1', port: 8080}`; TB_CONFIG_INVALID when it cannot. */
  start(): Promise<{ readonly host: string; readonly port: number }>
  /** Ends open connections and frees the port. */
  stop(): Promise<void>
}

/** A server that answers GET and HEAD of `routes`, 404 elsewhere, and never caches. Starts nothing by itself. */
export function createHttpServer(options: HttpServerOptions, routes: Routes): HttpServer {
  const server = createFastify(options.limits ?? httpLimits)
  for (const [path, answer] of Object.entries(routes)) {
    server.get(path, async (_request, reply) => {
      const { status, contentType, body } = await answer()
      return reply.code(status).headers({ 'content-type': contentType, 'cache-control': 'no-store' }).send(body)
    })
  }
  return {
    async start() {
      try {
        await server.listen({ host: options.host, port: options.port })
      } catch (error) {
        throw cannotListen(options, error)
      }
      const address = server.server.address()
      return { host: options.host, port: isAddress(address) ? address.port : options.port }
    },
    stop: () => server.close(),
  }
}

function createFastify(limits: HttpLimits) {
  const { maxHeaderBytes, maxBodyBytes, requestTimeoutMs, idleTimeoutMs, maxConnections } = limits
  const server = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: requestTimeoutMs + idleTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    http: {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: requestTimeoutMs,
      // How often Node looks for those that are too slow; by default every 30 s.
      connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 4),
    },
  })
  server.server.maxConnections = maxConnections
  return server
}

const isAddress = (address: AddressInfo | string | null): address is AddressInfo =>
  typeof address === 'object' && address !== null

function cannotListen({ host, port }: HttpServerOptions, cause: unknown): TrackbridgeError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown fault'
  const why = reasons[code] ?? code
  return new TrackbridgeError('TB_CONFIG_INVALID', `http: cannot listen on ${host} port ${port}: ${why}`, { cause })
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; choose another http.port',
  EADDRNOTAVAIL: 'this machine has no such address; choose another http.host',
  EACCES: 'the port needs rights that this process does not have; choose another http.port',
  ENOTFOUND: 'the name of the host is unknown; choose another http.host',
}
