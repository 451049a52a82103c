// HTTP servers that do what a test says, byte by byte where it matters. Test support.
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
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

/** Answers each whole request as `answer` says. Ends with the test. */
export async function startHttpServer(
  answer: (request: SeenRequest, response: ServerResponse) => void,
): Promise<{ url: string; seen: SeenRequest[]; sockets: Set<Socket> }> {
  const seen: SeenRequest[] = []
  const sockets = new Set<Socket>()
  const server = createHttpServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on('error', () => undefined)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]))
      const body = Buffer.concat(chunks).toString('utf8')
      const one = { method: request.method ?? '', url: request.url ?? '', headers, body }
      seen.push(one)
      answer(one, response)
    })
  })
  return { url: await listen(server, sockets), seen, sockets }
}

/** Hands over each connection once the first bytes of a request have come. Ends with the test. */
export async function startTcpServer(onRequest: (socket: Socket) => void): Promise<{ url: string }> {
  const server = createTcpServer((socket) => socket.once('data', () => onRequest(socket)))
  return { url: await listen(server, new Set()) }
}
