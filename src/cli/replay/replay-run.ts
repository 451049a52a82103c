// Runs a replay from its plan to its end: opens it, tells what it will do, lets the engine work until every partition has
// reached its end or somebody stops it, tells what came of it. In: options. Out: text or JSON. Ruled by docs/replay.md.
import type { Command } from 'commander'
import type { Clock } from '../../clock.ts'
import type { Config } from '../../config/schema.ts'
import { TrackbridgeError } from '../../errors.ts'
import { identityOf } from '../../kafka/identity.ts'
import type { AdjustableLog, Log } from '../../ops/log.ts'
import { reasonToHold, watchLiveLag } from '../../replay/live-lag.ts'
import { createPace, type Pace } from '../../replay/pace.ts'
import { patientAdmin } from '../../replay/patient-admin.ts'
import { createReplayStore, rangeName, replayGroup, type StoredReplay } from '../../replay/replay-store.ts'
import { createReplayWatch, type ReplayProgress, type ReplayWatch } from '../../replay/replay-watch.ts'
import { namingRights } from '../acls.ts'
import { readSettings, unlessAborted, type CliContext } from '../context.ts'
import { createClosing } from '../demo/demo-scene.ts'
import { runEngines } from '../run/engines.ts'
import { connectionSettings } from '../kafka-settings.ts'
import { followRateFile, readRateFile } from './rate-file.ts'
import { openReplayEngine, type Outcomes, type ReplayEngine } from './replay-engine.ts'
import { beginReplay, openReplay, type NamedOptions, type OpenedReplay, type OpeningDeps } from './replay-opening.ts'
import type { ReplayOptions } from './replay-options.ts'
import { createProgressView, type ProgressView } from './replay-progress.ts'
import { doneText, planText, replayJson, resultText } from './replay-text.ts'
import { createTelemetry, type Telemetry } from '../run/telemetry.ts'

/** Everything that a replay under way needs. */
interface Scene extends OpeningDeps {
  readonly context: CliContext
  readonly options: NamedOptions
  readonly group: string
  readonly telemetry: Telemetry
  readonly log: Log
  readonly view: ProgressView
  readonly pace: Pace
}

/** Resolves when the replay is done, also when it was before. Rejects with the signal's reason when it was stopped before
 *  it was done, after it has told so; with TB_* when it cannot begin or go on. */
export async function runReplay(context: CliContext, command: Command, options: ReplayOptions): Promise<void> {
  const named = requireName(options)
  const { config, log } = readSettings(command, context)
  // Lines of the engines would only repeat what the progress tells.
  if (log.level() === 'info' && command.optsWithGlobals<{ logLevel?: string }>().logLevel === undefined)
    log.setLevel('warn')
  const closing = createClosing()
  try {
    const scene = await openScene(context, { config, log, options: named, closing })
    await replay(scene).catch((error: unknown) => {
      throw namingRights(error, config, `replay --stage ${named.stage ?? 'translate'}`)
    })
  } finally {
    await closing.closeAll()
  }
}

function requireName(options: ReplayOptions): NamedOptions {
  const { name } = options
  if (name === undefined) throw usage('a replay needs --name: Kafka remembers under it where it stands')
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(name) || name.endsWith('.window') || name === 'redrive')
    throw usage(
      `--name is "${name}"; allowed: letters, digits, ".", "_" and "-", at most 100, not "redrive" and not ending in ".window"`,
    )
  return { ...options, name }
}

async function openScene(
  context: CliContext,
  parts: {
    readonly config: Config
    readonly log: AdjustableLog
    readonly options: NamedOptions
    readonly closing: ReturnType<typeof createClosing>
  },
): Promise<Scene> {
  const { config, options, closing } = parts
  const { clock, signal, output } = context
  const view = createProgressView({ output, clock, log: parts.log }, { json: options.json === true })
  const settings = connectionSettings(config.kafka)
  const telemetry = await createTelemetry(
    (onTransaction) => context.createBroker(settings, view.log, clock, onTransaction),
    clock,
    { worker: options.http === undefined ? null : 0 },
  )
  const opened = await unlessAborted(signal, telemetry.broker.admin())
  closing.add(() => opened.close())
  const admin = patientAdmin(opened, clock, signal)
  const history = await unlessAborted(signal, telemetry.broker.history())
  closing.add(() => history.close())
  const pace = createPace(clock, options.rate ?? Infinity)
  if (options.rateFile !== undefined) await readRateFile(options.rateFile, pace)
  const group = replayGroup(config.kafka.prefix, options.name)
  const store = createReplayStore(admin, group)
  const identity = identityOf(settings)
  return {
    context,
    options,
    group,
    telemetry,
    log: view.log,
    view,
    pace,
    admin,
    history,
    store,
    clock,
    config,
    identity,
    signal,
  }
}

async function replay(scene: Scene): Promise<void> {
  const { context, options, signal, group, pace, log, history, store, clock } = scene
  const { output } = context
  const opened = await unlessAborted(signal, openReplay(scene, options))
  const watch = createReplayWatch({ clock, log, store, history }, opened.replay)
  if (opened.state === 'done') return tellDone(scene, opened.replay)
  await holdIfBehind(scene, opened)
  const progress = opened.state === 'new' ? watch.progress() : await unlessAborted(signal, watch.look())
  const facts = { name: options.name, group, rate: pace.rate(), progress }
  if (options.json)
    output.writeError(
      `${JSON.stringify({ event: 'plan', ...replayJson(options.name, opened.replay.note, progress), cut: opened.cut })}\n`,
    )
  else output.print(`${planText(opened, facts)}\n`)
  const begun =
    opened.state === 'new' ? await unlessAborted(signal, beginReplay(scene, options, opened)) : opened.replay
  const startMs = clock.now()
  const worked = progress.isDone ? { watch, ...nothingDone } : await work(scene, opened, begun)
  await finish(scene, { ...worked, seconds: (clock.now() - startMs) / 1_000 })
}

/** Before the first record, so that a right that is missing is told before anything is written. */
async function holdIfBehind({ admin, options, pace, signal }: Scene, { job }: OpenedReplay): Promise<void> {
  const { pauseWhenLagAbove: maxLag } = options
  if (maxLag === undefined) return
  pace.hold('lag', await unlessAborted(signal, reasonToHold(admin, job.liveGroups, maxLag)))
}

function tellDone({ context: { output }, options }: Scene, { note, ranges }: StoredReplay): void {
  if (!options.json) return output.print(doneText(options.name, note))
  const partitions = ranges.map((range) => ({ ...range, next: range.to, isDone: true }))
  const offsets = ranges.reduce((sum, { from, to }) => sum + to - from, 0)
  output.printJson({
    ...replayJson(options.name, note, { partitions, offsets, doneOffsets: offsets, isDone: true }),
    wasDone: true,
  })
}

interface Worked {
  readonly watch: ReplayWatch
  readonly outcomes: Outcomes
  readonly written: Outcomes
}

const nothingDone: Omit<Worked, 'watch'> = { outcomes: {}, written: {} }

/** Until it is done or somebody stops it. */
async function work(scene: Scene, opened: OpenedReplay, begun: StoredReplay): Promise<Worked> {
  const { telemetry, view, pace, options, signal, group, log, clock, history, store } = scene
  const over = new AbortController()
  const stop = AbortSignal.any([signal, over.signal])
  const watch = createReplayWatch({ clock, log, store, history }, begun)
  let engine: ReplayEngine | undefined
  const show = (progress: ReplayProgress): void => {
    pace.setShare(shareOf(telemetry, group, progress))
    view.show(progress, { held: pace.held(), outcomes: engine?.outcomes() ?? {} })
  }
  const readEnds = (): Promise<ReadonlyMap<string, number> | undefined> => endsOf(scene, watch, stop)
  const open = async (): Promise<ReplayEngine> => {
    const { broker, meter, tracing } = telemetry
    const parts = { broker, meter, tracing, clock, log, name: options.name, group, pace, readEnds }
    engine = await openReplayEngine(parts, opened, begun)
    return engine
  }
  const background = Promise.all([
    watch.untilDone(stop, show).then((isDone) => isDone && over.abort('done')),
    ...besides(scene, opened, stop),
  ])
  try {
    await runEngines({ ...opsOf(scene), log, signal: stop, start: [open] })
  } finally {
    over.abort('over')
    await background
    view.end()
  }
  return { watch, outcomes: engine?.outcomes() ?? {}, written: engine?.written() ?? {} }
}

/** What goes on beside the engine. */
function besides(
  { admin, clock, log, options, pace }: Scene,
  { job }: OpenedReplay,
  stop: AbortSignal,
): Promise<void>[] {
  const { rateFile, pauseWhenLagAbove: maxLag } = options
  const hold = (why: string | undefined): void => pace.hold('lag', why)
  return [
    ...(rateFile === undefined ? [] : [followRateFile(rateFile, { pace, clock, log }, stop)]),
    ...(maxLag === undefined
      ? []
      : [watchLiveLag({ admin, clock, log }, { groups: job.liveGroups, maxLag, hold }, stop)]),
  ]
}

/** The configured port belongs to the live processes, which may be on the same machine. */
function opsOf({ config, options, telemetry }: Scene): Pick<Parameters<typeof runEngines>[0], 'config' | 'observing'> {
  const { shutdownTimeoutMs } = config
  if (options.http === undefined) return { config: { http: false, shutdownTimeoutMs } }
  const host = config.http === false ? '127.0.0.1' : config.http.host
  const http = { host, port: options.http }
  return { config: { http, shutdownTimeoutMs }, observing: { config: { ...config, http }, telemetry } }
}

/** Our part of what is not done: by it the rate is shared with other processes. */
function shareOf({ progress: groups }: Telemetry, group: string, { partitions }: ReplayProgress): number {
  const open = new Set(partitions.filter(({ isDone }) => !isDone).map(rangeName))
  const mine = groups.reports().find((report) => report.group === group)?.partitions ?? []
  // Without an assignment nobody asks.
  return open.size === 0 || mine.length === 0 ? 1 : mine.filter((one) => open.has(rangeName(one))).length / open.size
}

const retryMs = 1_000

async function endsOf(
  { store, clock, log }: { readonly store: Scene['store']; readonly clock: Clock; readonly log: Log },
  watch: ReplayWatch,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number> | undefined> {
  while (!signal.aborted) {
    try {
      const { note } = watch.replay()
      const found = (await store.find(note.topics)) ?? watch.replay()
      return new Map(found.ranges.map((range) => [rangeName(range), range.to]))
    } catch (error) {
      log.warn({ err: error }, 'the window of the replay cannot be read; asking again')
      await clock.sleep(retryMs, signal)
    }
  }
  return undefined
}

/** Tells the result; one that is done is marked so in Kafka. */
async function finish(
  { context, options, signal, store, clock, pace }: Scene,
  { watch, outcomes, written, seconds }: Worked & { readonly seconds: number },
): Promise<void> {
  const { output } = context
  const seen = watch.progress()
  // What the engine has committed in its end.
  const progress = seen.isDone ? seen : await watch.look().catch(() => seen)
  const { note, ranges } = watch.replay()
  const done = { ...note, done: note.done ?? new Date(clock.now()).toISOString() }
  if (progress.isDone) await store.refresh({ note: done, ranges })
  const result = progress.isDone ? done : note
  const perSecond = seconds > 0 ? progress.doneOffsets / seconds : 0
  if (options.json) output.printJson({ ...replayJson(options.name, result, progress), seconds, outcomes, written })
  else
    output.print(resultText(progress, { name: options.name, seconds, perSecond, held: pace.held(), outcomes, written }))
  if (!progress.isDone) signal.throwIfAborted()
}

const usage = (message: string): TrackbridgeError => new TrackbridgeError('TB_USAGE', message)
