// Records that no API can take: no JSON, no message, too large; and messages that have to go alone. One process.
import { oftenEnough } from '../../strike.ts'
import type { Mixture } from '../messages.ts'
import type { Scenario } from '../scenario.ts'

const forms: readonly { readonly name: string; readonly mixture: Mixture }[] = [
  { name: 'poison records', mixture: { unreadable: 0.05 } },
  { name: 'nothing but poison records', mixture: { unreadable: 1 } },
  { name: 'too large messages', mixture: { tooLarge: 0.02 } },
  { name: 'messages that go alone', mixture: { alone: 0.05 } },
  { name: 'all of these', mixture: { unreadable: 0.03, tooLarge: 0.01, alone: 0.02, rejected: 0.02 } },
]

/** Bad records. */
export const badRecords: Scenario = {
  name: 'bad-records',
  promise: 'a record that cannot be sent is a dead letter with its reason, and holds up nothing behind it',
  brokers: 1,
  usual: { rounds: forms.length, records: 1_000 * forms.length },
  short: { rounds: forms.length, records: 200 * forms.length },
  async run(stage) {
    const portion = Math.ceil(stage.size.records / stage.size.rounds)
    await stage.untilOwned([stage.start()])
    for (const { name, mixture } of oftenEnough(forms, stage.size.rounds)) {
      stage.under(name)
      await stage.feedMixed(portion, mixture)
      stage.struck(name)
      await stage.untilAllDone()
    }
  },
}
