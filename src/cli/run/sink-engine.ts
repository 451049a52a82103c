// Config -> the running sink leg, as engines.ts wants it.
import { backfillName } from '../../config/destination-schema.ts'
import type { Config, SinkConfig } from '../../config/schema.ts'
import { TrackbridgeError } from '../../errors.ts'
import type { DestinationStatus } from '../../sink/destination.ts'
import { createHttpEndpoint } from '../../sink/http-endpoint.ts'
import { startSink, type Sink, type SinkDeps, type SinkDestination, type SinkOptions } from '../../sink/sink.ts'
import type { Engine } from './engines.ts'
import { endpointOptions } from './endpoint-settings.ts'
import { readSink } from './engine-metrics.ts'
import { meteredApi, type ApiMeters } from './metered-api.ts'
import { createRate, type EngineDeps } from './processor-engine.ts'
import { openSchemas, registryHealth, requireDeadLetterSchema } from './schema-use.ts'

/** Options of the sink for all destinations that have one, or for those named. TB_USAGE for a name that is none. */
export function sinkOptions(config: Config, only: readonly string[] = []): SinkOptions {
  const all = config.destinations.flatMap((entry) => toSinkDestinations(entry, config.shutdownTimeoutMs))
  const known = all.map(({ name }) => name)
  const unknown = only.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new TrackbridgeError(
      'TB_USAGE',
      `no destination with a sink is called "${unknown}"; there are: ${known.join(', ')}`,
    )
  if (known.length === 0) throw new TrackbridgeError('TB_USAGE', 'no destination has a "sink" in the configuration')
  return {
    prefix: config.kafka.prefix,
    destinations: all.filter(
      ({ name, laneOf = name }) => only.length === 0 || only.includes(name) || only.includes(laneOf),
    ),
    deadLetterTopic: config.deadLetters.topic,
    sessionTimeoutMs: config.kafka.sessionTimeoutMs,
  }
}

/** After the last request: for the last commit, and for leaving the group and the connections. */
const leavingMs = 2_000

/** A destination, and beside it the lane of its replays. */
function toSinkDestinations(
  { name, topic, sink, backfill }: Config['destinations'][number],
  processTimeoutMs: number,
): readonly SinkDestination[] {
  if (sink === undefined) return []
  const live = toSinkDestination({ name, topic, sink }, processTimeoutMs)
  if (backfill === undefined) return [live]
  const limits = { ...live.limits, requestsPerSecond: backfill.requestsPerSecond }
  return [live, { ...live, name: backfillName(name), topic: backfill.topic, laneOf: name, limits }]
}

function toSinkDestination(
  { name, topic, sink }: { readonly name: string; readonly topic: string; readonly sink: SinkConfig },
  processTimeoutMs: number,
): SinkDestination {
  const { limits, concurrency, format, rateLimit } = sink
  // Whoever waits for requests as long as the whole end may take is ended before it has committed and left the group.
  const longestMs = Math.max(processTimeoutMs - leavingMs, processTimeoutMs / 2)
  return {
    name,
    topic,
    endpoint: endpointOptions(sink),
    limits,
    concurrency,
    format,
    isRateShared: rateLimit.shared,
    shutdownTimeoutMs: Math.min(sink.shutdownTimeoutMs, longestMs),
  }
}

/** The leg, with its figures for whoever shows them. */
export interface SinkEngine extends Engine {
  status: Sink['status']
}

/** `options`: of the sink, where they are not simply those of the configuration. */
export async function openSinkEngine(
  { log, ...deps }: EngineDeps,
  config: Config,
  only: readonly string[] = [],
  options = sinkOptions(config, only),
): Promise<SinkEngine> {
  const engineLog = log.child({ engine: 'sink' })
  const { clock, meter, tracing } = deps
  const schemas = openSchemas({ clock, log: engineLog, ...(meter && { meter }) }, config)
  await requireDeadLetterSchema(schemas)
  const { cache: avro, deadLetterEncoder } = schemas ?? {}
  const sink = await startSink(
    {
      ...deps,
      log: engineLog,
      random: Math.random,
      ...(meter && tracing && { openApi: openMeteredApi({ clock, meter, tracing }) }),
      ...(avro === undefined ? {} : { avro }),
      ...(deadLetterEncoder === undefined ? {} : { deadLetterEncoder }),
    },
    options,
  )
  const rate = createRate(deps.clock)
  meter?.onSnapshot((reading) => readSink(reading, sink.status()))
  return {
    name: 'sink',
    report: () => ({ destinations: sink.status() }),
    status: () => sink.status(),
    ended: sink.ended,
    stop: () => sink.stop(),
    health: () =>
      new Map([
        ...sink.status().map((status) => [`sink ${status.destination}`, notReady(status)] as const),
        ...registryHealth('sink', schemas),
      ]),
    progress: () => {
      const destinations = sink.status()
      const delivered = destinations.reduce((sum, { counters }) => sum + counters.delivered, 0)
      return { delivered, deliveredPerSecond: rate(delivered), destinations }
    },
  }
}

const openMeteredApi =
  (meters: ApiMeters): NonNullable<SinkDeps['openApi']> =>
  (options, destination) =>
    meteredApi(createHttpEndpoint(options), destination, meters)

/** Why a destination is not ready, e.g. `the API does not accept the key (status 401); 340 messages wait, next try in
 *  12 s`; undefined when it is. */
export function notReady({ state, why, waiting, nextTryInMs }: DestinationStatus): string | undefined {
  if (state === 'ready') return undefined
  const next = nextTryInMs === null ? '' : `, next try in ${Math.ceil(nextTryInMs / 1_000)} s`
  return `${why ?? 'blocked'}; ${waiting} ${waiting === 1 ? 'message waits' : 'messages wait'}${next}`
}
