// The only broker goes away and comes back: stopped in order, killed, frozen. Two processes.
import { systemClock } from '../../src/clock.ts'
import { strikeInTheMidst } from '../strike.ts'
import type { Scenario, Stage } from '../scenario.ts'

type Form = (stage: Stage) => Promise<void>

const frozenMs = 10_000

const forms: readonly Form[] = [
  async (stage) => {
    stage.struck('broker killed')
    await stage.cluster.kill(0)
    await stage.cluster.start(0)
  },
  async (stage) => {
    stage.struck('broker restarted')
    await stage.cluster.terminate(0)
    await stage.cluster.start(0)
  },
  async (stage) => {
    stage.struck('broker frozen for 10 s')
    stage.cluster.freeze(0)
    await systemClock.sleep(frozenMs)
    stage.cluster.thaw(0)
  },
]

/** A cluster of one. */
export const oneBroker: Scenario = {
  name: 'one-broker',
  promise: 'the broker is restarted, killed or frozen, and the work goes on by itself',
  brokers: 1,
  usual: { rounds: 6, records: 24_000 },
  short: { rounds: 3, records: 6_000 },
  async run(stage) {
    await strikeInTheMidst(stage, forms, (form) => form(stage))
  },
}
