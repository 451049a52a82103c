// Which request of the program under test is struck, and how: rules as data, counted over all proxies of a cluster. Pure.
// A rule strikes once. Test support.
import { apiKeys, type ApiName, type RequestHead } from './kafka-frames.ts'

/** What happens to a request and its answer.
 *  - `cut-before`: the broker never gets it; the connection is reset.
 *  - `cut-after`: the broker acts and answers; the answer is lost and the connection reset.
 *  - `cut-in-frame`: as cut-after, but half of the answer arrives.
 *  - `drop-answer`: the answer is lost, the connection lives on.
 *  - `hold`: the broker gets it; from then on the connection is open and silent both ways. */
export type Strike = 'cut-before' | 'cut-after' | 'cut-in-frame' | 'drop-answer' | 'hold'

export type FaultRule = {
  readonly api: ApiName
  /** Which one since the rule was set; 1, the next, if absent. */
  readonly nth?: number
  /** Only requests of the process with this client id. */
  readonly clientId?: string
  /** Only requests with an answer of so many bytes, e.g. a fetch that brings records; for what strikes the answer. */
  readonly minAnswerBytes?: number
} & (
  | { readonly action: Strike }
  /** `delay`: the answer arrives so much later. `late`: the request does, whatever its sender does meanwhile. */
  | { readonly action: 'delay' | 'late'; readonly delayMs: number }
  /** `call` runs `before` the broker gets the request, as soon as it has been passed on (`during`), or when the broker
   *  has answered (`after`). Then, if it `cuts`, the connection is reset; else all goes on as if nothing were. */
  | {
      readonly action: 'call'
      readonly when: 'before' | 'during' | 'after'
      readonly cuts: boolean
      call(head: RequestHead): void
    }
)

/** A rule that waits for its request. */
export interface ArmedRule {
  readonly rule: FaultRule
  /** Resolves when it has struck. */
  readonly struck: Promise<void>
  hasStruck(): boolean
  /** Takes it back; nothing happens when it has struck. */
  disarm(): void
}

export interface FaultRules {
  arm(rule: FaultRule): ArmedRule
  /** Requests of this kind that have come by since the start. */
  seen(api: ApiName): number
  /** For the proxies: counts a request and gives the rule that strikes it. */
  match(head: RequestHead): FaultRule | undefined
  /** For the proxies: gives the rule that strikes an answer for its size. */
  matchAnswer(head: RequestHead, answerBytes: number): FaultRule | undefined
}

interface Waiting {
  readonly rule: FaultRule
  left: number
  strike(): void
}

export function createFaultRules(): FaultRules {
  const seen = new Map<number, number>()
  const waiting = new Set<Waiting>()
  const strike = (fits: (rule: FaultRule) => boolean): FaultRule | undefined => {
    const [first] = [...waiting].filter((entry) => fits(entry.rule) && --entry.left <= 0)
    if (first === undefined) return undefined
    waiting.delete(first)
    first.strike()
    return first.rule
  }
  return {
    arm(rule) {
      const { promise, resolve } = Promise.withResolvers<void>()
      let struck = false
      const entry: Waiting = {
        rule,
        left: rule.nth ?? 1,
        strike() {
          struck = true
          resolve()
        },
      }
      waiting.add(entry)
      return { rule, struck: promise, hasStruck: () => struck, disarm: () => void waiting.delete(entry) }
    },
    seen: (api) => seen.get(apiKeys[api]) ?? 0,
    match(head) {
      seen.set(head.apiKey, (seen.get(head.apiKey) ?? 0) + 1)
      return strike((rule) => rule.minAnswerBytes === undefined && isMeant(rule, head))
    },
    matchAnswer: (head, answerBytes) =>
      strike(({ minAnswerBytes = Infinity, ...rule }) => answerBytes >= minAnswerBytes && isMeant(rule, head)),
  }
}

function isMeant({ api, clientId }: Pick<FaultRule, 'api' | 'clientId'>, head: RequestHead): boolean {
  return apiKeys[api] === head.apiKey && (clientId === undefined || clientId === head.clientId)
}
