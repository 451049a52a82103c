// Scenarios of `npm run faults -- process`: the stage of ../scenario.ts with the topics of the process leg. Types only.
import type * as Common from '../scenario.ts'

export type { Leg, LegOptions } from '../scenario.ts'

export interface Topics {
  readonly raw: string
  readonly destination: string
  readonly deadLetters: string
  readonly unsupported: string
  readonly partitions: number
}

/** Everything a scenario may do to `trackbridge process`. */
export interface Stage extends Common.Stage {
  readonly topics: Topics
}

export type Scenario = Common.Scenario<Stage>
