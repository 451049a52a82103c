// The way out of one destination: at most `maxInFlight` requests at once, partitions in turn, each with a token of the
// rate limit. In: requests to make. Out: their results. Ruled by sink.md, "Behaviour".
//
//   waiting for a place -> waiting for a token -> under way -> kept -> over; a partition in back-off is in none of them.
//   Requests under way are counted, and of those under way or kept the messages.
import { createFairQueue, waitInLane } from './fair-queue.ts'
import type { RateUser } from './rate-limits.ts'

export interface GateOptions {
  readonly maxInFlight: number
  /** Of all requests under way or kept. One that has more goes alone. */
  readonly maxMessages: number
  readonly tokens: Pick<RateUser, 'take' | 'takeNow'>
  /** Half of maxMessages are taken, or more. */
  readonly onCrowded?: () => void
}

export interface GateRequest<T> {
  readonly partition: number
  readonly messages: number
  readonly signal: AbortSignal
  send(): Promise<T>
  /** Its messages count until this resolves, which must not reject; absent or undefined: until it is over. */
  keep?(result: T): Promise<void> | undefined
}

export interface Gate {
  /** Waits for a place, partitions taking turns, and for a token, then sends; null when the signal aborts or the gate
   *  closes before. */
  run<T>(request: GateRequest<T>): Promise<T | null>
  /** Requests under way. */
  inFlight(): number
  /** Whether half of maxMessages are taken, or more. */
  isCrowded(): boolean
  /** Nobody goes any more; requests under way go on. */
  close(): void
}

export function createGate({ tokens, onCrowded, ...most }: GateOptions): Gate {
  const places = createPlaces(most, onCrowded)
  const waits = new Set<AbortController>()
  let closed = false
  let inFlight = 0

  // Most requests need not wait for anything, and so need no signal of their own.
  const wait = async (signal: AbortSignal, until: (over: AbortSignal) => Promise<boolean>): Promise<boolean> => {
    if (closed || signal.aborted) return false
    const over = new AbortController()
    const leave = (): void => over.abort('over')
    waits.add(over)
    signal.addEventListener('abort', leave, { once: true })
    const isMet = await until(over.signal)
    signal.removeEventListener('abort', leave)
    waits.delete(over)
    return isMet
  }
  const send = async <T>(request: GateRequest<T>): Promise<T> => {
    inFlight++
    try {
      return await request.send()
    } finally {
      inFlight--
    }
  }

  return {
    inFlight: () => inFlight,
    isCrowded: () => places.areCrowded(),
    close() {
      closed = true
      for (const over of waits) over.abort('closed')
    },
    async run(request) {
      const { signal, messages } = request
      if (closed || signal.aborted) return null
      if (!places.takeNow(messages) && !(await wait(signal, (over) => places.take(request, over)))) return null
      let kept: Promise<void> | undefined
      try {
        if (closed || signal.aborted) return null
        if (!tokens.takeNow() && !(await wait(signal, (over) => tokens.take(over)))) return null
        const result = await send(request)
        kept = request.keep?.(result)
        return result
      } finally {
        places.giveBack({ requests: 1, messages: kept === undefined ? messages : 0 })
        void kept?.then(() => places.giveBack({ requests: 0, messages }))
      }
    },
  }
}

interface Taken {
  readonly requests: number
  readonly messages: number
}

interface Places {
  areCrowded(): boolean
  /** Whether there is one at once; then it is taken. */
  takeNow(messages: number): boolean
  /** False when `signal` aborts before there is one. */
  take(request: Pick<GateRequest<unknown>, 'partition' | 'messages'>, signal: AbortSignal): Promise<boolean>
  giveBack(taken: Taken): void
}

interface Waiting {
  readonly messages: number
  readonly enter: () => void
}

function createPlaces(
  { maxInFlight, maxMessages }: Pick<GateOptions, 'maxInFlight' | 'maxMessages'>,
  onCrowded: () => void = () => undefined,
): Places {
  const waiting = createFairQueue<number, Waiting>()
  let requests = 0
  let taken = 0
  const fits = (messages: number): boolean => requests < maxInFlight && (taken === 0 || taken + messages <= maxMessages)
  const areCrowded = (): boolean => taken * 2 >= maxMessages
  const occupy = (messages: number): void => {
    requests++
    taken += messages
    if (areCrowded()) onCrowded()
  }
  return {
    giveBack(back) {
      requests -= back.requests
      taken -= back.messages
      // Nobody passes the one whose turn it is, however few messages he has.
      for (let next = waiting.peek(); next !== undefined && fits(next.messages); next = waiting.peek()) {
        waiting.shift()
        occupy(next.messages)
        next.enter()
      }
    },
    takeNow(messages) {
      const isFree = waiting.size() === 0 && fits(messages)
      if (isFree) occupy(messages)
      return isFree
    },
    areCrowded,
    take: ({ partition, messages }, signal) => waitInLane(waiting, partition, signal, (enter) => ({ messages, enter })),
  }
}
