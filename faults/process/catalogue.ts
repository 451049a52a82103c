// Every scenario of `npm run faults -- process`. A new one is one line here.
import type { Scenario } from './scenario.ts'
import { aborted } from '../scenarios/aborted.ts'
import { kill } from '../scenarios/kill.ts'
import { lostAnswers } from '../scenarios/lost-answers.ts'
import { memory } from '../scenarios/memory.ts'
import { network } from '../scenarios/network.ts'
import { oneBroker } from '../scenarios/one-broker.ts'
import { several } from '../scenarios/several.ts'
import { stop } from '../scenarios/stop.ts'
import { threeBrokers } from '../scenarios/three-brokers.ts'
import { topics } from '../scenarios/topics.ts'
import { unfenced, zombie } from '../scenarios/zombie.ts'

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  kill,
  several,
  zombie,
  unfenced,
  lostAnswers,
  network,
  oneBroker,
  threeBrokers,
  aborted,
  stop,
  topics,
  memory,
]
