// Time that a test moves. Sleepers wake in order of their time. Test support.
import { expect } from 'vitest'
import type { Clock } from '../../src/clock.ts'

interface Sleeper {
  readonly atMs: number
  wake(): void
}

export interface FakeClock extends Clock {
  /** Moves time on; whoever was to wake until then wakes, in order. */
  advance(ms: number): void
  /** Moves time to the next sleeper; false when nobody sleeps. */
  advanceToNext(): boolean
  /** How many sleep. */
  sleeping(): number
}

export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Lets everything that is ready run, timers and sockets left out. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await nextTurn()
}

export function createFakeClock(startMs = Date.UTC(2026, 10, 21, 10)): FakeClock {
  let nowMs = startMs
  let sleepers: Sleeper[] = []
  const advance = (ms: number): void => {
    const untilMs = nowMs + ms
    const due = sleepers.filter((sleeper) => sleeper.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)
    sleepers = sleepers.filter((sleeper) => sleeper.atMs > untilMs)
    nowMs = untilMs
    for (const sleeper of due) sleeper.wake()
  }
  return {
    now: () => nowMs,
    sleeping: () => sleepers.length,
    advance,
    advanceToNext() {
      const next = Math.min(...sleepers.map((sleeper) => sleeper.atMs))
      if (next === Infinity) return false
      advance(Math.max(0, next - nowMs))
      return true
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const leave = (): void => {
          sleepers = sleepers.filter((other) => other !== sleeper)
          resolve()
        }
        // Whoever wakes by the clock leaves nothing behind on a signal that may live for long.
        const wake = (): void => {
          signal?.removeEventListener('abort', leave)
          resolve()
        }
        const sleeper = { atMs: nowMs + ms, wake }
        sleepers.push(sleeper)
        signal?.addEventListener('abort', leave, { once: true })
      }),
  }
}

/** Lets everything run, and time jump from sleeper to sleeper, until `condition` holds. */
export async function runUntil(clock: FakeClock, condition: () => boolean, deadlineMs = 10_000): Promise<void> {
  const endMs = Date.now() + deadlineMs
  while (!condition()) {
    if (Date.now() > endMs) expect.fail(`not so within ${deadlineMs} ms: ${condition.toString()}`)
    await settle()
    if (!condition()) clock.advanceToNext()
  }
}
