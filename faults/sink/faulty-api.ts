// A stand-in of the Pipelines API that is strict about what it takes, remembers all of it, and misbehaves as it is told, byte
// by byte where it matters. In: HTTP requests, and faults while it runs. Out: answers, and what it has accepted.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createAcceptances, type Acceptances } from './acceptances.ts'
import { misbehave, type Answer, type ApiFault } from './api-faults.ts'
import { fateOf } from './messages.ts'
import { messageTexts } from './sent-message.ts'

/** A moment of a request that whoever strikes a process waits for. */
export type Moment = 'arrived' | 'accepted' | 'answered'

export interface FaultyApi {
  /** Base for the sink. */
  readonly url: string
  readonly accepted: Acceptances
  /** From now on requests meet this fault; undefined: all is well again. Requests that were kept waiting are cut then. */
  strike(fault: ApiFault | undefined): void
  /** Requests that have met the present fault. */
  struck(): number
  /** Runs `call` once, at this moment of the n-th request from now. */
  at(moment: Moment, nth: number, call: () => void): void
  /** Requests whose body came in whole, in all. */
  requests(): number
  /** Requests to where the redirect of the faults leads: none is in order. */
  followed(): number
  /** Every answer comes so much later: then several are under way at once. */
  delay(ms: number): void
  /** Refuses connections and cuts those that are open, until `up`. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

/** Where redirects lead. */
export const redirectPath = '/elsewhere'

/** The key it takes. */
export const apiKey = 'faults-key'
const authorization = `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`

interface State {
  readonly accepted: Acceptances
  readonly sockets: Set<Socket>
  readonly calls: { readonly moment: Moment; left: number; readonly call: () => void }[]
  fault: ApiFault | undefined
  struck: number
  requests: number
  followed: number
  delayMs: number
}

/** Resolves when it listens. */
export async function startFaultyApi(): Promise<FaultyApi> {
  const state: State = {
    accepted: createAcceptances(),
    sockets: new Set(),
    calls: [],
    fault: undefined,
    struck: 0,
    requests: 0,
    followed: 0,
    delayMs: 0,
  }
  let server = await listen(state, 0)
  const { port } = server.address() as AddressInfo
  const down = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of state.sockets) socket.resetAndDestroy()
    await closed
  }
  return {
    url: `http://127.0.0.1:${port}/v1`,
    accepted: state.accepted,
    strike(fault) {
      const held = state.fault?.kind === 'silent' || state.fault?.kind === 'trickle'
      state.fault = fault
      state.struck = 0
      if (held) for (const socket of state.sockets) socket.resetAndDestroy()
    },
    struck: () => state.struck,
    at: (moment, nth, call) => void state.calls.push({ moment, left: nth, call }),
    requests: () => state.requests,
    followed: () => state.followed,
    delay: (ms) => void (state.delayMs = ms),
    down,
    async up() {
      if (!server.listening) server = await listen(state, port)
    },
    close: down,
  }
}

async function listen(state: State, port: number): Promise<Server> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    void handle(state, request, response)
  })
  server.on('connection', (socket: Socket) => {
    state.sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => state.sockets.delete(socket))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  pass(state, 'arrived')
  if (request.url?.startsWith(redirectPath) === true) state.followed++
  const fault = takeFault(state)
  if (fault?.kind === 'reset' && fault.at === 'head') return void request.socket.resetAndDestroy()
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      if (fault?.kind === 'reset' && fault.at === 'body') return void request.socket.resetAndDestroy()
    }
  } catch {
    // The sender has gone; it has had no answer, and sends again.
    return
  }
  state.requests++
  const body = Buffer.concat(chunks).toString()
  const take = (): Answer => {
    const answer = judge(request, body)
    if (answer.status === 200) {
      for (const text of answer.texts) state.accepted.accept(text)
      pass(state, 'accepted')
    }
    return answer
  }
  await misbehave(fault, { request, response, bytes: body.length, delayMs: state.delayMs, take })
  pass(state, 'answered')
}

const refuse = (status: number, why: string): Answer => ({ status, body: errorBody(why), texts: [] })

const errorBody = (why: string): string => JSON.stringify({ meta: { errors: [why] } })

function judge({ url = '', headers }: IncomingMessage, body: string): Answer {
  if (headers.authorization !== authorization) return refuse(401, 'the API key is not known')
  if (headers['x-strict-mode'] !== '1') return refuse(400, 'the request is not strict')
  const path = url.slice(url.lastIndexOf('/') + 1)
  const texts = messageTexts(body, path === 'batch')
  const ids = texts.map((text) => (JSON.parse(text) as { readonly messageId?: unknown }).messageId)
  const bad = ids.find((id) => typeof id !== 'string' || fateOf(id) !== 'delivered')
  if (bad !== undefined || ids.length === 0) return refuse(400, `message ${String(bad)} is refused`)
  return { status: 200, body: '{}', texts }
}

function takeFault(state: State): ApiFault | undefined {
  const { fault } = state
  if (fault === undefined || ('requests' in fault && state.struck >= (fault.requests ?? Infinity))) return undefined
  state.struck++
  return fault
}

function pass(state: State, moment: Moment): void {
  for (const call of state.calls.filter((one) => one.moment === moment)) {
    call.left--
    if (call.left > 0) continue
    state.calls.splice(state.calls.indexOf(call), 1)
    call.call()
  }
}
