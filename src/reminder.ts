// What is worth saying once a minute while it lasts. In: texts, and time. Out: whether a text is due.
import type { Clock } from './clock.ts'

export interface Reminder {
  /** True for a text that was not due within the last minute. */
  isDue(text: string): boolean
}

const everyMs = 60_000

export function createReminder(clock: Clock): Reminder {
  const toldAtMs = new Map<string, number>()
  return {
    isDue(text) {
      const nowMs = clock.now()
      for (const [told, atMs] of toldAtMs) if (nowMs - atMs >= everyMs) toldAtMs.delete(told)
      if (toldAtMs.has(text)) return false
      toldAtMs.set(text, nowMs)
      return true
    },
  }
}
