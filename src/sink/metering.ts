// What the sink counts beside its work: dead letters by reason, waits for the rate limit. In: the parts it is made of.
// Out: the same parts, which count. Nothing changes where there is no meter.
import type { Clock } from '../clock.ts'
import type { Meter } from '../ops/meter.ts'
import type { WriteDeadLetters } from './dead-letter-writer.ts'
import type { RateUser } from './rate-limits.ts'

/** Counts letters once they are safely written. */
export function countLetters(write: WriteDeadLetters, meter: Meter | undefined): WriteDeadLetters {
  if (meter === undefined) return write
  return async (letters) => {
    await write(letters)
    for (const { reason } of letters) meter.add('trackbridge_dead_letters_total', { stage: 'sink', reason })
  }
}

/** Counts the time that requests of a destination wait for leave to start. */
export function timeWaits(
  rate: RateUser,
  { clock, meter }: { readonly clock: Clock; readonly meter?: Meter },
  destination: string,
): RateUser {
  if (meter === undefined) return rate
  meter.add('trackbridge_rate_limit_wait_seconds_total', { destination }, 0)
  return {
    ...rate,
    async take(signal) {
      const startMs = clock.now()
      const goes = await rate.take(signal)
      const waitedMs = clock.now() - startMs
      if (waitedMs > 0) meter.add('trackbridge_rate_limit_wait_seconds_total', { destination }, waitedMs / 1_000)
      return goes
    },
  }
}
