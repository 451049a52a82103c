// The port's Consumer over kafkajs: runs one kafkajs consumer object after the other. States: running -> crashed ->
// (back-off 1 s to 30 s) -> running ... -> stopped | given up after ten crashes in a row. kafkajs's own restart is off: it
// forgets to restart after a TypeError, and its retry budget never refills (research kafkajs.md, D).
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Log } from '../ops/log.ts'
import type { ConsumeHandlers, ConsumeOptions, Consumer } from './broker.ts'
import type { ConnectionSettings } from './connection.ts'
import { startConsumerRun, type ConsumerRun } from './consumer-run.ts'
import type { ConsumerShared } from './consumer-state.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'

export interface ConsumerDeps {
  readonly settings: ConnectionSettings
  readonly log: Log
  readonly clock: Clock
}

const crashLimit = 10
const firstBackoffMs = 1_000
const longestBackoffMs = 30_000

/** A running consumer, see `Broker.consume`. Rejects with TB_KAFKA_* when the first connection fails or a topic is missing. */
export async function createKafkajsConsumer(
  deps: ConsumerDeps,
  options: ConsumeOptions,
  handlers: ConsumeHandlers,
): Promise<Consumer> {
  const progress = { crashes: 0 }
  const shared = createShared(deps, { options, handlers, onProgress: () => (progress.crashes = 0) })
  const supervision: Supervision = { progress, stopping: new AbortController(), run: await startConsumerRun(shared) }
  const ended = supervise(shared, supervision)
  // Callers may look at `ended` late or only through stop.
  ended.catch(() => undefined)
  return {
    pause: (partition) => supervision.run.pause(partition),
    resume: (partition) => supervision.run.resume(partition),
    commit: (offsets) => supervision.run.commit(offsets),
    ended,
    async stop() {
      supervision.stopping.abort()
      await ended.catch(() => undefined)
    },
  }
}

interface Supervision {
  /** Crashes in a row, without a heartbeat or a handled batch in between. */
  readonly progress: { crashes: number }
  readonly stopping: AbortController
  run: ConsumerRun
}

function createShared(
  { settings, log, clock }: ConsumerDeps,
  rest: Pick<ConsumerShared, 'options' | 'handlers' | 'onProgress'>,
): ConsumerShared {
  let assignments = 0
  return {
    ...rest,
    settings,
    log: log.child({ group: rest.options.group }),
    clock,
    paused: new Map(),
    active: new Map(),
    nextAssignment: () => (assignments += 1),
  }
}

async function supervise(shared: ConsumerShared, supervision: Supervision): Promise<void> {
  const { stopping, progress } = supervision
  const { signal } = stopping
  const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
  let crash = await Promise.race([crashOf(supervision.run), stopped])
  while (crash !== undefined) {
    await supervision.run.stop()
    progress.crashes += 1
    if (progress.crashes >= crashLimit) throw giveUp(shared, crash)
    const delayMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (progress.crashes - 1))
    const fields = { crashes: progress.crashes, delayMs, ...describe(shared, crash) }
    shared.log.warn(fields, 'the consumer crashed and is started again')
    await shared.clock.sleep(delayMs, signal)
    crash = signal.aborted ? undefined : await startAgain(shared, supervision, stopped)
  }
  await supervision.run.stop()
}

/** The next crash, or what kept the consumer from starting; undefined when it was stopped. */
async function startAgain(
  shared: ConsumerShared,
  supervision: Supervision,
  stopped: Promise<undefined>,
): Promise<Crash | undefined> {
  try {
    supervision.run = await startConsumerRun(shared)
    return await Promise.race([crashOf(supervision.run), stopped])
  } catch (error) {
    return { error }
  }
}

interface Crash {
  readonly error: unknown
}

async function crashOf(run: ConsumerRun): Promise<Crash> {
  return { error: await run.crashed }
}

function giveUp(shared: ConsumerShared, crash: Crash): TrackbridgeError {
  const { group, topics } = shared.options
  const last = toTrackbridgeError(crash.error, `consume ${topics.join(', ')} as group ${group}`)
  shared.log.error({ code: last.code, error: last.message }, 'the consumer crashed too often and is given up')
  const message = `group ${group} crashed ${crashLimit} times in a row and is not started again; the last time: ${last.message}`
  return new TrackbridgeError(last.code, message, { context: last.context, cause: last })
}

function describe(shared: ConsumerShared, { error }: Crash): { readonly code: string; readonly error: string } {
  const { code, message } = toTrackbridgeError(error, `consume as group ${shared.options.group}`)
  return { code, error: message }
}
