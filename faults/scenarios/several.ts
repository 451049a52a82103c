// Two and three processes of one group: killed, stopped and started in turn while records flow, so that partitions move
// every few seconds and transactions are open when they do.
import { oftenEnough } from '../strike.ts'
import type { Leg, Scenario, Stage } from '../process/scenario.ts'

type Turn = 'start' | 'stop' | 'kill'

/** From two legs to three and back, each way of leaving in turn. */
const turns: readonly Turn[] = ['start', 'stop', 'start', 'kill']

/** Instances come and go. */
export const several: Scenario = {
  name: 'several',
  promise: 'processes of one group come and go, and every record is written once',
  brokers: 1,
  usual: { rounds: 16, records: 48_000 },
  short: { rounds: 4, records: 6_000 },
  async run(stage) {
    const portion = Math.ceil(stage.size.records / (stage.size.rounds + 1))
    await stage.feed(portion)
    await stage.untilOwned([stage.start(), stage.start()])
    for (const turn of oftenEnough(turns, stage.size.rounds)) {
      const fed = stage.feed(portion)
      await stage.untilDone(Math.ceil(stage.random() * (portion / 4)))
      await take(stage, turn)
      await fed
    }
  },
}

async function take(stage: Stage, turn: Turn): Promise<void> {
  const legs = stage.legs()
  if (turn === 'start') {
    stage.struck('another process')
    await stage.untilOwned([...legs, stage.start()])
    return
  }
  const leg = legs[Math.floor(stage.random() * legs.length)]
  if (leg === undefined) return stage.complain('no process was running')
  stage.struck(turn === 'kill' ? 'SIGKILL' : 'SIGTERM')
  await leave(stage, leg, turn)
  await stage.untilOwned(stage.legs())
}

async function leave(stage: Stage, leg: Leg, turn: 'stop' | 'kill'): Promise<void> {
  leg.send(turn === 'kill' ? 'SIGKILL' : 'SIGTERM')
  const { code, signal } = await leg.ended
  if (turn === 'stop' && code !== 0) stage.complain(`${leg.name} ended with ${String(code ?? signal)}\n${leg.tail()}`)
}
