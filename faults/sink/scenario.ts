// Scenarios of `npm run faults -- sink`: the stage of ../scenario.ts with the destination, the API that misbehaves, and the
// lots in which messages are fed. Types only.
import type * as Common from '../scenario.ts'
import type { Placed } from '../writer.ts'
import type { FaultyApi } from './faulty-api.ts'
import type { SchemaFaults } from './message-form.ts'
import type { Mixture } from './messages.ts'

export type { Leg } from '../scenario.ts'

export interface Topics {
  readonly destination: string
  readonly deadLetters: string
  readonly partitions: number
}

/** Settings `limits` of the legs, where a scenario says nothing else. */
export interface Limits {
  readonly timeoutMs: number
  readonly maxBatchMessages: number
  readonly maxInFlight: number
  readonly lingerMs: number
}

/** Everything a scenario may do to `trackbridge sink`. */
export interface Stage extends Common.Stage {
  readonly topics: Topics
  readonly api: FaultyApi
  readonly limits: Limits
  /** What is kept in order: whole partitions, or the messages of each person. */
  readonly concurrency: 'partition' | 'key'
  /** What is fed from now on is counted under this fault. */
  under(fault: string): void
  /** Schemas and their registry; undefined where everything is in JSON. */
  readonly schemas: SchemaFaults | undefined
  /** Messages for another destination as they are to stand on its topic. */
  formed(records: readonly Placed[]): readonly Placed[]
  /** Writes messages of which some are not to be delivered. */
  feedMixed(records: number, mixture: Mixture): Promise<void>
  /** The part `destinations` of a leg's configuration: the one that is counted, with `sink` merged into its sink, and others
   *  beside it, in the same format. */
  destinations(changes?: {
    readonly sink?: object
    readonly others?: readonly object[]
  }): Readonly<Record<'destinations', readonly object[]>>
  /** Waits until all that has been fed is done (60 s). */
  untilAllDone(options?: Common.WaitOptions): Promise<void>
}

export type Scenario = Common.Scenario<Stage>
