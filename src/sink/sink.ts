// The sink: destination topics -> Pipelines API, one consumer group a destination, so that they never hold each other
// up. In: the broker port, time, random numbers, settings. Out: a running sink with its status. Ruled by sink.md.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Broker, Producer } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import type { Meter } from '../ops/meter.ts'
import type { ReadAvro } from './read-avro.ts'
import {
  createDeadLetterWriter,
  writeTogether,
  type DeadLetterTopic,
  type WriteDeadLetters,
} from './dead-letter-writer.ts'
import type { Shape, SinkLimits } from './destination-state.ts'
import { openDestination, type Destination, type DestinationStatus } from './destination.ts'
import { createHttpEndpoint, type HttpEndpoint, type HttpEndpointOptions } from './http-endpoint.ts'
import { countLetters, timeWaits } from './metering.ts'
import { createRateIdentity } from './rate-identity.ts'
import { createRateLimits, type RateLimits } from './rate-limits.ts'

export interface SinkDeps {
  readonly broker: Pick<Broker, 'admin' | 'consume' | 'producer'>
  readonly clock: Clock
  readonly log: Log
  /** From 0 up to, not including, 1. */
  random(): number
  /** Values in Avro; absent: they are unreadable. */
  readonly avro?: ReadAvro
  /** Of dead letters; absent: JSON. */
  readonly deadLetterEncoder?: DeadLetterTopic['encoder']
  /** How requests of a destination are sent; absent: createHttpEndpoint. */
  readonly openApi?: (options: HttpEndpointOptions, destination: string) => Pick<HttpEndpoint, 'send' | 'close'>
  /** Absent: nothing is counted but what `status` tells. */
  readonly meter?: Meter
}

export interface SinkDestination extends Shape {
  /** Of its group, its log lines and its status. */
  readonly name: string
  /** Absent: `<prefix>.sink.<name>`. */
  readonly group?: string
  /** Of its dead letters and of its bucket, where it is a lane of another destination. `main.backfill` has `main`; its
   *  rate is not taken from that one's. Absent: it is no lane. */
  readonly laneOf?: string
  readonly topic: string
  readonly endpoint: HttpEndpointOptions
  readonly limits: SinkLimits
  /** True where other processes use the same key: each gets its part of requestsPerSecond. Absent: false. */
  readonly isRateShared?: boolean
  readonly shutdownTimeoutMs: number
}

export interface SinkOptions {
  /** Group ids are `<prefix>.sink.<destination>`. */
  readonly prefix: string
  readonly destinations: readonly SinkDestination[]
  readonly deadLetterTopic: string
  readonly sessionTimeoutMs: number
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
  readonly api: Pick<HttpEndpoint, 'close'>
}

/** Joins every group. Rejects with TB_TOPIC_MISSING, or with what the broker says; then nothing stays open. */
export async function startSink(deps: SinkDeps, options: SinkOptions): Promise<Sink> {
  const partitions = await partitionsOf(deps, options)
  const producer = await deps.broker.producer()
  const topic = options.deadLetterTopic
  const where = { topic, partitions: partitions.get(topic) ?? 1 }
  const encoder = deps.deadLetterEncoder
  const writer = createDeadLetterWriter(producer, { ...where, ...(encoder === undefined ? {} : { encoder }) })
  const deadLetter = countLetters(writeTogether(writer, where), deps.meter)
  const parts = { deps, options, deadLetter, partitions, rates: createRateLimits(deps.clock) }
  const opened: Opened[] = []
  try {
    for (const entry of options.destinations) opened.push(await open(parts, entry))
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

interface Parts {
  readonly deps: SinkDeps
  readonly options: SinkOptions
  readonly deadLetter: WriteDeadLetters
  readonly partitions: ReadonlyMap<string, number>
  readonly rates: RateLimits
}

async function open({ deps, options, deadLetter, partitions, rates }: Parts, entry: SinkDestination): Promise<Opened> {
  const { endpoint, isRateShared = false, laneOf, group = sinkGroup(options.prefix, entry.name), ...rest } = entry
  const identity = createRateIdentity(endpoint)
  const openApi: NonNullable<SinkDeps['openApi']> = deps.openApi ?? createHttpEndpoint
  const api = openApi(endpoint, entry.name)
  const joined = rates.join({
    identity: laneOf === undefined ? identity : () => `${identity()} ${entry.name}`,
    requestsPerSecond: entry.limits.requestsPerSecond,
    isShared: isRateShared,
  })
  const rate = timeWaits(joined, deps, entry.name)
  try {
    const destination = await openDestination(
      { ...deps, random: () => deps.random(), api, deadLetter, rate },
      {
        ...rest,
        isRateShared,
        partitions: partitions.get(entry.topic) ?? 1,
        group,
        ...(laneOf === undefined ? {} : { letterName: laneOf }),
        sessionTimeoutMs: options.sessionTimeoutMs,
      },
    )
    return { destination, api }
  } catch (error) {
    rate.leave()
    await api.close()
    throw error
  }
}

/** Of the destinations' topics and of the dead letters'. Rejects with TB_TOPIC_MISSING. */
async function partitionsOf(deps: SinkDeps, options: SinkOptions): Promise<ReadonlyMap<string, number>> {
  const admin = await deps.broker.admin()
  try {
    const wanted = [options.deadLetterTopic, ...options.destinations.map(({ topic }) => topic)]
    const found = await admin.topics(wanted)
    const missing = wanted.filter((name) => !found.has(name))
    if (missing.length > 0) {
      const names = missing.map((name) => `"${name}"`).join(', ')
      throw new TrackbridgeError('TB_TOPIC_MISSING', `the sink needs topics that do not exist: ${names}`)
    }
    return new Map([...found].map(([name, { partitions }]) => [name, partitions]))
  } finally {
    await admin.close()
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
