// A local stand-in of the Pipelines API for the demo and the tests. In: HTTP requests as the real API takes them, and
// faults to inject. Out: its documented answers, and a record of what it has accepted.
// Ruled by P (paths, basic auth, strict mode, limits) and sink.md, "Facts of the API".
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import { parseJson, type JsonObject } from '../json.ts'
import { defaultBurst, fullBucket, takeToken } from '../sink/token-bucket.ts'
import { messageTypes, type MessageType } from '../translate/message.ts'
import { judge, standInLimits } from './stand-in-rules.ts'

export interface StandInOptions {
  readonly clock: Clock
  /** From 0 up to, not including, 1; decides which requests meet a fault. */
  random(): number
  /** The key it takes as user name; any other gets 401. */
  readonly apiKey: string
  readonly host?: string
  /** 0, the default: any free port. */
  readonly port?: number
  /** Absent: no limit. */
  readonly requestsPerSecond?: number
  /** How many accepted messages are remembered, the latest ones; default 100,000. */
  readonly keep?: number
  readonly faults?: StandInFaults
}

/** Shares are from 0 to 1 of all requests. All of them may be changed while it runs. */
export interface StandInFaults {
  tooManyRequestsShare?: number
  unavailableShare?: number
  /** Connections cut: half of them before the messages are taken, half after. */
  resetShare?: number
  rejectMessageIds?: readonly string[]
  rejectEvents?: readonly string[]
  /** Each answer comes so much later. */
  slowMs?: number
  /** Every request gets this status, e.g. 401. */
  answerAlways?: number
}

/** One accepted message. `user` is userId, else anonymousId, else groupId. */
export interface AcceptedMessage {
  readonly messageId: string
  readonly type: MessageType
  readonly user: string
  readonly message: JsonObject
}

export interface StandInCounters {
  readonly requests: number
  /** Messages taken for the first time, as far as `keep` remembers. */
  readonly accepted: number
  /** Messages taken again. */
  readonly repeats: number
  /** Messages dropped without a word, since the request was not strict. */
  readonly dropped: number
  /** Connections cut. */
  readonly resets: number
  /** Number of answers by status, e.g. `{200: 12, 429: 1}`. */
  readonly answers: Readonly<Record<number, number>>
}

export interface StandInApi {
  /** Base for the sink, e.g. `http://127.0.0.1:40213/v1`. */
  readonly url: string
  readonly faults: StandInFaults
  /** Everything taken, repeats included, in order; the oldest are forgotten, at the latest at twice `keep`. */
  readonly accepted: readonly AcceptedMessage[]
  /** How often a message has been taken. */
  timesAccepted(messageId: string): number
  counters(): StandInCounters
  /** Cuts what is open. */
  close(): Promise<void>
}

interface StandIn {
  readonly options: StandInOptions
  readonly faults: StandInFaults
  readonly keep: number
  readonly accepted: AcceptedMessage[]
  readonly times: Map<string, number>
  readonly counted: { requests: number; accepted: number; repeats: number; dropped: number; resets: number }
  readonly answers: Record<number, number>
  takeToken(): boolean
}

/** Listens when the promise resolves. */
export async function startStandInApi(options: StandInOptions): Promise<StandInApi> {
  const standIn: StandIn = {
    options,
    faults: { ...options.faults },
    keep: options.keep ?? 100_000,
    accepted: [],
    times: new Map(),
    counted: { requests: 0, accepted: 0, repeats: 0, dropped: 0, resets: 0 },
    answers: {},
    takeToken: createRateLimit(options),
  }
  const server = fastify({ bodyLimit: standInLimits.bodyBytes * 2, forceCloseConnections: true })
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  addRoutes(server, standIn)
  const address = await server.listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 0 })
  return {
    url: `${address}/v1`,
    faults: standIn.faults,
    accepted: standIn.accepted,
    timesAccepted: (messageId) => standIn.times.get(messageId) ?? 0,
    counters: () => ({ ...standIn.counted, answers: { ...standIn.answers } }),
    close: () => server.close(),
  }
}

function createRateLimit({ clock, requestsPerSecond }: StandInOptions): () => boolean {
  if (requestsPerSecond === undefined) return () => true
  const rate = { requestsPerSecond, burst: defaultBurst(requestsPerSecond) }
  let bucket = fullBucket(rate, clock.now())
  return () => {
    const taken = takeToken(bucket, clock.now(), rate)
    if (taken.waitMs > 0) return false
    bucket = taken.bucket
    return true
  }
}

function addRoutes(server: FastifyInstance, standIn: StandIn): void {
  server.addHook('onResponse', (_request, reply, done) => {
    standIn.answers[reply.statusCode] = (standIn.answers[reply.statusCode] ?? 0) + 1
    done()
  })
  for (const path of ['batch', ...messageTypes] as const) {
    server.post(`/v1/${path}`, async (request, reply) => handle(standIn, path, { request, reply }))
  }
}

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

async function handle(standIn: StandIn, path: 'batch' | MessageType, exchange: Exchange): Promise<unknown> {
  const { faults, options } = standIn
  const { request, reply } = exchange
  standIn.counted.requests++
  if (faults.slowMs !== undefined) await options.clock.sleep(faults.slowMs)
  const drawn = drawFault(standIn)
  if (drawn === 'reset-before') return cut(standIn, exchange)
  if (typeof drawn === 'number') return reply.code(drawn).send(errors([statusTexts[drawn] ?? 'fault on request']))
  if (!isAuthorized(request, options.apiKey)) return reply.code(401).send(errors(['the API key is not known']))
  if (!standIn.takeToken()) return reply.code(429).send(errors(['too many requests']))
  const strict = request.headers['x-strict-mode'] === '1'
  const judgement = judgeText(standIn, path, typeof request.body === 'string' ? request.body : '')
  if (!judgement.ok) {
    if (strict) return reply.code(judgement.status).send(errors(judgement.errors))
    standIn.counted.dropped++
    return reply.code(200).send({})
  }
  for (const message of judgement.messages) accept(standIn, message)
  return drawn === 'reset-after' ? cut(standIn, exchange) : reply.code(200).send({})
}

const statusTexts: Readonly<Record<number, string>> = { 429: 'too many requests', 503: 'unavailable for now' }

const errors = (texts: readonly string[]): object => ({ meta: { errors: texts } })

type DrawnFault = number | 'reset-before' | 'reset-after' | null

/** One random number decides for the request, one more on which side of taking the messages a connection is cut. */
function drawFault({ faults, options }: StandIn): DrawnFault {
  if (faults.answerAlways !== undefined) return faults.answerAlways
  const { tooManyRequestsShare = 0, unavailableShare = 0, resetShare = 0 } = faults
  const drawn = options.random()
  if (drawn < tooManyRequestsShare) return 429
  if (drawn < tooManyRequestsShare + unavailableShare) return 503
  if (drawn >= tooManyRequestsShare + unavailableShare + resetShare) return null
  return options.random() < 0.5 ? 'reset-before' : 'reset-after'
}

function cut(standIn: StandIn, { request, reply }: Exchange): FastifyReply {
  standIn.counted.resets++
  reply.hijack()
  request.raw.socket.resetAndDestroy()
  return reply
}

function isAuthorized(request: FastifyRequest, apiKey: string): boolean {
  return request.headers.authorization === `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`
}

function judgeText({ faults }: StandIn, path: 'batch' | MessageType, text: string): ReturnType<typeof judge> {
  if (Buffer.byteLength(text) > standInLimits.bodyBytes) {
    return { ok: false, status: 413, errors: [`the body is larger than ${standInLimits.bodyBytes} bytes`] }
  }
  let body: unknown
  try {
    body = parseJson(text)
  } catch {
    return { ok: false, status: 400, errors: ['the body is not JSON'] }
  }
  return judge(path, body, {
    rejectMessageIds: new Set(faults.rejectMessageIds),
    rejectEvents: new Set(faults.rejectEvents),
  })
}

function accept(standIn: StandIn, message: JsonObject & { readonly type: MessageType }): void {
  const { accepted, times, counted, keep } = standIn
  const messageId = textOf(message['messageId'])
  const user = textOf(message['userId']) || textOf(message['anonymousId']) || textOf(message['groupId'])
  const before = times.get(messageId) ?? 0
  if (before === 0) counted.accepted++
  else counted.repeats++
  times.set(messageId, before + 1)
  accepted.push({ messageId, type: message.type, user, message })
  // In bulk: one by one, shifting a long array for every message would cost more than the message.
  if (accepted.length >= 2 * keep) accepted.splice(0, accepted.length - keep)
  const [oldest] = times.keys()
  if (times.size > keep && oldest !== undefined) times.delete(oldest)
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
