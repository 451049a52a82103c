// Config -> the running sink leg, as engines.ts wants it.
import type { Config } from '../config/schema.ts'
import { TrackbridgeError } from '../errors.ts'
import { startSink, type Sink, type SinkDestination, type SinkOptions } from '../sink/sink.ts'
import type { Engine } from './engines.ts'
import { pipelinesApiOptions } from './pipelines-settings.ts'
import { createRate, type EngineDeps } from './processor-engine.ts'
import { packageVersion } from './version.ts'

/** Options of the sink for all destinations that have one, or for those named. TB_USAGE for a name that is none. */
export function sinkOptions(config: Config, only: readonly string[] = []): SinkOptions {
  const known = config.destinations.filter(({ sink }) => sink !== undefined).map(({ name }) => name)
  const unknown = only.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new TrackbridgeError(
      'TB_USAGE',
      `no destination with a sink is called "${unknown}"; there are: ${known.join(', ')}`,
    )
  if (known.length === 0) throw new TrackbridgeError('TB_USAGE', 'no destination has a "sink" in the configuration')
  return {
    prefix: config.kafka.prefix,
    destinations: config.destinations.flatMap((entry) =>
      only.length > 0 && !only.includes(entry.name) ? [] : toSinkDestination(entry),
    ),
    deadLetterTopic: config.deadLetters.topic,
    sessionTimeoutMs: config.kafka.sessionTimeoutMs,
    version: packageVersion(),
  }
}

function toSinkDestination({ name, topic, sink }: Config['destinations'][number]): readonly SinkDestination[] {
  if (sink === undefined) return []
  const { limits, shutdownTimeoutMs } = sink
  return [{ ...pipelinesApiOptions(sink), name, topic, limits, shutdownTimeoutMs }]
}

/** The leg, with its figures for whoever shows them. */
export interface SinkEngine extends Engine {
  status: Sink['status']
}

export async function openSinkEngine(
  { log, ...deps }: EngineDeps,
  config: Config,
  only: readonly string[] = [],
): Promise<SinkEngine> {
  const sink = await startSink(
    { ...deps, log: log.child({ engine: 'sink' }), random: Math.random },
    sinkOptions(config, only),
  )
  const rate = createRate(deps.clock)
  return {
    name: 'sink',
    status: () => sink.status(),
    ended: sink.ended,
    stop: () => sink.stop(),
    health: () =>
      new Map(
        sink
          .status()
          .map(({ destination, state, why }) => [
            `sink ${destination}`,
            state === 'ready' ? undefined : (why ?? 'blocked'),
          ]),
      ),
    progress: () => {
      const destinations = sink.status()
      const delivered = destinations.reduce((sum, { counters }) => sum + counters.delivered, 0)
      return { delivered, deliveredPerSecond: rate(delivered), destinations }
    },
  }
}
