// The way out of one destination: at most `maxInFlight` requests at once, partitions in turn, each with a token of the
// rate limit. In: requests to make. Out: their results. Ruled by sink.md, "Behaviour".
//
//   waiting for a place -> waiting for a token -> under way -> kept -> over; a partition in back-off is in none of them.
//   Requests under way are counted, and of those under way or kept the messages.
import { createFairQueue } from './fair-queue.ts'

export interface GateOptions {
  readonly maxInFlight: number
  /** Of all requests under way or kept. One that has more goes alone. */
  readonly maxMessages: number
  /** Waits until one more request may start; false when `signal` aborts before. */
  readonly takeToken: (signal: AbortSignal) => Promise<boolean>
}

export interface GateRequest<T> {
  readonly partition: number
  readonly messages: number
  readonly signal: AbortSignal
  send(): Promise<T>
  /** Its messages count until this resolves, which must not reject; absent: until it is over. */
  keep?(result: T): Promise<void>
}

export interface Gate {
  /** Waits for a place, partitions taking turns, and for a token, then sends; null when the signal aborts or the gate
   *  closes before. */
  run<T>(request: GateRequest<T>): Promise<T | null>
  /** Requests under way. */
  inFlight(): number
  /** Nobody goes any more; requests under way go on. */
  close(): void
}

export function createGate({ takeToken, ...most }: GateOptions): Gate {
  const places = createPlaces(most)
  const turns = new Set<AbortController>()
  let closed = false
  let inFlight = 0

  const pass = async <T>(request: GateRequest<T>, { signal, begin }: Turn): Promise<T | null> => {
    const { messages } = request
    if (!(await places.take(request, signal))) return null
    let kept: Promise<void> | undefined
    try {
      if (!(await takeToken(signal))) return null
      begin()
      inFlight++
      try {
        const result = await request.send()
        kept = request.keep?.(result)
        return result
      } finally {
        inFlight--
      }
    } finally {
      places.giveBack({ requests: 1, messages: kept === undefined ? messages : 0 })
      void kept?.then(() => places.giveBack({ requests: 0, messages }))
    }
  }

  return {
    inFlight: () => inFlight,
    close() {
      closed = true
      for (const turn of turns) turn.abort()
    },
    async run(request) {
      const { signal } = request
      const turn = new AbortController()
      const leave = (): void => turn.abort()
      const begin = (): void => {
        turns.delete(turn)
        signal.removeEventListener('abort', leave)
      }
      turns.add(turn)
      signal.addEventListener('abort', leave, { once: true })
      if (closed || signal.aborted) leave()
      try {
        return await pass(request, { signal: turn.signal, begin })
      } finally {
        begin()
      }
    },
  }
}

interface Turn {
  /** Aborts when the wait is over for nothing. */
  readonly signal: AbortSignal
  /** The wait is over: the request starts. */
  readonly begin: () => void
}

interface Taken {
  readonly requests: number
  readonly messages: number
}

interface Places {
  /** False when `signal` aborts before there is one. */
  take(request: Pick<GateRequest<unknown>, 'partition' | 'messages'>, signal: AbortSignal): Promise<boolean>
  giveBack(taken: Taken): void
}

interface Waiting {
  readonly messages: number
  readonly enter: () => void
}

function createPlaces({ maxInFlight, maxMessages }: Pick<GateOptions, 'maxInFlight' | 'maxMessages'>): Places {
  const waiting = createFairQueue<number, Waiting>()
  let requests = 0
  let taken = 0
  const fits = (messages: number): boolean => requests < maxInFlight && (taken === 0 || taken + messages <= maxMessages)
  const occupy = (messages: number): void => {
    requests++
    taken += messages
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
    async take({ partition, messages }, signal) {
      if (signal.aborted) return false
      if (waiting.size() === 0 && fits(messages)) {
        occupy(messages)
        return true
      }
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const enter = (): void => {
        signal.removeEventListener('abort', leave)
        resolve(true)
      }
      const one: Waiting = { messages, enter }
      const leave = (): void => {
        waiting.remove(partition, one)
        resolve(false)
      }
      waiting.push(partition, one)
      signal.addEventListener('abort', leave, { once: true })
      return promise
    },
  }
}
