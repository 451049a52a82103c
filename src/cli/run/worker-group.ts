// N worker processes of one consumer group as one engine: starts them, starts again what dies, sums up what they say,
// ends them all. States of each worker and their transitions:
//
//   starting --first status--> up             starting, up --dies--> waiting --back-off--> starting
//   any --dies young for the fifth time in a row, or with a fault that no restart mends--> the group ends
//   any --stop--> told to end; the group has stopped when all are gone
import type { Clock } from '../../clock.ts'
import { errorCodes, TrackbridgeError } from '../../errors.ts'
import type { Level, Log } from '../../ops/log.ts'
import { addSnapshots, lasting, type Snapshot } from '../../ops/meter-store.ts'
import { addCounts, noCounts, type Counts } from '../../processor/counts.ts'
import { addTopicFigures } from '../../processor/raw-topics.ts'
import type { EngineReport } from './engine-report.ts'
import type { Engine } from './engines.ts'
import type { GroupReport } from './group-progress.ts'
import { createRate, severalTopics, shortCounts } from './processor-engine.ts'
import { afterDeath, maxYoungDeaths, youngMs } from './restart-policy.ts'
import type { StartWorker, WorkerEnd, WorkerProcess } from './worker-process.ts'
import type { WorkerFailure, WorkerMessage, WorkerStatus } from './worker-messages.ts'

export interface WorkerGroupDeps {
  readonly clock: Clock
  readonly log: Log
  readonly start: StartWorker
}

/** A worker that has said nothing for so long counts as not ready: it may be frozen. */
const silentMs = 5_000

/** One of the N: a number, and one process after the other. */
interface Worker {
  readonly number: number
  process: WorkerProcess | undefined
  status: WorkerStatus | undefined
  heardAtMs: number
  failure: WorkerFailure | undefined
  /** Why there is no process. */
  waiting: string | undefined
  youngDeaths: number
}

interface Group {
  readonly deps: WorkerGroupDeps
  readonly workers: readonly Worker[]
  readonly stopping: AbortController
  /** What processes that are gone have done; the last half second of one that was killed is not in it. */
  gone: Counts
  /** The same by raw topic; no partitions are theirs any more. */
  goneTopics: WorkerStatus['topics']
  goneMetrics: Snapshot
  /** Of the workers' log lines; undefined: as they were started. */
  level: Level | undefined
  /** Workers that were told to end and did not end well. */
  readonly unclean: string[]
  /** Whether any worker has ever been up: from then on a missing topic is a passing fault. */
  wasUp: boolean
}

/** Starts `count` workers, numbered from 1. `ended` rejects with the code of the fault when one cannot go on, or with
 *  TB_WORKER_FAILED when it dies young five times in a row. */
export function startWorkerGroup(deps: WorkerGroupDeps, count: number): Engine {
  const workers = Array.from({ length: count }, (_, index): Worker => newWorker(index + 1, deps.clock.now()))
  const gone = { gone: noCounts, goneTopics: {}, goneMetrics: {}, level: undefined, unclean: [], wasUp: false }
  const group: Group = { deps, workers, stopping: new AbortController(), ...gone }
  const lives = workers.map((worker) => keepAlive(group, worker))
  const ended = Promise.all(lives).then(() => undefined)
  // Callers may look at `ended` late or only through stop.
  ended.catch(() => undefined)
  const rate = createRate(deps.clock)
  return {
    name: 'process',
    ended,
    health: () => new Map(workers.map((worker) => [`process worker ${worker.number}`, whyNotReady(group, worker)])),
    progress: () => {
      const { counts, topics, ...sums } = sumUp(group)
      return { ...shortCounts(counts), rawPerSecond: rate(counts.raw), ...sums, ...severalTopics(topics) }
    },
    report: () => reportOf(group),
    metrics: () => workers.reduce((sum, { status }) => addSnapshots(sum, status?.metrics ?? {}), group.goneMetrics),
    setLogLevel(level) {
      group.level = level
      for (const { process } of workers) process?.setLevel(level)
    },
    async stop() {
      group.stopping.abort()
      for (const { process } of workers) process?.stop()
      const settled = await Promise.allSettled(lives)
      // What ended the group says more than how the others took it.
      const hasFailed = settled.some(({ status }) => status === 'rejected')
      if (!hasFailed && group.unclean.length > 0)
        throw new TrackbridgeError('TB_WORKER_FAILED', `workers did not end in order: ${group.unclean.join(', ')}`)
    },
  }
}

const newWorker = (number: number, heardAtMs: number): Worker => ({
  number,
  process: undefined,
  status: undefined,
  heardAtMs,
  failure: undefined,
  waiting: undefined,
  youngDeaths: 0,
})

async function keepAlive(group: Group, worker: Worker): Promise<void> {
  const { clock, log } = group.deps
  const { signal } = group.stopping
  while (!signal.aborted) {
    const startedAtMs = clock.now()
    const end = await liveOnce(group, worker)
    const why = worker.failure === undefined ? end.how : failureText(worker.failure)
    if (signal.aborted && end.code !== 0) group.unclean.push(`worker ${worker.number} (${why})`)
    if (signal.aborted) return
    requireMendable(group, worker)
    const after = afterDeath(clock.now() - startedAtMs, worker.youngDeaths)
    worker.youngDeaths = after.youngDeaths
    if (after.verdict === 'give-up') throw tooManyDeaths(worker, why)
    const { waitMs } = after
    worker.waiting = `ended (${why}); another one starts within ${waitMs} ms`
    log.error({ worker: worker.number, end: end.how, why, waitMs }, 'ended; starting again')
    await clock.sleep(waitMs, signal)
  }
}

/** From the start of a process to its end. */
async function liveOnce(group: Group, worker: Worker): Promise<WorkerEnd> {
  const { clock, log, start } = group.deps
  worker.status = undefined
  worker.failure = undefined
  worker.waiting = undefined
  worker.heardAtMs = clock.now()
  const process = start(worker.number, (message) => hear(group, worker, message))
  worker.process = process
  if (group.level !== undefined) process.setLevel(group.level)
  log.info({ worker: worker.number, pid: process.pid }, 'started')
  const end = await process.ended
  worker.process = undefined
  if (worker.status !== undefined) {
    group.gone = addCounts(group.gone, countsOf(worker))
    group.goneTopics = addTopicFigures(group.goneTopics, readOf(worker.status))
    group.goneMetrics = addSnapshots(group.goneMetrics, lasting(metricsOf(worker)))
  }
  worker.status = undefined
  return end
}

function hear(group: Group, worker: Worker, message: WorkerMessage): void {
  worker.heardAtMs = group.deps.clock.now()
  if (message.type === 'failed') {
    worker.failure = message
    return
  }
  group.wasUp = true
  worker.status = message
}

// A share that is passed asks for a person; what trackbridge refuses at the start another start refuses too.
function requireMendable(group: Group, { number, failure }: Worker): void {
  if (failure === undefined || failure.code === null) return
  const isRefusal = errorCodes[failure.code].reaction === 'refuse' && !group.wasUp
  if (failure.code === 'TB_DEAD_LETTER_SHARE' || isRefusal)
    throw new TrackbridgeError(failure.code, `worker ${number}: ${failure.message}`)
}

const failureText = ({ code, message }: WorkerFailure): string => (code === null ? message : `${code}: ${message}`)

const tooManyDeaths = ({ number }: Worker, why: string): TrackbridgeError =>
  new TrackbridgeError(
    'TB_WORKER_FAILED',
    `worker ${number} ended ${maxYoungDeaths} times in a row within ${youngMs / 1000} s of its start; the last time: ${why}`,
  )

function whyNotReady({ deps }: Group, worker: Worker): string | undefined {
  if (worker.waiting !== undefined) return worker.waiting
  if (worker.status === undefined) return 'starting'
  const silence = deps.clock.now() - worker.heardAtMs
  if (silence > silentMs) return `has said nothing for ${Math.round(silence / 1000)} s`
  return worker.status.notReady ?? undefined
}

function reportOf(group: Group): EngineReport {
  const { counts, workers } = sumUp(group)
  const stuck = group.workers.flatMap(({ number, status }) =>
    status !== undefined && status.stuck > 0 ? [[`worker ${number}`, status.notReady ?? '']] : [],
  )
  const groups = group.workers.flatMap(({ status }) => status?.groups ?? [])
  return {
    process: { counts, stuck: Object.fromEntries(stuck) as Record<string, string>, workers },
    groups: merged(groups),
  }
}

const merged = (groups: readonly GroupReport[]): readonly GroupReport[] =>
  [...Map.groupBy(groups, ({ group }) => group)].map(([group, parts]) => ({
    group,
    partitions: parts.flatMap(({ partitions }) => partitions),
  }))

const metricsOf = (worker: Worker): Snapshot => worker.status?.metrics ?? {}

const countsOf = (worker: Worker): Counts => worker.status?.counts ?? noCounts

/** What it has read, without the partitions it had. */
const readOf = ({ topics }: WorkerStatus): WorkerStatus['topics'] =>
  Object.fromEntries(Object.entries(topics).map(([name, { raw }]) => [name, { partitions: 0, stuck: 0, raw }]))

function sumUp({ workers, gone, goneTopics }: Group) {
  const sum = (figure: (status: WorkerStatus) => number): number =>
    workers.reduce((total, { status }) => total + (status === undefined ? 0 : figure(status)), 0)
  return {
    counts: workers.map(countsOf).reduce(addCounts, gone),
    topics: addTopicFigures(goneTopics, ...workers.map(({ status }) => status?.topics ?? {})),
    partitions: sum(({ partitions }) => partitions),
    stuck: sum(({ stuck }) => stuck),
    workers: workers.filter(({ status }) => status !== undefined).length,
  }
}
