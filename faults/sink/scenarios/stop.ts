// Processes are told to end with requests under way: in order, while the API never answers, and twice.
import { expectEnd } from '../../expect-end.ts'
import { oftenEnough } from '../../strike.ts'
import type { Leg, Scenario, Stage } from '../scenario.ts'

interface Form {
  readonly name: string
  strike(stage: Stage, leg: Leg): Promise<void>
}

const shutdownTimeoutMs = 3_000
/** For a process that has been told to end at once, on a busy machine. */
const atOnceMs = 2_000
const answerDelayMs = 100

const forms: readonly Form[] = [
  {
    name: 'SIGTERM with requests under way',
    async strike(stage, leg) {
      leg.send('SIGTERM')
      await expectEnd(stage, leg, { what: 'SIGTERM', code: 0, withinMs: shutdownTimeoutMs + atOnceMs })
      await stage.until('the committed offsets are known', () => stage.progress.refresh())
      const uncommitted = stage.api.accepted.messages.size - stage.progress.done()
      const most = mostUncommitted(stage)
      stage.note(`SIGTERM: ${uncommitted} messages accepted and not committed, at most ${most} are in order`)
      if (uncommitted > most)
        stage.complain(`SIGTERM: ${uncommitted} messages accepted and not committed\n${leg.tail()}`)
    },
  },
  {
    name: 'SIGTERM, the API never answers',
    async strike(stage, leg) {
      stage.api.strike({ kind: 'silent' })
      await stage.until('a request waits', () => stage.api.struck() > 0)
      leg.send('SIGTERM')
      await expectEnd(stage, leg, { what: 'SIGTERM', code: 0, withinMs: shutdownTimeoutMs + atOnceMs })
      stage.api.strike(undefined)
    },
  },
  {
    name: 'two SIGTERM, the API never answers',
    async strike(stage, leg) {
      stage.api.strike({ kind: 'silent' })
      await stage.until('a request waits', () => stage.api.struck() > 0)
      leg.send('SIGTERM')
      await stage.until('the leg is stopping', () => leg.lines.some(({ msg }) => msg === 'stopping'))
      leg.send('SIGTERM')
      await expectEnd(stage, leg, { what: 'a second SIGTERM', code: 143, withinMs: atOnceMs })
      stage.api.strike(undefined)
    },
  },
]

/** One process after the other. */
export const stop: Scenario = {
  name: 'stop',
  promise: 'SIGTERM ends a process in order within its deadline, a second one at once, and nothing is lost',
  brokers: 1,
  usual: { rounds: 9, records: 18_000 },
  short: { rounds: 3, records: 3_600 },
  async run(stage) {
    stage.api.delay(answerDelayMs)
    const portion = Math.ceil(stage.size.records / stage.size.rounds)
    // A request may last as long as stopping may take.
    const limits = { ...stage.limits, timeoutMs: 2 * shutdownTimeoutMs }
    const config = { ...stage.destinations({ sink: { limits, shutdownTimeoutMs } }) }
    for (const form of oftenEnough(forms, stage.size.rounds)) {
      stage.under(form.name)
      const leg = stage.start({ config })
      const before = stage.api.accepted.messages.size
      await stage.feed(portion)
      await stage.until('messages flow', () => stage.api.accepted.messages.size > before)
      stage.struck(form.name)
      await form.strike(stage, leg)
    }
    await stage.untilOwned([stage.start()])
  },
}

// All that was under way has been answered in time. Where only persons are kept in order, it may lie behind messages of others
// that were not sent yet, and only what lies before those can be committed.
function mostUncommitted({ concurrency, limits, topics }: Stage): number {
  return concurrency === 'partition' ? 0 : topics.partitions * 2 * limits.maxInFlight * limits.maxBatchMessages
}
