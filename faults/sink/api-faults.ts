// How a request is answered, well or ill. In: the request, what its messages deserve, and a fault. Out: bytes on the socket.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { systemClock } from '../../src/clock.ts'

/** When the head, or a part of the body, has come; when all has come; when it has been accepted; in the midst of the
 *  answer. */
export type ResetPoint = 'head' | 'body' | 'received' | 'accepted' | 'answer'

/** What befalls requests; `requests`: so many of them at most, the next ones. */
export type ApiFault = { readonly requests?: number } & (
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection is reset. */
  | { readonly kind: 'reset'; readonly at: ResetPoint }
  /** Accepted, and the connection ends in order, without an answer. */
  | { readonly kind: 'half-closed' }
  /** Accepted at once and answered later, or both later, whatever its sender does meanwhile. */
  | { readonly kind: 'slow'; readonly ms: number; readonly accepts: 'at once' | 'later' }
  /** Accepted; the answer comes byte by byte and never ends. */
  | { readonly kind: 'trickle' }
  /** Never answered. */
  | { readonly kind: 'silent' }
  /** Accepted, with a body that is not JSON. */
  | { readonly kind: 'garbage' }
  /** 100 Continue, unasked, before the answer. */
  | { readonly kind: 'continue' }
  /** 413 for bodies that are larger. */
  | { readonly kind: 'body-limit'; readonly bytes: number }
)

/** `texts`: the messages, where all of them are taken. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly texts: readonly string[]
}

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Of the request's body. */
  readonly bytes: number
  /** How much later answers come when all is well. */
  readonly delayMs: number
  /** Accepts the messages, or says why not. */
  readonly take: () => Answer
}

const trickleMs = 100

type Kind = ApiFault['kind']
type Way<K extends Kind> = (exchange: Exchange, fault: Extract<ApiFault, { readonly kind: K }>) => void | Promise<void>

const ways: { readonly [K in Kind]: Way<K> } = {
  silent: () => undefined,
  status: ({ response }, { status, headers }) =>
    void response.writeHead(status, headers).end('{"meta":{"errors":["as the fault says"]}}'),
  'body-limit'({ response, bytes, take }, fault) {
    if (bytes <= fault.bytes) answer(response, take())
    else response.writeHead(413).end('{"meta":{"errors":["the body is too large"]}}')
  },
  async reset({ request, response, take }, { at }) {
    if (at !== 'received') take()
    if (at === 'answer') await begin(response)
    request.socket.resetAndDestroy()
  },
  'half-closed'({ request, take }) {
    take()
    request.socket.end()
  },
  async slow({ response, take }, { ms, accepts }) {
    const taken = accepts === 'at once' ? take() : undefined
    await systemClock.sleep(ms)
    answer(response, taken ?? take())
  },
  async trickle({ response, take }) {
    take()
    await trickle(response)
  },
  garbage({ response, take }) {
    take()
    response.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.from([0xff, 0x00, 0x7b, 0xfe]))
  },
  continue({ response, take }) {
    response.writeContinue()
    answer(response, take())
  },
}

/** Resolves when all is done that will be done. */
export async function misbehave(fault: ApiFault | undefined, exchange: Exchange): Promise<void> {
  if (exchange.delayMs > 0) await systemClock.sleep(exchange.delayMs)
  if (fault === undefined) answer(exchange.response, exchange.take())
  else await (ways[fault.kind] as Way<Kind>)(exchange, fault)
}

function answer(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}

// Half of the body that was promised.
async function begin(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-length': '20' })
  await new Promise<void>((resolve) => response.write('{"half":', () => resolve()))
}

async function trickle(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' })
  while (!response.destroyed && response.writable) {
    response.write(' ')
    await systemClock.sleep(trickleMs)
  }
}
