// PURE: how long to wait before the same request goes out again. In: which failure in a row it was, what the API asked
// for, a random number. Out: milliseconds. Ruled by sink.md, "Behaviour": 250 ms to 60 s, full jitter.

export const firstCeilingMs = 250
export const lastCeilingMs = 60_000

/** A longer Retry-After is cut to this: a date far off, or in another century, must not park a partition for good. */
export const longestRetryAfterMs = 3_600_000

/** Promises a whole number from 0 to the ceiling of this failure (250 ms, 500 ms, 1 s ... 60 s), and never less than
 *  `retryAfterMs` (at most an hour). `failures` counts from 1; `random` is from 0 up to, not including, 1. */
export function backoffMs(failures: number, random: number, retryAfterMs = 0): number {
  const ceilingMs = Math.min(lastCeilingMs, firstCeilingMs * 2 ** (failures - 1))
  const jitteredMs = Math.floor(random * (ceilingMs + 1))
  return Math.max(jitteredMs, Math.min(retryAfterMs, longestRetryAfterMs))
}
