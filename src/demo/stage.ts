// What the demo's story is told on: everything that runs, and how to wait for something to happen on it.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Broker, Producer } from '../kafka/broker.ts'
import type { Counts } from '../processor/counts.ts'
import type { SinkCounters } from '../sink/destination.ts'
import type { DemoTopics } from './demo-config.ts'
import type { LiveArea, Screen } from './screen.ts'
import type { StandInApi } from './stand-in-api.ts'
import type { TopicReader } from './topic-reader.ts'

export interface Stage {
  readonly screen: Screen
  readonly live: LiveArea
  readonly clock: Clock
  /** Aborts on Ctrl-C, and with what ended an engine. */
  readonly signal: AbortSignal
  readonly broker: Pick<Broker, 'admin' | 'partitionForKey'>
  readonly producer: Producer
  readonly api: StandInApi
  readonly reader: TopicReader
  readonly topics: DemoTopics
  /** Of the processor. */
  processed(): Counts
  /** Of the sink's only destination. */
  delivered(): SinkCounters
}

const pollMs = 5
const timeoutMs = 60_000

/** Resolves as soon as `condition` holds. Rejects with the signal's reason, or with
 *  TB_KAFKA_UNAVAILABLE after a minute; `what` says what was waited for. */
export async function waitFor(
  { clock, signal }: Pick<Stage, 'clock' | 'signal'>,
  condition: () => boolean,
  what: string,
): Promise<void> {
  const deadlineMs = clock.now() + timeoutMs
  while (!condition()) {
    signal.throwIfAborted()
    if (clock.now() >= deadlineMs)
      throw new TrackbridgeError('TB_KAFKA_UNAVAILABLE', `waited ${timeoutMs / 1000} s in vain for ${what}`)
    await clock.sleep(pollMs, signal)
  }
  signal.throwIfAborted()
}
