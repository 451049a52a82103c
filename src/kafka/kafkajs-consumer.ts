// The port's Consumer over kafkajs: runs one kafkajs consumer object after the other. States: running -> crashed ->
// (back-off 1 s to 30 s) -> running ... -> stopped | given up after ten crashes in a row, but for denials, which end when
// somebody grants what is missing; and running -> other topics ->
// running, for kafkajs cannot subscribe while it runs. kafkajs's own restart is off: it
// forgets to restart after a TypeError, and its retry budget never refills (research kafkajs.md, D).
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Log } from '../ops/log.ts'
import { createReminder, type Reminder } from '../reminder.ts'
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
// Somebody is mending it and waits to see it work.
const longestDenialMs = 10_000
const defaultMaxAgeMs = 300_000

/** A running consumer, see `Broker.consume`. Rejects with TB_KAFKA_* when the first connection fails or a topic is missing. */
export async function createKafkajsConsumer(
  deps: ConsumerDeps,
  options: ConsumeOptions,
  handlers: ConsumeHandlers,
): Promise<Consumer> {
  const progress = { crashes: 0, denials: 0 }
  const shared = createShared(deps, {
    options,
    handlers,
    onProgress: () => Object.assign(progress, { crashes: 0, denials: 0 }),
  })
  const reminder = createReminder(deps.clock)
  const run = await startConsumerRun(shared)
  const supervision: Supervision = { progress, reminder, stopping: new AbortController(), run }
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
  /** Crashes, and denials, in a row, without a heartbeat or a handled batch in between. */
  readonly progress: { crashes: number; denials: number }
  readonly reminder: Reminder
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
    topics: rest.options.topics,
    settings,
    log: log.child({ group: rest.options.group }),
    clock,
    paused: new Map(),
    active: new Map(),
    nextAssignment: () => (assignments += 1),
  }
}

async function supervise(shared: ConsumerShared, supervision: Supervision): Promise<void> {
  const { stopping } = supervision
  const { signal } = stopping
  let ending = await untilEnding(shared, supervision)
  while (ending !== undefined) {
    await supervision.run.stop()
    if ('topics' in ending) {
      shared.topics = ending.topics
      shared.log.info({ topics: ending.topics }, 'the topics have changed: joining the group anew')
    } else {
      const delayMs = backOff(shared, supervision, ending)
      await shared.clock.sleep(delayMs, signal)
      // One that is gone would make it crash again.
      if (!signal.aborted) shared.topics = (await newTopics(shared)) ?? shared.topics
    }
    ending = signal.aborted ? undefined : await startAgain(shared, supervision)
  }
  await supervision.run.stop()
}

/** How long to wait before the next start; tells of the crash. Throws when there have been too many. */
function backOff(shared: ConsumerShared, { progress, reminder }: Supervision, crash: Crash): number {
  const { code, error } = describe(shared, crash)
  if (code === 'TB_KAFKA_UNAUTHORIZED') {
    if (reminder.isDue(error))
      shared.log.error({ code, error }, 'Kafka denies access; this is tried again until it is granted')
    progress.denials += 1
    return Math.min(longestDenialMs, firstBackoffMs * 2 ** (progress.denials - 1))
  }
  progress.crashes += 1
  if (progress.crashes >= crashLimit) throw giveUp(shared, crash)
  const delayMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (progress.crashes - 1))
  const fields = { crashes: progress.crashes, delayMs, code, error }
  shared.log.warn(fields, 'the consumer crashed and is started again')
  return delayMs
}

/** The next ending, or what kept the consumer from starting; undefined when it was stopped. */
async function startAgain(shared: ConsumerShared, supervision: Supervision): Promise<Ending | undefined> {
  try {
    supervision.run = await startConsumerRun(shared)
    return await untilEnding(shared, supervision)
  } catch (error) {
    return { error }
  }
}

interface Crash {
  readonly error: unknown
}

/** What ends a run: a crash, or other topics than it consumes. */
type Ending = Crash | { readonly topics: readonly string[] }

/** Undefined when it was stopped. */
async function untilEnding(shared: ConsumerShared, supervision: Supervision): Promise<Ending | undefined> {
  const over = new AbortController()
  const { promise: stopped, resolve } = Promise.withResolvers<undefined>()
  const onStop = (): void => resolve(undefined)
  const { signal } = supervision.stopping
  signal.addEventListener('abort', onStop, { once: true })
  if (signal.aborted) onStop()
  try {
    return await Promise.race([crashOf(supervision.run), otherTopics(shared, over.signal), stopped])
  } finally {
    signal.removeEventListener('abort', onStop)
    over.abort()
  }
}

async function crashOf(run: ConsumerRun): Promise<Crash> {
  return { error: await run.crashed }
}

/** Resolves when there are other topics, not after `signal` has aborted. */
async function otherTopics(shared: ConsumerShared, signal: AbortSignal): Promise<Ending> {
  const { renewTopics, metadataMaxAgeMs = defaultMaxAgeMs } = shared.options
  if (renewTopics === undefined) return never()
  while (!signal.aborted) {
    await shared.clock.sleep(metadataMaxAgeMs, signal)
    const topics = signal.aborted ? undefined : await newTopics(shared)
    if (topics !== undefined && !signal.aborted) return { topics }
  }
  return never()
}

const never = (): Promise<never> => new Promise(() => undefined)

/** Undefined when they are the same, when there are none, and when nobody can tell. */
async function newTopics(shared: ConsumerShared): Promise<readonly string[] | undefined> {
  try {
    const topics = await shared.options.renewTopics?.()
    if (topics === undefined || topics.length === 0) return undefined
    return topics.toSorted().join() === shared.topics.toSorted().join() ? undefined : topics
  } catch (error) {
    shared.log.warn(describe(shared, { error }), 'the topics cannot be listed; those known are consumed')
    return undefined
  }
}

function giveUp(shared: ConsumerShared, crash: Crash): TrackbridgeError {
  const { topics } = shared
  const { group } = shared.options
  const last = toTrackbridgeError(crash.error, `consume ${topics.join(', ')} as group ${group}`)
  shared.log.error({ code: last.code, error: last.message }, 'the consumer crashed too often and is given up')
  const message = `group ${group} crashed ${crashLimit} times in a row and is not started again; the last time: ${last.message}`
  return new TrackbridgeError(last.code, message, { context: last.context, cause: last })
}

function describe(shared: ConsumerShared, { error }: Crash): { readonly code: string; readonly error: string } {
  const { code, message } = toTrackbridgeError(error, `consume as group ${shared.options.group}`)
  return { code, error: message }
}
