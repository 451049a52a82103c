// What the stand-in API says of a body, as the real one documents it (P, B): limits, required fields, and under strict
// mode an error for each entry at fault. In: path, body, size. Out: the messages, or errors. Pure.
import { isJsonObject, stringifyJson, type JsonObject } from '../json.ts'
import { messageTypes, type MessageType } from '../translate/message.ts'

/** In bytes of UTF-8; KB = 1,000 bytes. */
export const standInLimits = { bodyBytes: 500_000, batchedCallBytes: 32_000, singleCallBytes: 64_000 } as const

/** Messages that the stand-in refuses on purpose. */
export interface Refusals {
  readonly rejectMessageIds: ReadonlySet<string>
  /** Names of track events. */
  readonly rejectEvents: ReadonlySet<string>
}

export type Judgement =
  | { readonly ok: true; readonly messages: readonly (JsonObject & { readonly type: MessageType })[] }
  | { readonly ok: false; readonly status: 400 | 413; readonly errors: readonly string[] }

/** Judges the parsed body of a request to `/batch` or `/{type}`. One bad entry refuses the whole batch. */
export function judge(path: 'batch' | MessageType, body: unknown, refusals: Refusals): Judgement {
  if (!isJsonObject(body)) return refuse(400, ['the body is not a JSON object'])
  if (path !== 'batch') {
    if (Buffer.byteLength(stringifyJson(body)) > standInLimits.singleCallBytes) {
      return refuse(413, [`the call is larger than ${standInLimits.singleCallBytes} bytes`])
    }
    return judgeAll([{ where: path, call: { ...body, type: body['type'] ?? path } }], path, refusals)
  }
  const batch = body['batch']
  if (!Array.isArray(batch) || batch.length === 0) return refuse(400, ['"batch" is not an array of calls'])
  const calls = batch.map((call: unknown, index) => ({ where: `batch[${index}]`, call }))
  return judgeAll(calls, null, refusals)
}

const refuse = (status: 400 | 413, errors: readonly string[]): Judgement => ({ ok: false, status, errors })

type Placed = Readonly<{ where: string; call: unknown }>

function judgeAll(calls: readonly Placed[], type: MessageType | null, refusals: Refusals): Judgement {
  const errors = calls.flatMap(({ where, call }) => faultsOf(call, type, refusals).map((fault) => `${where}: ${fault}`))
  if (errors.length > 0) return refuse(400, errors)
  return { ok: true, messages: calls.map(({ call }) => call as JsonObject & { type: MessageType }) }
}

interface Rule {
  readonly isBroken: (
    call: JsonObject,
    context: { readonly type: MessageType | null; readonly refusals: Refusals },
  ) => boolean
  readonly fault: (call: JsonObject) => string
}

const rules: readonly Rule[] = [
  {
    isBroken: ({ type }) => !messageTypes.some((known) => known === type),
    fault: () => `type is not one of ${messageTypes.join(', ')}`,
  },
  {
    isBroken: (call, { type }) => type !== null && call['type'] !== type,
    fault: () => 'type is not that of the path',
  },
  {
    isBroken: (call, { type }) =>
      type === null && Buffer.byteLength(stringifyJson(call)) > standInLimits.batchedCallBytes,
    fault: () => `is larger than ${standInLimits.batchedCallBytes} bytes`,
  },
  {
    isBroken: ({ userId, anonymousId, groupId }) => ![userId, anonymousId, groupId].some(isName),
    fault: () => 'one of userId, anonymousId and groupId is required',
  },
  { isBroken: ({ type, event }) => type === 'track' && !isName(event), fault: () => 'event is required' },
  {
    isBroken: ({ type, previousId }) => type === 'alias' && !isName(previousId),
    fault: () => 'previousId is required',
  },
  {
    isBroken: ({ messageId }, { refusals }) => refusals.rejectMessageIds.has(messageId as string),
    fault: ({ messageId }) => `message ${messageId as string} is refused`,
  },
  {
    isBroken: ({ event }, { refusals }) => refusals.rejectEvents.has(event as string),
    fault: ({ event }) => `event "${event as string}" is refused`,
  },
]

function faultsOf(call: unknown, type: MessageType | null, refusals: Refusals): string[] {
  if (!isJsonObject(call)) return ['is not an object']
  return rules.filter((rule) => rule.isBroken(call, { type, refusals })).map((rule) => rule.fault(call))
}

const isName = (value: unknown): boolean => typeof value === 'string' && value !== ''
