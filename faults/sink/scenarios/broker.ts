// The broker, and the network to it, go away and come back while messages are sent. Two processes.
import { brokerForms, networkForms } from '../../broker-forms.ts'
import { oftenEnough } from '../../strike.ts'
import type { Scenario } from '../scenario.ts'

const forms = [...brokerForms, ...networkForms]
const answerDelayMs = 15

/** A cluster of one. */
export const broker: Scenario = {
  name: 'broker',
  promise: 'brokers go away and come back while messages are sent, and the work goes on by itself, in order',
  brokers: 1,
  usual: { rounds: forms.length, records: 2_000 * forms.length },
  short: { rounds: 1, records: 1_500 },
  async run(stage) {
    stage.api.delay(answerDelayMs)
    const portion = Math.ceil(stage.size.records / stage.size.rounds)
    await stage.untilOwned([stage.start(), stage.start()])
    for (const form of oftenEnough(forms, stage.size.rounds)) {
      stage.under(form.name)
      const goal = stage.api.accepted.messages.size
      await stage.feed(portion)
      await stage.until('messages flow', () => stage.api.accepted.messages.size > goal)
      stage.struck(form.name)
      await form.strike(stage)
      await stage.untilAllDone({ timeoutMs: 120_000 })
    }
  },
}
