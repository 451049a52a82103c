// Whether a leg ends as it was told to: in time, and with the right exit code. What is amiss becomes a complaint.
import { systemClock } from '../src/clock.ts'
import type { Leg, Stage } from './scenario.ts'

export interface Expected {
  /** In the words of complaints: `SIGTERM`. */
  readonly what: string
  readonly code: number
  readonly withinMs: number
}

/** Waits until the leg has ended. */
export async function expectEnd(stage: Stage, leg: Leg, expected: Expected): Promise<void> {
  const { what, code: wanted, withinMs } = expected
  const sinceMs = systemClock.now()
  await stage.until(`${what}: ${leg.name} ends`, () => leg.isOver())
  const tookMs = systemClock.now() - sinceMs
  const { code, signal } = await leg.ended
  const found = String(code ?? signal)
  if (code !== wanted) stage.complain(`${what}: ${leg.name} ended with ${found}, ${wanted} wanted\n${leg.tail()}`)
  if (tookMs > withinMs) stage.complain(`${what}: ${leg.name} took ${tookMs} ms, at most ${withinMs} are in order`)
}
