// Two and three processes of one group: killed, stopped and started in turn while messages flow, so that partitions move every
// few seconds with requests under way.
import { oftenEnough } from '../../strike.ts'
import type { Scenario, Stage } from '../scenario.ts'

type Turn = 'start' | 'stop' | 'kill'

// From two legs to three and back, each way of leaving in turn.
const turns: readonly Turn[] = ['start', 'stop', 'start', 'kill']
const faults: Readonly<Record<Turn, string>> = { start: 'another process', stop: 'SIGTERM', kill: 'SIGKILL' }
const answerDelayMs = 15

/** Instances come and go. */
export const several: Scenario = {
  name: 'several',
  promise: 'processes of one group come and go, and each person gets every message in order',
  brokers: 1,
  usual: { rounds: 12, records: 24_000 },
  short: { rounds: 2, records: 3_000 },
  async run(stage) {
    stage.api.delay(answerDelayMs)
    const portion = Math.ceil(stage.size.records / (stage.size.rounds + 1))
    await stage.feed(portion)
    await stage.untilOwned([stage.start(), stage.start()])
    for (const turn of oftenEnough(turns, stage.size.rounds)) {
      stage.under(faults[turn])
      const before = stage.api.accepted.messages.size
      const goal = before + Math.floor((stage.random() * portion) / 4)
      const fed = stage.feed(portion)
      await stage.until('messages flow', () => stage.api.accepted.messages.size > goal)
      stage.struck(faults[turn])
      await take(stage, turn)
      await fed
    }
  },
}

async function take(stage: Stage, turn: Turn): Promise<void> {
  const legs = stage.legs()
  if (turn === 'start') return stage.untilOwned([...legs, stage.start()])
  const leg = legs[Math.floor(stage.random() * legs.length)]
  if (leg === undefined) return stage.complain('no process was running')
  leg.send(turn === 'kill' ? 'SIGKILL' : 'SIGTERM')
  const { code, signal } = await leg.ended
  if (turn === 'stop' && code !== 0) stage.complain(`${leg.name} ended with ${String(code ?? signal)}\n${leg.tail()}`)
  await stage.untilOwned(stage.legs())
}
