// Processes are told to end in the midst of their work: in order, while the broker stands still, and twice. Whoever comes
// next goes on where they stopped.
import { expectEnd } from '../expect-end.ts'
import type { Leg, Scenario, Stage } from '../process/scenario.ts'
import { oftenEnough } from '../strike.ts'

/** Strikes a leg that works. */
type Form = (stage: Stage, leg: Leg) => Promise<void>

const shutdownTimeoutMs = 2_000
/** For a process that has been told to end at once, on a busy machine. */
const atOnceMs = 2_000

const forms: readonly Form[] = [
  async (stage, leg) => {
    stage.struck('SIGTERM')
    leg.send('SIGTERM')
    await expectEnd(stage, leg, { what: 'SIGTERM', code: 0, withinMs: shutdownTimeoutMs + atOnceMs })
  },
  async (stage, leg) => {
    stage.struck('SIGTERM while the broker stands still')
    stage.cluster.freeze(0)
    leg.send('SIGTERM')
    await expectEnd(stage, leg, {
      what: `SIGTERM, and no end within shutdownTimeoutMs (${shutdownTimeoutMs})`,
      code: 143,
      withinMs: shutdownTimeoutMs + atOnceMs,
    })
    const told = leg.lines.some(({ msg }) => String(msg).includes('stopping took longer than shutdownTimeoutMs'))
    if (!told) stage.complain(`${leg.name} does not say that it ran out of time\n${leg.tail()}`)
    stage.cluster.thaw(0)
  },
  async (stage, leg) => {
    stage.struck('two SIGTERM while the broker stands still')
    stage.cluster.freeze(0)
    leg.send('SIGTERM')
    await stage.until('the leg is stopping', () => leg.lines.some(({ msg }) => msg === 'stopping'))
    leg.send('SIGTERM')
    await expectEnd(stage, leg, { what: 'a second SIGTERM', code: 143, withinMs: atOnceMs })
    stage.cluster.thaw(0)
  },
]

/** One process after the other. */
export const stop: Scenario = {
  name: 'stop',
  promise: 'SIGTERM ends a process in order within its deadline, a second one at once, and nothing is lost or repeated',
  brokers: 1,
  usual: { rounds: 12, records: 48_000 },
  short: { rounds: 3, records: 9_000 },
  async run(stage) {
    const portion = Math.ceil(stage.size.records / stage.size.rounds)
    for (const form of oftenEnough(forms, stage.size.rounds)) {
      const leg = stage.start({ config: { shutdownTimeoutMs } })
      await stage.untilOwned([leg])
      await stage.feed(portion)
      await stage.untilDone(Math.ceil(stage.random() * (portion / 8)))
      await form(stage, leg)
    }
    await stage.untilOwned([stage.start()])
  },
}
