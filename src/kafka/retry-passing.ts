// Answers that pass by themselves within milliseconds: the transaction before is still ending (its markers are being
// written, the normal case right after a commit), a coordinator is still loading. The same request is sent again.
import type { Clock } from '../clock.ts'
import { errorOfCode } from './kafkajs.ts'
import { errorCode } from './wire/request.ts'

const passing: ReadonlySet<number> = new Set([errorCode.concurrentTransactions, errorCode.coordinatorLoading])
const limitMs = 10_000
const firstDelayMs = 2
const longestDelayMs = 100

/** Calls `attempt` until its error code is 0. Rejects with kafkajs's error of any other code, and after 10 s. */
export async function retryPassing(clock: Clock, attempt: () => Promise<number>): Promise<void> {
  const untilMs = clock.now() + limitMs
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
    const code = await attempt()
    if (code === errorCode.none) return
    if (!passing.has(code) || clock.now() > untilMs) throw errorOfCode(code)
    await clock.sleep(delayMs)
  }
}
