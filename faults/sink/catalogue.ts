// Every scenario of `npm run faults -- sink`. A new one is one line here.
import type { Scenario } from './scenario.ts'
import { answers } from './scenarios/answers.ts'
import { apart } from './scenarios/apart.ts'
import { badRecords } from './scenarios/bad-records.ts'
import { broker } from './scenarios/broker.ts'
import { connections } from './scenarios/connections.ts'
import { deadLetters } from './scenarios/dead-letters.ts'
import { kill } from './scenarios/kill.ts'
import { registry } from './scenarios/registry.ts'
import { several } from './scenarios/several.ts'
import { stop } from './scenarios/stop.ts'
import { zombie } from './scenarios/zombie.ts'

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  answers,
  connections,
  badRecords,
  deadLetters,
  apart,
  stop,
  kill,
  several,
  zombie,
  broker,
  registry,
]
