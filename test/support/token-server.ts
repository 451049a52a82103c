// A stand-in of an authorisation server: gives bearer tokens by the client credentials grant, as a broker takes them that does
// not check signatures. Test support.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../src/clock.ts'

export interface TokenServer {
  readonly url: string
  /** Bodies of the requests, with the credentials they came with: `alice:secret grant_type=client_credentials`. */
  readonly requests: readonly string[]
  /** What it answers from now on; `token` gives a token. */
  answer(how: 'token' | { readonly status: number; readonly body: string }): void
  close(): Promise<void>
}

/** Tokens are for `subject` and good for `lifetimeMs`. */
export async function startTokenServer(subject: string, lifetimeMs: number): Promise<TokenServer> {
  const requests: string[] = []
  let how: Parameters<TokenServer['answer']>[0] = 'token'
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await textOf(request)
    const [, credentials = ''] = request.headers.authorization?.split(' ') ?? []
    requests.push(`${Buffer.from(credentials, 'base64').toString()} ${body}`)
    if (how === 'token') {
      const token = { access_token: unsignedToken(subject, lifetimeMs), expires_in: lifetimeMs / 1_000 }
      response.end(JSON.stringify(token))
    } else response.writeHead(how.status).end(how.body)
  }
  const server = createServer((request, response) => {
    void handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    requests,
    answer: (next) => {
      how = next
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A token without a signature, as Kafka's own validator for tests takes it. */
export function unsignedToken(subject: string, lifetimeMs: number): string {
  const nowS = systemClock.now() / 1_000
  const claims = { sub: subject, iat: nowS - 5, exp: nowS + lifetimeMs / 1_000 }
  return `${[{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
