// A process that is frozen for longer than the session timeout, so that another one takes its partitions, and then woken
// beside its heir: at random moments and at exact points of its work, also for longer than the transaction timeout. The
// negative control is the same with the fences taken out: it must show doubles, or this harness would not see any.
import type { ApiName } from '../../test/support/kafka-frames.ts'
import { attempt, oftenEnough } from '../strike.ts'
import type { Leg, LegOptions, Scenario, Stage } from '../process/scenario.ts'

interface Form {
  /** Frozen when the broker has answered this. */
  readonly after: ApiName | 'random'
  /** Until the broker has aborted its transaction. */
  readonly isLong: boolean
}

const forms: readonly Form[] = [
  { after: 'Produce', isLong: false },
  { after: 'Fetch', isLong: false },
  { after: 'TxnOffsetCommit', isLong: true },
  { after: 'random', isLong: false },
  { after: 'EndTxn', isLong: false },
  { after: 'Produce', isLong: true },
  { after: 'TxnOffsetCommit', isLong: false },
]

const heirTimeoutMs = 60_000
const transactionTimeoutMs = 6_000
const warmUpPerPartition = 20
/** From the freeze; the broker looks every second for transactions that have timed out. */
const longMs = transactionTimeoutMs + 3_000

/** The real thing. */
export const zombie: Scenario = {
  name: 'zombie',
  promise: 'a process that wakes up when others own its partitions writes nothing twice',
  brokers: 1,
  usual: { rounds: 7, records: 28_000 },
  short: { rounds: 2, records: 6_000 },
  run: (stage) => freezeAndWake(stage, forms, {}),
}

/** Without fences. Frozen with fetched records in hand: there nothing but a fence holds it back. */
export const unfenced: Scenario = {
  name: 'unfenced',
  promise: 'negative control: without fences the same harness counts doubled records',
  brokers: 1,
  usual: { rounds: 4, records: 16_000 },
  short: { rounds: 2, records: 6_000 },
  expects: 'doubles',
  run: (stage) =>
    freezeAndWake(stage, [{ after: 'Fetch', isLong: false }], { entry: new URL('../unfenced.ts', import.meta.url) }),
}

async function freezeAndWake(stage: Stage, which: readonly Form[], { entry }: LegOptions): Promise<void> {
  const options = { ...(entry ? { entry } : {}), config: { kafka: { transactionTimeoutMs } } }
  const portion = Math.ceil(stage.size.records / (2 * stage.size.rounds))
  const [victim, heir] = [stage.start(options), stage.start(options)]
  for (const form of oftenEnough(which, stage.size.rounds)) {
    await stage.untilOwned([victim, heir])
    // A session that has yet to open reads the committed offset, and does no harm: all of them are to be open.
    await stage.feed(warmUpPerPartition * stage.topics.partitions)
    await stage.until('all sessions are open', () => stage.progress.done() >= stage.progress.fed())
    const frozenAtMs = await freeze(stage, victim, { ...form, portion })
    await stage.until(
      `${heir.name} owns every partition`,
      () => heir.assigned() === stage.topics.partitions && (!form.isLong || performance.now() > frozenAtMs + longMs),
      { timeoutMs: heirTimeoutMs },
    )
    // More than the victim has in hand, so that the heir has gone past it when it wakes.
    await stage.feed(portion)
    await stage.untilDone(Math.ceil(portion / 2))
    victim.send('SIGCONT')
  }
  await stage.untilOwned([victim, heir])
}

/** Lets records flow and resolves when the victim is frozen in the midst of them, with the time. */
async function freeze(
  stage: Stage,
  victim: Leg,
  { after, isLong, portion }: Form & { readonly portion: number },
): Promise<number> {
  const stop = (): void => victim.send('SIGSTOP')
  const fault = `SIGSTOP after ${after}${isLong ? ', longer than the transaction timeout' : ''}`
  if (after === 'random') {
    const fed = stage.feed(portion)
    await stage.untilDone(Math.ceil((stage.random() * portion) / 4))
    stop()
    stage.struck(fault)
    await fed
    return performance.now()
  }
  // A fetch that brings records; most of them bring none.
  const which = after === 'Fetch' ? { minAnswerBytes: 4_000 } : { nth: 1 + Math.floor(stage.random() * 2) }
  const rule = { api: after, ...which, clientId: victim.name, action: 'call', when: 'after', cuts: false } as const
  const armed = stage.rules.arm({ ...rule, call: stop })
  await stage.feed(portion)
  if (!(await attempt(stage, { fault, armed, isNeverSent: () => false }))) stop()
  return performance.now()
}
