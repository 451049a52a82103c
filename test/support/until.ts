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
  const late = (): Error => new Error(`not within ${timeoutMs} ms: ${describe()}`)
  for (;;) {
    const answer = await settledBy(deadline, condition(), late)
    if (holds(answer)) return answer
    if (systemClock.now() >= deadline) throw late()
    await systemClock.sleep(pollMs)
  }
}

/** Longer than the deadline for an answer that is under way, so that a slow last one still counts. */
const graceMs = 5_000

// A condition that never answers must not hang the test without a word.
async function settledBy<T>(deadline: number, answer: T | Promise<T>, late: () => Error): Promise<T> {
  if (!(answer instanceof Promise)) return answer
  const settled = new AbortController()
  const overdue = systemClock.sleep(deadline + graceMs - systemClock.now(), settled.signal).then(() => {
    if (!settled.signal.aborted) throw late()
    return answer
  })
  try {
    return await Promise.race([answer, overdue])
  } finally {
    settled.abort()
    overdue.catch(() => undefined)
  }
}
