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

/** Takes one token, on credit if need be: the request may go after `waitMs`. Whoever asks first goes first.
 *  Promises that in any span of time at most `burst + requestsPerSecond * seconds` requests go. */
export function takeToken(bucket: TokenBucket, nowMs: number, rate: Rate): { bucket: TokenBucket; waitMs: number } {
  // A clock that is set back must not fill or empty the bucket.
  const atMs = Math.max(bucket.atMs, nowMs)
  const refilled = Math.min(rate.burst, bucket.tokens + ((atMs - bucket.atMs) / 1_000) * rate.requestsPerSecond)
  const tokens = refilled - 1
  const waitMs = tokens >= 0 ? 0 : Math.ceil((-tokens / rate.requestsPerSecond) * 1_000)
  return { bucket: { tokens, atMs }, waitMs }
}
