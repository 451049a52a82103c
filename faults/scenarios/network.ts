// Faults of whole connections: slow, half-open, refused, all cut at once. Two processes.
import { networkForms } from '../broker-forms.ts'
import type { Scenario } from '../process/scenario.ts'
import { strikeInTheMidst } from '../strike.ts'

/** The network between processes and brokers. */
export const network: Scenario = {
  name: 'network',
  promise: 'a network that is slow, silent or gone for a while loses and doubles nothing',
  brokers: 1,
  usual: { rounds: 8, records: 32_000 },
  short: { rounds: 3, records: 6_000 },
  run: (stage) =>
    strikeInTheMidst(stage, networkForms, async (form) => {
      stage.struck(form.name)
      await form.strike(stage)
    }),
}
