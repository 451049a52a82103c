// SIGKILL of the sink: at exact moments of a request, at random ones, while starting. What is repeated is what had been accepted and
// not yet committed, which is at most what may be in flight; all three figures are told.
import type { Moment } from '../faulty-api.ts'
import type { Leg, Scenario, Stage } from '../scenario.ts'

type Form = Moment | 'random' | 'starting'

const forms: readonly Form[] = ['accepted', 'arrived', 'random', 'answered', 'random', 'starting']
/** So that requests of several partitions are under way at once. */
const answerDelayMs = 40
const longestStartMs = 1_500

/** One process after the other. */
export const kill: Scenario = {
  name: 'kill',
  promise: 'a process killed at any moment loses nothing and repeats at most what was in flight',
  brokers: 1,
  usual: { rounds: 12, records: 24_000 },
  short: { rounds: 1, records: 2_000 },
  async run(stage) {
    stage.api.delay(answerDelayMs)
    stage.under('SIGKILL')
    const portion = Math.ceil(stage.size.records / stage.size.rounds)
    const uncommitted: number[] = []
    for (let round = 0; round < stage.size.rounds; round++) {
      await stage.feed(portion)
      await strike(stage, forms[round % forms.length] ?? 'random', portion)
      uncommitted.push(await acceptedNotCommitted(stage))
    }
    await stage.untilOwned([stage.start()])
    await stage.untilAllDone({ timeoutMs: 120_000 })
    judge(stage, uncommitted)
  },
}

async function strike(stage: Stage, form: Form, portion: number): Promise<void> {
  const leg = stage.start()
  if (form === 'starting') await starting(stage)
  else await amidst(stage, leg, { form, portion })
  leg.send('SIGKILL')
  stage.struck('SIGKILL')
  await leg.ended
}

async function starting(stage: Stage): Promise<void> {
  const over = performance.now() + stage.random() * longestStartMs
  await stage.until('the moment to kill', () => performance.now() >= over)
}

interface Aim {
  readonly form: Moment | 'random'
  readonly portion: number
}

async function amidst(stage: Stage, leg: Leg, { form, portion }: Aim): Promise<void> {
  const { api, limits, random, progress } = stage
  // So many requests go by for sure: in some lives of a process before its first commit, in others after it.
  const most = Math.min(2 * portion, progress.fed() - progress.done()) / limits.maxBatchMessages
  const nth = 1 + Math.floor(random() * 0.8 * most)
  let isMoment = false
  api.at(form === 'random' ? 'arrived' : form, nth, () => {
    isMoment = true
    if (form !== 'random') leg.send('SIGKILL')
  })
  await stage.until(`${form}: ${nth} requests`, () => isMoment)
  const over = performance.now() + random() * 2 * answerDelayMs
  if (form === 'random') await stage.until('the moment to kill', () => performance.now() >= over)
}

/** What the next process will send again: nothing more arrives, and nothing more is committed. */
async function acceptedNotCommitted(stage: Stage): Promise<number> {
  // Requests that had come in whole when their sender died are still accepted.
  const over = performance.now() + 4 * answerDelayMs
  const { api, progress } = stage
  await stage.until('the last requests are accepted', () => performance.now() >= over)
  await stage.until('the committed offsets are known', () => progress.refresh())
  return api.accepted.messages.size - progress.done()
}

function judge(stage: Stage, uncommitted: readonly number[]): void {
  const { api, limits, size } = stage
  const allowed = uncommitted.reduce((sum, count) => sum + count, 0)
  const repeated = api.accepted.total() - api.accepted.messages.size
  const inFlight = limits.maxInFlight * limits.maxBatchMessages
  // What a process killed before has left is still there when the next one is killed before it has come so far.
  const added = uncommitted.map((count, index) => count - (uncommitted[index - 1] ?? 0))
  const most = Math.max(...added)
  stage.note(
    `${repeated} messages repeated after ${size.rounds} kills; accepted and not yet committed at the kills: ${allowed} in all, ` +
      `${most} at most beside what the kill before had left; in flight at most ${inFlight} at each (${inFlight * size.rounds} in all)`,
  )
  if (stage.concurrency === 'partition' && most > inFlight)
    stage.complain(
      `${most} messages were left accepted and not committed by a kill; at most ${inFlight} may be in flight`,
    )
  if (repeated > allowed)
    stage.complain(`${repeated} messages were repeated, ${allowed} had been accepted and not committed`)
}
