// The way out of one destination: at most `maxInFlight` requests at once, in the order asked for, no faster than the
// token bucket allows. In: a request to make. Out: its result. Ruled by sink.md, "Behaviour".
import type { Clock } from '../clock.ts'
import { defaultBurst, fullBucket, takeToken } from './token-bucket.ts'

export interface GateOptions {
  readonly maxInFlight: number
  readonly requestsPerSecond: number
}

export interface Gate {
  /** Waits for its turn, then runs `request`; null when `signal` aborts before its turn has come. */
  run<T>(signal: AbortSignal, request: () => Promise<T>): Promise<T | null>
  /** Requests under way. */
  inFlight(): number
}

export function createGate(clock: Clock, options: GateOptions): Gate {
  const rate = { requestsPerSecond: options.requestsPerSecond, burst: defaultBurst(options.requestsPerSecond) }
  const waiting: (() => void)[] = []
  let bucket = fullBucket(rate, clock.now())
  let free = options.maxInFlight
  let inFlight = 0

  const release = (): void => {
    const next = waiting.shift()
    if (next) next()
    else free++
  }
  const slot = async (signal: AbortSignal): Promise<boolean> => {
    if (signal.aborted) return false
    if (free > 0) {
      free--
      return true
    }
    return new Promise<boolean>((resolve) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave)
        resolve(true)
      }
      const leave = (): void => {
        waiting.splice(waiting.indexOf(enter), 1)
        resolve(false)
      }
      waiting.push(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }
  const token = async (signal: AbortSignal): Promise<boolean> => {
    const taken = takeToken(bucket, clock.now(), rate)
    bucket = taken.bucket
    if (taken.waitMs > 0) await clock.sleep(taken.waitMs, signal)
    return !signal.aborted
  }

  return {
    inFlight: () => inFlight,
    async run(signal, request) {
      if (!(await slot(signal))) return null
      try {
        if (!(await token(signal))) return null
        inFlight++
        try {
          return await request()
        } finally {
          inFlight--
        }
      } finally {
        release()
      }
    },
  }
}
