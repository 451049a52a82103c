// A process that is frozen for longer than the session timeout, so that another one takes its partitions, and then woken beside
// its heir with requests and messages in hand. It may repeat; nothing may be lost or overtaken.
import type { Moment } from '../faulty-api.ts'
import type { Scenario, Stage } from '../scenario.ts'

const moments: readonly Moment[] = ['arrived', 'accepted', 'answered']
const heirTimeoutMs = 60_000
const answerDelayMs = 15

/** Frozen and woken. */
export const zombie: Scenario = {
  name: 'zombie',
  promise: 'a process that wakes up when others own its partitions loses nothing and overtakes nothing',
  brokers: 1,
  usual: { rounds: 6, records: 18_000 },
  short: { rounds: 1, records: 3_000 },
  async run(stage) {
    stage.api.delay(answerDelayMs)
    const portion = Math.ceil(stage.size.records / stage.size.rounds / 2)
    const [victim, heir] = [stage.start(), stage.start()]
    for (let round = 0; round < stage.size.rounds; round++) {
      const moment = moments[round % moments.length] ?? 'arrived'
      await stage.untilOwned([victim, heir])
      const fault = `SIGSTOP, request ${moment}`
      stage.under(fault)
      const frozen = freeze(stage, moment, () => victim.send('SIGSTOP'))
      await stage.feed(portion)
      await frozen
      stage.struck(fault)
      await stage.until(`${heir.name} owns every partition`, () => stage.isOwned([heir]), {
        timeoutMs: heirTimeoutMs,
      })
      // So that the heir is at work when the other one wakes.
      const goal = stage.api.accepted.messages.size
      await stage.feed(portion)
      await stage.until('the heir is at work', () => stage.api.accepted.messages.size > goal)
      victim.send('SIGCONT')
    }
    await stage.untilOwned([victim, heir])
    await stage.untilAllDone()
    stage.note(`${stage.api.accepted.lateRepeats()} repeats came behind a later message of the same person`)
  },
}

async function freeze(stage: Stage, moment: Moment, stop: () => void): Promise<void> {
  let isFrozen = false
  stage.api.at(moment, 2 + Math.floor(stage.random() * 8), () => {
    isFrozen = true
    stop()
  })
  await stage.until(`a request has ${moment}`, () => isFrozen)
}
