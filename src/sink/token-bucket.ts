// PURE: keeps the rate of requests under a limit. In: the bucket, the time, the rate. Out: the bucket after one request,
// and how long that request must wait. Ruled by sink.md, "Facts of the API": 3,000 requests in 3 seconds.

export interface Rate {
  readonly requestsPerSecond: number
  /** How many may go at once after a quiet time. */
  readonly burst: number
}

/** `tokens` below 0 are requests promised to the future. */
export interface TokenBucket {
  readonly tokens: number
  readonly atMs: number
}

/** A hundredth of a second's requests, at least 1: hides the coarseness of timers, and adds little to the rate. */
export const defaultBurst = (requestsPerSecond: number): number => Math.max(1, Math.floor(requestsPerSecond / 100))

export const fullBucket = (rate: Rate, nowMs: number): TokenBucket => ({ tokens: rate.burst, atMs: nowMs })

/** The bucket as it stands now: to be asked before the rate changes, so that time passed counts at the rate it had. */
export function refill(bucket: TokenBucket, nowMs: number, rate: Rate): TokenBucket {
  // A clock that is set back fills nothing; time counts on from where it now stands, or requests would wait for it to
  // come back to where it was.
  const elapsedMs = Math.max(0, nowMs - bucket.atMs)
  const tokens = Math.min(rate.burst, bucket.tokens + (elapsedMs / 1_000) * rate.requestsPerSecond)
  return { tokens, atMs: nowMs }
}

/** Takes one token, on credit if need be: the request may go after `waitMs` (Infinity at a rate of 0). Whoever asks
 *  first goes first. Promises that in any span of time at most `burst + requestsPerSecond * seconds` requests go. */
export function takeToken(bucket: TokenBucket, nowMs: number, rate: Rate): { bucket: TokenBucket; waitMs: number } {
  const { tokens: filled, atMs } = refill(bucket, nowMs, rate)
  const tokens = filled - 1
  const waitMs = tokens >= 0 ? 0 : Math.ceil((-tokens / rate.requestsPerSecond) * 1_000)
  return { bucket: { tokens, atMs }, waitMs }
}
