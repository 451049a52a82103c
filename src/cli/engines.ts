// Runs engines until they are told to stop: what `process`, `sink` and `run` share. Health parts, a progress line every
// half minute, a deadline for the end. In: what to run. Out: a promise that ends with the engines.
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config/schema.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Log, LogFields } from '../ops/log.ts'
import { createHealth, healthRoutes, type PartHealth } from '../ops/health.ts'
import { createHttpServer } from '../ops/http-server.ts'

/** A running leg as the command line sees it. */
export interface Engine {
  readonly name: string
  readonly ended: Promise<void>
  stop(): Promise<void>
  /** Why it is not ready, for an operator; undefined when it is. By part. */
  health(): ReadonlyMap<string, string | undefined>
  /** Figures for the progress line; undefined: somebody else tells them. */
  progress(): LogFields | undefined
}

export interface EngineRun {
  readonly config: Pick<Config, 'http' | 'shutdownTimeoutMs'>
  readonly log: Log
  /** Aborts when the process is to end. */
  readonly signal: AbortSignal
  /** Started in this order, stopped in reverse. */
  readonly start: readonly (() => Promise<Engine>)[]
}

const healthIntervalMs = 500
const progressIntervalMs = 30_000

/** Resolves when the signal has aborted and all engines have stopped; rejects when one of them cannot go on, or when
 *  stopping takes longer than shutdownTimeoutMs. */
export async function runEngines({ config, log, signal, start }: EngineRun): Promise<void> {
  const engines: Engine[] = []
  const over = new AbortController()
  const server = await serveHealth(config, log, { engines, signal: over.signal })
  try {
    for (const open of start) {
      const engine = await unlessTold(open(), signal)
      if (engine === undefined) return
      engines.push(engine)
    }
    void tellProgress(engines, log, over.signal)
    log.info({ engines: engines.map(({ name }) => name) }, 'running')
    await Promise.race([untilAborted(signal), ...engines.map(({ ended }) => ended)])
  } finally {
    log.info({ shutdownTimeoutMs: config.shutdownTimeoutMs }, 'stopping')
    over.abort()
    await stopAll(engines, config.shutdownTimeoutMs)
    await server?.stop()
    log.info({}, 'stopped')
  }
}

// Kafka may be away while an engine opens: whoever ends the process then must not wait for it.
async function unlessTold(opening: Promise<Engine>, signal: AbortSignal): Promise<Engine | undefined> {
  const engine = await Promise.race([opening, untilAborted(signal)])
  if (engine === undefined) void opening.then((late) => late.stop()).catch(() => undefined)
  return engine
}

async function stopAll(engines: readonly Engine[], timeoutMs: number): Promise<void> {
  const stopped = Promise.all(engines.toReversed().map((engine) => engine.stop())).then(() => 'stopped' as const)
  const deadline = new AbortController()
  const late = delay(timeoutMs, 'late' as const, { signal: deadline.signal }).catch(() => 'stopped' as const)
  const end = await Promise.race([stopped, late])
  deadline.abort()
  if (end === 'late')
    throw new TrackbridgeError('TB_KAFKA_UNAVAILABLE', `stopping took longer than shutdownTimeoutMs (${timeoutMs} ms)`)
}

async function serveHealth(
  { http }: EngineRun['config'],
  log: Log,
  { engines, signal }: { engines: readonly Engine[]; signal: AbortSignal },
) {
  if (http === false) return undefined
  const health = createHealth()
  const server = createHttpServer(http, healthRoutes(health))
  const address = await server.start()
  log.info({ ...address }, 'health server listens')
  const parts = new Map<string, PartHealth>()
  const update = async (): Promise<void> => {
    while (!signal.aborted) {
      for (const [name, why] of engines.flatMap((engine) => [...engine.health()])) {
        const part = parts.get(name) ?? health.part(name)
        parts.set(name, part)
        if (why === undefined) part.ready()
        else part.notReady(why)
      }
      await delay(healthIntervalMs, undefined, { signal }).catch(() => undefined)
    }
  }
  void update()
  return server
}

async function tellProgress(engines: readonly Engine[], log: Log, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(progressIntervalMs, undefined, { signal }).catch(() => undefined)
    for (const engine of signal.aborted ? [] : engines) {
      const figures = engine.progress()
      if (figures !== undefined) log.info({ engine: engine.name, ...figures }, 'progress')
    }
  }
}

async function untilAborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return undefined
  const { promise, resolve } = Promise.withResolvers<undefined>()
  signal.addEventListener('abort', () => resolve(undefined), { once: true })
  return promise
}
