// HTTP servers that do what a test says, byte by byte where it matters. Test support.
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import { connect, createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The body as it came, for one that is no text. */
  readonly bytes: Buffer
}

async function listen(server: Server, sockets: Set<Socket>): Promise<string> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

type Answer = (request: SeenRequest, response: ServerResponse) => void

function recording(seen: SeenRequest[], answer: Answer) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = []
    request.on('error', () => undefined)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]))
      const bytes = Buffer.concat(chunks)
      const one = { method: request.method ?? '', url: request.url ?? '', headers, body: bytes.toString('utf8'), bytes }
      seen.push(one)
      answer(one, response)
    })
  }
}

export interface HttpServer {
  readonly url: string
  readonly seen: SeenRequest[]
  readonly sockets: Set<Socket>
}

/** Answers each whole request as `answer` says. Ends with the test. */
export async function startHttpServer(answer: Answer): Promise<HttpServer> {
  const seen: SeenRequest[] = []
  const sockets = new Set<Socket>()
  return { url: await listen(createHttpServer(recording(seen, answer)), sockets), seen, sockets }
}

/** The same with TLS, at `https://localhost:...`. */
export async function startHttpsServer(tls: ServerOptions, answer: Answer): Promise<HttpServer> {
  const seen: SeenRequest[] = []
  const sockets = new Set<Socket>()
  const server = createHttpsServer(tls, recording(seen, answer))
  server.on('tlsClientError', () => undefined)
  const url = await listen(server, sockets)
  return { url: url.replace('http://127.0.0.1', 'https://localhost'), seen, sockets }
}

/** Hands over each connection once the first bytes of a request have come. Ends with the test. */
export async function startTcpServer(
  onRequest: (socket: Socket, first: Buffer) => void,
): Promise<{ url: string; sockets: Set<Socket> }> {
  const server = createTcpServer((socket) => socket.once('data', (first) => onRequest(socket, first)))
  const sockets = new Set<Socket>()
  return { url: await listen(server, sockets), sockets }
}

/** Hands over each connection as it is opened. Ends with the test. */
export async function startSocketServer(onConnection: (socket: Socket) => void): Promise<{ url: string }> {
  return { url: await listen(createTcpServer(onConnection), new Set()) }
}

/** An HTTP proxy that lets CONNECT through; `asked` holds the heads of the requests. Ends with the test. */
export async function startTunnel(): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const { url } = await startTcpServer((socket, first) => {
    const head = first.toString('latin1')
    asked.push(head)
    const [, host = '', port = ''] = /^CONNECT ([^ ]+):(\d+) /.exec(head) ?? []
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    const end = (): void => void (upstream.destroy(), socket.destroy())
    for (const side of [upstream, socket]) side.on('error', end).on('close', end)
  })
  return { url, asked }
}
