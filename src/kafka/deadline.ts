// A time limit for kafkajs calls that can hang. In: a promise and a limit. Out: its result or TB_KAFKA_UNAVAILABLE.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'

/** Settles as `work` does, or rejects with TB_KAFKA_UNAVAILABLE after `timeoutMs`. `tried` completes "cannot ...".
 *  The work itself is not ended: kafkajs cannot be interrupted. */
export async function within<T>(
  work: Promise<T>,
  limit: { readonly timeoutMs: number; readonly tried: string; readonly clock: Clock },
): Promise<T> {
  const timer = new AbortController()
  const late = limit.clock.sleep(limit.timeoutMs, timer.signal).then((): never => {
    throw new TrackbridgeError('TB_KAFKA_UNAVAILABLE', `cannot ${limit.tried}: no answer within ${limit.timeoutMs} ms`)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    timer.abort()
  }
}
