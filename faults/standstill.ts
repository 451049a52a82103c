// Whether a leg that cannot go on behaves: says why, lives on, skips nothing, and does not spin. In: what it must say.
import { systemClock } from '../src/clock.ts'
import type { ApiName } from '../test/support/kafka-frames.ts'
import type { Leg, Stage } from './scenario.ts'

export interface Standstill {
  /** In the words of complaints: `destination deleted`. */
  readonly fault: string
  readonly leg: Leg
  /** What one of its log lines, as JSON, must hold. */
  readonly says: RegExp
  /** Lines before this one are of something else; 0 if absent. */
  readonly fromLine?: number
  /** What was done before may show so much later, in milliseconds; 0 if absent. */
  readonly settleMs?: number
}

/** Requests that a try costs. */
const tries: readonly ApiName[] = ['InitProducerId', 'Produce']
const triesPerSecond = 10
const questions: readonly ApiName[] = ['Metadata', 'FindCoordinator']
const questionsPerSecond = 40
const watchedMs = 5_000

/** Waits until the leg says why it stands still and watches it for a while. What is amiss becomes a complaint. */
export async function watchStandstill(stage: Stage, standstill: Standstill): Promise<void> {
  const { fault, leg, says, fromLine = 0, settleMs = 0 } = standstill
  const hasSaid = (): boolean => leg.lines.slice(fromLine).some((line) => says.test(JSON.stringify(line)))
  await stage.until(`${fault}: ${leg.name} says ${String(says)}`, () => hasSaid() || leg.isOver())
  if (!hasSaid()) stage.complain(`${fault}: ${leg.name} has ended without saying why\n${leg.tail()}`)
  await systemClock.sleep(settleMs)
  const before = { done: stage.progress.done(), tries: count(stage, tries), questions: count(stage, questions) }
  await systemClock.sleep(watchedMs)
  const done = stage.progress.done() - before.done
  if (done > 0) stage.complain(`${fault}: ${done} records were done with that cannot have been written`)
  bound(stage, `${fault}: tries`, count(stage, tries) - before.tries, triesPerSecond)
  bound(stage, `${fault}: questions`, count(stage, questions) - before.questions, questionsPerSecond)
  if (leg.isOver()) stage.complain(`${fault}: ${leg.name} has ended\n${leg.tail()}`)
}

const count = ({ rules }: Stage, apis: readonly ApiName[]): number =>
  apis.reduce((sum, api) => sum + rules.seen(api), 0)

function bound(stage: Stage, what: string, found: number, perSecond: number): void {
  const most = (perSecond * watchedMs) / 1_000
  if (found > most) stage.complain(`${what}: ${found} in ${watchedMs / 1_000} s, at most ${most} are in order`)
}
