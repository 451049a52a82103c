// Sinks over the in-memory broker and an API without a network, on a clock that the test moves, for tests of hours and
// of several destinations. Test support.
import { expect, onTestFinished } from 'vitest'
import type { SinkLimits } from '../../src/sink/destination-state.ts'
import type { Sink, SinkDestination } from '../../src/sink/sink.ts'
import { createFakeClock, runUntil, type FakeClock } from './fake-clock.ts'
import { createMemoryBroker, type MemoryBroker } from './memory-broker.ts'
import { createRecordingApi, type RecordingApi } from './recording-api.ts'
import { createRecordingLog, type LogLine } from './recording-log.ts'
import { seededRandom } from './seeded-random.ts'
import { endpointOf, limits, startWith } from './sink.ts'

export interface QuietSetting {
  readonly clock: FakeClock
  readonly broker: MemoryBroker
  readonly api: RecordingApi
  readonly lines: readonly LogLine[]
  readonly start: (destinations: readonly SinkDestination[]) => Promise<Sink>
  /** Lets everything run until so much time has passed. */
  readonly pass: (ms: number) => Promise<void>
}

type DestinationChanges = Partial<Omit<SinkDestination, 'limits'>> & { readonly limits?: Partial<SinkLimits> }

/** A destination with a topic and an API address of its name. */
export const destinationTo = (name: string, changes: DestinationChanges = {}): SinkDestination => ({
  name,
  topic: name,
  endpoint: endpointOf(`https://${name}.test/v1`),
  shutdownTimeoutMs: 5_000,
  ...changes,
  limits: { ...limits, ...changes.limits },
})

/** Topics by their names, with their numbers of partitions. */
export function setUpQuiet(topics: Readonly<Record<string, number>>): QuietSetting {
  const clock = createFakeClock()
  const broker = createMemoryBroker()
  for (const [name, partitions] of Object.entries({ ...topics, dlq: 1 })) broker.createTopic(name, partitions)
  const api = createRecordingApi(clock)
  const { log, lines } = createRecordingLog()
  onTestFinished(() => expect([broker.open(), clock.sleeping()]).toEqual([0, 0]))
  return {
    clock,
    broker,
    api,
    lines,
    start: (destinations) =>
      startWith(
        { broker, clock, log, random: seededRandom(3), openApi: (options) => api.openApi(options) },
        { prefix: 'tb', destinations, deadLetterTopic: 'dlq', sessionTimeoutMs: 15_000 },
      ),
    async pass(ms) {
      const untilMs = clock.now() + ms
      const alarm = new AbortController()
      let isOver = false
      void clock.sleep(untilMs - clock.now(), alarm.signal).then(() => (isOver = true))
      await runUntil(clock, () => isOver)
    },
  }
}
