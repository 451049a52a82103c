// The sink: destination topics -> Pipelines API, one consumer group a destination, so that they never hold each other
// up. In: the broker port, time, random numbers, settings. Out: a running sink with its status. Ruled by sink.md.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Broker, Producer } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import { createDeadLetterWriter } from './dead-letter-writer.ts'
import type { SinkLimits } from './assignment.ts'
import { openDestination, type Destination, type DestinationStatus } from './destination.ts'
import { createPipelinesApi, type PipelinesApi, type PipelinesApiOptions } from './pipelines-api.ts'

export interface SinkDeps {
  readonly broker: Pick<Broker, 'admin' | 'consume' | 'producer'>
  readonly clock: Clock
  readonly log: Log
  /** From 0 up to, not including, 1. */
  random(): number
  /** How requests are sent; absent: createPipelinesApi. */
  readonly openApi?: (options: PipelinesApiOptions) => PipelinesApi
}

export interface SinkDestination {
  readonly name: string
  readonly topic: string
  /** Base of the API, e.g. `https://cdp.customer.io/v1`. */
  readonly url: string
  /** Read for every request. */
  apiKey(): string
  readonly proxy?: string | undefined
  /** PEM text of further authorities. */
  readonly ca?: string | undefined
  readonly limits: SinkLimits
  readonly shutdownTimeoutMs: number
}

export interface SinkOptions {
  /** Group ids are `<prefix>.sink.<destination>`. */
  readonly prefix: string
  readonly destinations: readonly SinkDestination[]
  readonly deadLetterTopic: string
  readonly sessionTimeoutMs: number
  /** Of trackbridge, for the User-Agent. */
  readonly version: string
}

export interface Sink {
  /** One entry a destination; ready when none is `blocked`. */
  status(): readonly DestinationStatus[]
  /** Resolves after `stop`; rejects with the first destination that cannot go on. Call `stop` then too. */
  readonly ended: Promise<void>
  /** Finishes what is in flight, commits, leaves the groups, closes the connections. May be called again. */
  stop(): Promise<void>
}

/** The group that forwards a destination, e.g. `trackbridge.sink.main`. */
export const sinkGroup = (prefix: string, destination: string): string => `${prefix}.sink.${destination}`

interface Opened {
  readonly destination: Destination
  readonly api: PipelinesApi
}

/** Joins every group. Rejects with TB_TOPIC_MISSING, or with what the broker says; then nothing stays open. */
export async function startSink(deps: SinkDeps, options: SinkOptions): Promise<Sink> {
  const partitions = await deadLetterPartitions(deps, options)
  const producer = await deps.broker.producer()
  const deadLetter = createDeadLetterWriter(producer, { topic: options.deadLetterTopic, partitions })
  const opened: Opened[] = []
  try {
    for (const entry of options.destinations) {
      const api = (deps.openApi ?? createPipelinesApi)(apiOptions(entry, options.version))
      const { name, topic, limits, shutdownTimeoutMs } = entry
      const destination = await openDestination(
        { ...deps, random: () => deps.random(), api, deadLetter },
        {
          name,
          topic,
          group: sinkGroup(options.prefix, name),
          limits,
          shutdownTimeoutMs,
          sessionTimeoutMs: options.sessionTimeoutMs,
        },
      ).catch(async (error: unknown) => {
        await api.close()
        throw error
      })
      opened.push({ destination, api })
    }
  } catch (error) {
    await closeAll(opened, producer)
    throw error
  }
  let stopped: Promise<void> | null = null
  const ended = Promise.all(opened.map(({ destination }) => destination.ended)).then(() => undefined)
  ended.catch(() => undefined)
  return {
    ended,
    status: () => opened.map(({ destination }) => destination.status()),
    stop() {
      stopped ??= closeAll(opened, producer)
      return stopped
    },
  }
}

async function deadLetterPartitions(deps: SinkDeps, options: SinkOptions): Promise<number> {
  const admin = await deps.broker.admin()
  try {
    const wanted = [options.deadLetterTopic, ...options.destinations.map(({ topic }) => topic)]
    const found = await admin.topics(wanted)
    const missing = wanted.filter((name) => !found.has(name))
    if (missing.length > 0) {
      const names = missing.map((name) => `"${name}"`).join(', ')
      throw new TrackbridgeError('TB_TOPIC_MISSING', `the sink needs topics that do not exist: ${names}`)
    }
    return found.get(options.deadLetterTopic)?.partitions ?? 1
  } finally {
    await admin.close()
  }
}

function apiOptions(entry: SinkDestination, version: string): PipelinesApiOptions {
  return {
    url: entry.url,
    apiKey: () => entry.apiKey(),
    version,
    timeoutMs: entry.limits.timeoutMs,
    maxInFlight: entry.limits.maxInFlight,
    ...(entry.proxy === undefined ? {} : { proxy: entry.proxy }),
    ...(entry.ca === undefined ? {} : { ca: entry.ca }),
  }
}

/** The producer goes last: until a destination has stopped it may still write dead letters. */
async function closeAll(opened: readonly Opened[], producer: Producer): Promise<void> {
  const results = await Promise.allSettled(
    opened.map(async ({ destination, api }) => {
      try {
        await destination.stop()
      } finally {
        await api.close()
      }
    }),
  )
  await producer.close()
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
