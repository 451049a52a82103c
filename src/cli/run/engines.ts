// Runs engines until they are told to stop: what `process`, `sink` and `run` share. Health parts, a progress line every
// half minute, a deadline for the end. In: what to run. Out: a promise that ends with the engines.
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../../config/schema.ts'
import { TrackbridgeError } from '../../errors.ts'
import type { AdjustableLog, Level, Log, LogFields } from '../../ops/log.ts'
import type { Snapshot } from '../../ops/meter-store.ts'
import type { EngineReport } from './engine-report.ts'
import { watchKafka } from './kafka-watch.ts'
import { followLevelSignal } from './log-level.ts'
import { serveOps, type Observed } from '../status/ops-server.ts'

/** A running leg as the command line sees it. */
export interface Engine {
  readonly name: string
  readonly ended: Promise<void>
  stop(): Promise<void>
  /** Why it is not ready, for an operator; undefined when it is. By part. */
  health(): ReadonlyMap<string, string | undefined>
  /** Figures for the progress line; undefined: somebody else tells them. */
  progress(): LogFields | undefined
  /** What it does and waits for, for people. */
  report?(): EngineReport
  /** Counts of other processes that it speaks for. */
  metrics?(): Snapshot
  /** Hands a new level to other processes that it speaks for. */
  setLogLevel?(level: Level): void
}

export interface EngineRun {
  readonly config: Pick<Config, 'http' | 'shutdownTimeoutMs'>
  readonly log: Log
  /** Aborts when the process is to end. */
  readonly signal: AbortSignal
  /** Started in this order, stopped in reverse. */
  readonly start: readonly (() => Promise<Engine>)[]
  /** Whose level SIGUSR2 changes; absent: it changes nothing. */
  readonly adjustable?: AdjustableLog
  /** Absent: no /metrics, no /status. */
  readonly observing?: Omit<Observed, 'kafka'>
}

const progressIntervalMs = 30_000
const leavingMs = 500

/** Resolves when the signal has aborted and all engines have stopped; rejects when one of them cannot go on, or when
 *  stopping takes longer than shutdownTimeoutMs. */
export async function runEngines({ config, log, signal, start, ...rest }: EngineRun): Promise<void> {
  const engines: Engine[] = []
  const over = new AbortController()
  const { adjustable, observing } = rest
  const tellLevel = (level: Level): void => engines.forEach((engine) => engine.setLogLevel?.(level))
  const unfollow = adjustable && followLevelSignal(process, adjustable, tellLevel)
  const observed = observe(observing, over.signal)
  const parts = {
    log: adjustable ?? log,
    engines,
    expected: start.length,
    signal: over.signal,
    ...(observed && { observed }),
  }
  const server = config.http === false ? undefined : await serveOps({ ...parts, http: config.http })
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
    // Kafka may be away, and then a question takes long.
    await Promise.race([observed?.kafka.ended, delay(leavingMs)])
    unfollow?.()
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

/** Asks Kafka how things stand, for as long as the process runs. */
function observe(observing: EngineRun['observing'], signal: AbortSignal): Observed | undefined {
  return observing && { ...observing, kafka: watchKafka(observing.telemetry, signal) }
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
