// Waiting for a condition with a deadline, instead of sleeping.
import { systemClock } from '../../src/clock.ts'

export interface UntilOptions {
  readonly timeoutMs?: number
  /** What is waited for, as it stands now; part of the error when time runs out. */
  readonly describe?: () => string
}

const pollMs = 20

/** Resolves with the first answer of `condition` that is neither false, null nor undefined. Rejects when there is none
 *  within `timeoutMs` (20 s), or with what the condition throws. */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 20_000, describe = () => condition.toString() }: UntilOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = systemClock.now() + timeoutMs
  const holds = (answer: T): answer is Exclude<T, false | null | undefined> =>
    answer !== false && answer !== null && answer !== undefined
  for (;;) {
    const answer = await condition()
    if (holds(answer)) return answer
    if (systemClock.now() >= deadline) throw new Error(`not within ${timeoutMs} ms: ${describe()}`)
    await systemClock.sleep(pollMs)
  }
}
