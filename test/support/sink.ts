// A sink over the in-memory broker and the stand-in API, on a clock that the test moves. Test support.
import { expect, onTestFinished } from 'vitest'
import { startStandInApi, type StandInApi, type StandInFaults } from '../../src/demo/stand-in-api.ts'
import { silentLog } from '../../src/ops/log.ts'
import type { DeadLetter } from '../../src/records/dead-letter.ts'
import type { HttpEndpointOptions } from '../../src/sink/http-endpoint.ts'
import { startSink, type Sink, type SinkDeps, type SinkDestination, type SinkOptions } from '../../src/sink/sink.ts'
import { createFakeClock, runUntil, type FakeClock } from './fake-clock.ts'
import { seededRandom } from './seeded-random.ts'
import { createMemoryBroker, type MemoryBroker } from './memory-broker.ts'

export const group = 'tb.sink.main'
export const limits = {
  timeoutMs: 5_000,
  maxBatchMessages: 10,
  maxBatchBytes: 500_000,
  maxCallBytes: 32_000,
  maxSingleBytes: 64_000,
  maxInFlight: 4,
  requestsPerSecond: 10_000,
  lingerMs: 20,
  maxBufferBytes: 1_000_000,
}

export interface Setting {
  readonly clock: FakeClock
  readonly broker: MemoryBroker
  readonly api: StandInApi
}

export async function setUp({
  partitions = 2,
  faults = {},
}: { partitions?: number; faults?: StandInFaults } = {}): Promise<Setting> {
  const clock = createFakeClock()
  const broker = createMemoryBroker()
  broker.createTopic('main', partitions)
  broker.createTopic('dlq', 1)
  const api = await startStandInApi({ clock, random: seededRandom(5), apiKey: 'key', faults })
  onTestFinished(async () => {
    await api.close()
    const answersLate = faults.slowMs === undefined ? 0 : clock.sleeping()
    expect([broker.open(), clock.sleeping()]).toEqual([0, answersLate])
  })
  return { clock, broker, api }
}

type Changes = Partial<SinkDestination> & { readonly others?: readonly SinkDestination[] }

/** The API at a base, with the key of the stand-in. */
export const endpointOf = (url: string): HttpEndpointOptions => ({
  url,
  credentials: () => ({ type: 'basic', username: 'key', password: '' }),
  isStrict: true,
  version: '0',
  timeoutMs: limits.timeoutMs,
  maxInFlight: limits.maxInFlight,
})

export const destination = ({ api }: Setting, changes: Partial<SinkDestination> = {}): SinkDestination => ({
  name: 'main',
  topic: 'main',
  endpoint: endpointOf(api.url),
  limits,
  shutdownTimeoutMs: 5_000,
  ...changes,
})

export const optionsFor = (setting: Setting, { others = [], ...changes }: Changes = {}): SinkOptions => ({
  prefix: 'tb',
  destinations: [destination(setting, changes), ...others],
  deadLetterTopic: 'dlq',
  sessionTimeoutMs: 15_000,
})

export async function start(setting: Setting, changes: Changes = {}): Promise<Sink> {
  const { broker, clock } = setting
  return startWith({ broker, clock, log: silentLog, random: seededRandom(3) }, optionsFor(setting, changes))
}

/** A running sink; it is stopped when the test is over. */
export async function startWith(deps: SinkDeps & { readonly clock: FakeClock }, options: SinkOptions): Promise<Sink> {
  const sink = await startSink(deps, options)
  onTestFinished(() => stopSink(sink, deps.clock))
  return sink
}

/** Stops it, while time goes on. */
export async function stopSink(sink: Sink, clock: FakeClock): Promise<void> {
  const stopping = sink.stop()
  let isOver = false
  void stopping.finally(() => (isOver = true))
  await runUntil(clock, () => isOver)
  await stopping
}

export const idsOf = (partition: number, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `p${partition}-${from + index}`)

export function feed(
  { broker }: Pick<Setting, 'broker'>,
  partition: number,
  range: readonly [from: number, to: number],
  topic = 'main',
): void {
  broker.append(
    idsOf(partition, ...range).map((messageId) => ({
      topic,
      partition,
      value: JSON.stringify({ type: 'track', messageId, userId: `user${partition}`, event: 'e', receivedAt: 'r' }),
    })),
  )
}

export const accepted = ({ api }: Setting, partition: number): string[] =>
  api.accepted.flatMap(({ user, messageId }) => (user === `user${partition}` ? [messageId] : []))

export const committed = ({ broker }: Setting): Record<number, number> =>
  Object.fromEntries(broker.committed(group, 'main'))

export const letters = ({ broker }: Setting): DeadLetter[] =>
  broker.stored('dlq').map((record) => JSON.parse(String(record.value)) as DeadLetter)
