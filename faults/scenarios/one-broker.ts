// The only broker goes away and comes back: stopped in order, killed, frozen. Two processes.
import { brokerForms } from '../broker-forms.ts'
import type { Scenario } from '../process/scenario.ts'
import { strikeInTheMidst } from '../strike.ts'

/** A cluster of one. */
export const oneBroker: Scenario = {
  name: 'one-broker',
  promise: 'the broker is restarted, killed or frozen, and the work goes on by itself',
  brokers: 1,
  usual: { rounds: 6, records: 24_000 },
  short: { rounds: 3, records: 6_000 },
  run: (stage) =>
    strikeInTheMidst(stage, brokerForms, async (form) => {
      stage.struck(form.name)
      await form.strike(stage)
    }),
}
