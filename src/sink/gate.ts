// The way out of one destination: at most `maxInFlight` requests at once, partitions in turn, each with a token of the
// rate limit. In: a request to make. Out: its result. Ruled by sink.md, "Behaviour".
//
//   waiting for a slot -> waiting for a token -> under way -> kept -> over; a partition in back-off is in none of them.
import { createFairQueue } from './fair-queue.ts'

export interface GateOptions {
  readonly maxInFlight: number
  /** Waits until one more request may start; false when `signal` aborts before. */
  readonly takeToken: (signal: AbortSignal) => Promise<boolean>
}

export interface Gate {
  /** Waits for a slot, partitions taking turns, and for a token, then runs `request`; null when `signal` aborts or the
   *  gate closes before. The slot is free again when `keep` resolves, which gets the result and must not reject. */
  run<T>(
    partition: number,
    signal: AbortSignal,
    request: () => Promise<T>,
    keep?: (result: T) => Promise<void>,
  ): Promise<T | null>
  /** Requests under way. */
  inFlight(): number
  /** Nobody goes any more; requests under way go on. */
  close(): void
}

export function createGate({ maxInFlight, takeToken }: GateOptions): Gate {
  const slots = createSlots(maxInFlight)
  const turns = new Set<AbortController>()
  let closed = false
  let inFlight = 0

  const pass = async <T>({ partition, signal, begin }: Turn, { request, keep }: Passing<T>): Promise<T | null> => {
    if (!(await slots.take(partition, signal))) return null
    let kept: Promise<void> | undefined
    try {
      if (!(await takeToken(signal))) return null
      begin()
      inFlight++
      try {
        const result = await request()
        kept = keep?.(result)
        return result
      } finally {
        inFlight--
      }
    } finally {
      if (kept === undefined) slots.giveBack()
      else void kept.then(() => slots.giveBack())
    }
  }

  return {
    inFlight: () => inFlight,
    close() {
      closed = true
      for (const turn of turns) turn.abort()
    },
    async run(partition, signal, request, keep) {
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
        return await pass({ partition, signal: turn.signal, begin }, { request, ...(keep && { keep }) })
      } finally {
        begin()
      }
    },
  }
}

interface Passing<T> {
  readonly request: () => Promise<T>
  readonly keep?: (result: T) => Promise<void>
}

interface Turn {
  readonly partition: number
  /** Aborts when the wait is over for nothing. */
  readonly signal: AbortSignal
  /** The wait is over: the request starts. */
  readonly begin: () => void
}

interface Slots {
  /** False when `signal` aborts before one is free. */
  take(partition: number, signal: AbortSignal): Promise<boolean>
  giveBack(): void
}

function createSlots(count: number): Slots {
  const waiting = createFairQueue<number, () => void>()
  let free = count
  return {
    giveBack() {
      const next = waiting.shift()
      if (next) next()
      else free++
    },
    async take(partition, signal) {
      if (signal.aborted) return false
      if (free > 0) {
        free--
        return true
      }
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const enter = (): void => {
        signal.removeEventListener('abort', leave)
        resolve(true)
      }
      const leave = (): void => {
        waiting.remove(partition, enter)
        resolve(false)
      }
      waiting.push(partition, enter)
      signal.addEventListener('abort', leave, { once: true })
      return promise
    },
  }
}
