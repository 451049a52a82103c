// The server for probes, scrapes and people: /live, /ready, /metrics, /status. In: the engines that run, what the process
// knows of itself. Out: a server; health is taken when it is asked for, rates twice a second.
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../../config/schema.ts'
import { createHealth, healthRoutes, jsonAnswer, type Health, type PartHealth } from '../../ops/health.ts'
import { createHttpServer, type HttpServer, type Routes } from '../../ops/http-server.ts'
import type { AdjustableLog, Log } from '../../ops/log.ts'
import { addSnapshots, type Snapshot } from '../../ops/meter-store.ts'
import { metricsRoute } from '../../ops/prometheus.ts'
import type { Reporting } from '../run/engine-report.ts'
import type { KafkaWatch } from '../run/kafka-watch.ts'
import { shownConfig } from './shown-config.ts'
import { createRates, createTroubles, statusPage, totals } from './status-page.ts'
import type { Telemetry } from '../run/telemetry.ts'
import { packageVersion } from '../version.ts'

export interface OpsParts {
  readonly http: Exclude<Config['http'], false>
  readonly log: Log | AdjustableLog
  /** Those that run by now. */
  readonly engines: readonly Reporting[]
  /** How many there will be; not ready before. */
  readonly expected: number
  /** Aborts when the process ends. */
  readonly signal: AbortSignal
  /** Absent: /live and /ready alone. */
  readonly observed?: Observed
}

export interface Observed {
  readonly config: Config
  readonly telemetry: Telemetry
  readonly kafka: KafkaWatch
}

const tickIntervalMs = 500

/** Resolves when it listens. */
export async function serveOps(parts: OpsParts): Promise<HttpServer> {
  const { http, log, observed } = parts
  const health = currentHealth(parts)
  const watched = { rates: createRates(), troubles: createTroubles() }
  const tick = observed === undefined ? () => undefined : createTick(parts.engines, observed, watched)
  const routes = { ...healthRoutes(health), ...(observed && observingRoutes(parts, observed, { health, ...watched })) }
  const server = createHttpServer(http, routes)
  log.info({ ...(await server.start()) }, 'health server listens')
  void fromTimeToTime(tick, parts.signal)
  return server
}

/** The health of every part as it is at the moment of the question. */
function currentHealth({ engines, expected, observed }: OpsParts): Health {
  const health = createHealth()
  const start = health.part('start')
  const parts = new Map<string, PartHealth>()
  const say = (name: string, why: string | undefined, trouble?: string): void => {
    const part = parts.get(name) ?? health.part(name)
    parts.set(name, part)
    if (why === undefined) part.ready(trouble)
    else part.notReady(why)
  }
  const refresh = (): void => {
    if (engines.length < expected) start.notReady('not all of it has been started yet')
    else start.remove()
    if (observed) say('kafka', observed.kafka.notReady())
    const troubles = retrying(engines)
    for (const [name, why] of engines.flatMap((engine) => [...engine.health()])) say(name, why, troubles.get(name))
  }
  return {
    ...health,
    readiness() {
      refresh()
      return health.readiness()
    },
  }
}

/** Why destinations that are not blocked deliver nothing for now, by part. */
const retrying = (engines: readonly Reporting[]): ReadonlyMap<string, string> =>
  new Map(
    engines
      .flatMap((engine) => engine.report?.().destinations ?? [])
      .flatMap(({ destination, why }) => (why === null ? [] : [[`sink ${destination}`, why] as const])),
  )

async function fromTimeToTime(tick: Tick, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    tick()
    await delay(tickIntervalMs, undefined, { signal }).catch(() => undefined)
  }
}

type Tick = () => unknown

/** What is known of the time behind us. */
interface Watched {
  readonly rates: ReturnType<typeof createRates>
  readonly troubles: ReturnType<typeof createTroubles>
}

/** Takes the totals of which rates are shown, and the time that destinations are blocked. */
function createTick(engines: readonly Reporting[], { telemetry }: Observed, { rates, troubles }: Watched): Tick {
  const { clock, meter } = telemetry
  let lastMs = clock.now()
  return () => {
    const nowMs = clock.now()
    const passedSeconds = Math.max(0, nowMs - lastMs) / 1_000
    lastMs = nowMs
    for (const { process, destinations = [] } of engines.flatMap((engine) => engine.report?.() ?? [])) {
      if (process) rates.sample(totals.raw, process.counts.raw, nowMs)
      for (const { destination, state, why, counters } of destinations) {
        troubles.look({ destination, why }, nowMs)
        rates.sample(totals.delivered(destination), counters.delivered, nowMs)
        meter.add('trackbridge_blocked_seconds_total', { destination }, state === 'blocked' ? passedSeconds : 0)
      }
    }
  }
}

function observingRoutes(
  parts: OpsParts,
  observed: Observed,
  { health, rates, troubles }: Watched & { readonly health: Health },
): Routes {
  const { telemetry, config } = observed
  const { clock, meter, progress } = telemetry
  const startedAtMs = clock.now()
  meter.onSnapshot((reading) => {
    for (const { name, ready } of health.readiness().parts)
      reading.set('trackbridge_ready', { part: name }, Number(ready))
  })
  const configuration = shownConfig(config)
  return {
    ...metricsRoute(() => snapshotOf(parts.engines, telemetry)),
    '/status': () =>
      jsonAnswer(
        200,
        statusPage({
          version: packageVersion(),
          pid: process.pid,
          logLevel: 'level' in parts.log ? parts.log.level() : config.log.level,
          configuration,
          startedAtMs,
          nowMs: clock.now(),
          readiness: health.readiness(),
          reports: parts.engines.flatMap((engine) => engine.report?.() ?? []),
          groups: progress.reports(),
          perSecond: (name) => rates.perSecond(name),
          failingSinceMs: (destination) => troubles.sinceMs(destination),
        }),
      ),
  }
}

const snapshotOf = (engines: readonly Reporting[], { meter }: Pick<Telemetry, 'meter'>): Snapshot =>
  engines.flatMap((engine) => engine.metrics?.() ?? []).reduce<Snapshot>(addSnapshots, meter.snapshot())
