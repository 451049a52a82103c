// The beginning of a replay: is there one of this name already, what is its window, may it begin? In: options, the
// configuration, Kafka's answers. Out: a replay that stands in Kafka, or what keeps it from beginning. Nothing is written
// before `begin`. Ruled by docs/replay.md.
import type { Clock } from '../../clock.ts'
import type { Config } from '../../config/schema.ts'
import { TrackbridgeError } from '../../errors.ts'
import { parsePoint, resolveWindow, type WindowRange } from '../../history/window.ts'
import type { Identity } from '../../kafka/access.ts'
import { durationText } from '../../amount-text.ts'
import type { Admin, HistoryReader, OffsetRange } from '../../kafka/broker.ts'
import { planTopics, readTopicPlan, requireTopics } from '../../kafka/topics.ts'
import { rawTopicNames, wantedTopics } from '../../kafka/wanted-topics.ts'
import { parseFilter, type Filter } from '../../replay/filter.ts'
import { requireSame, type ReplayNote, type ReplayRequest } from '../../replay/replay-note.ts'
import { rangeName, type ReplayStore, type StoredReplay } from '../../replay/replay-store.ts'
import { retentionByRecordTime, shortLives } from '../../replay/short-lives.ts'
import { replayableTopics, replayJob, windowTopics, type ReplayJob } from './replay-job.ts'
import type { ReplayOptions } from './replay-options.ts'

export interface OpeningDeps {
  readonly admin: Admin
  readonly history: Pick<HistoryReader, 'read'>
  readonly store: ReplayStore
  readonly clock: Clock
  readonly config: Config
  readonly identity: Identity
  readonly signal: AbortSignal
}

export interface OpenedReplay {
  /** `new`: not in Kafka yet. */
  readonly state: 'new' | 'begun' | 'done'
  readonly replay: StoredReplay
  readonly job: ReplayJob
  readonly filter: Filter
  /** Of a new one: partitions from which retention has taken records of the window, or may have. */
  readonly cut: readonly CutRange[]
}

export interface CutRange extends WindowRange {
  /** Time of the first record that is left of the window, milliseconds since 1970; null: there is none. */
  readonly firstMs: number | null
}

/** Options with a name. */
export type NamedOptions = ReplayOptions & { readonly name: string }

/** Finds the replay of this name, or works out a new one. TB_USAGE, TB_TOPIC_MISSING, TB_KAFKA_*. */
export async function openReplay(deps: OpeningDeps, options: NamedOptions): Promise<OpenedReplay> {
  const { admin, config, store } = deps
  const raws = await rawTopicNames(admin, config)
  const found = options.restart ? undefined : await findReplay(store, options, replayableTopics(config, raws))
  return found === undefined ? openNew(deps, options, raws) : openFound(deps, options, found)
}

/** A replay of the other stage may have this name as well, and whoever may not see its topics cannot have begun it. */
async function findReplay(
  store: ReplayStore,
  { stage = 'translate' }: NamedOptions,
  { raw, destinations }: ReturnType<typeof replayableTopics>,
): Promise<StoredReplay | undefined> {
  const [own, others] = stage === 'translate' ? [raw, destinations] : [destinations, raw]
  return (await store.find(own)) ?? (await store.find(others).catch(unlessDenied))
}

function unlessDenied(error: unknown): undefined {
  if (!(error instanceof TrackbridgeError) || error.code !== 'TB_KAFKA_UNAUTHORIZED') throw error
}

/** Writes a new replay to Kafka; of two processes that do so at once, both go on with the same. */
export async function beginReplay(
  { store }: Pick<OpeningDeps, 'store'>,
  { name, restart }: NamedOptions,
  { replay }: OpenedReplay,
): Promise<StoredReplay> {
  if (await store.begin(replay)) return replay
  const running = restart ? undefined : await store.find(replay.note.topics)
  if (running !== undefined) return running
  throw usage(`replay "${name}" is running: stop all its processes before --restart`)
}

async function openFound(deps: OpeningDeps, options: NamedOptions, replay: StoredReplay): Promise<OpenedReplay> {
  const { note } = replay
  requireSame(options.name, note, askedOf(options))
  const job = replayJob(deps.config, note, note.stage === 'translate' ? note.topics : [])
  const filter = parseFilter(note.filter, note.stage)
  if (note.done === undefined) {
    await requireJobTopics(deps, job)
    await requirePositions(deps, options.name, replay)
  }
  return { state: note.done === undefined ? 'begun' : 'done', replay, job, filter, cut: [] }
}

async function requirePositions({ store }: OpeningDeps, name: string, replay: StoredReplay): Promise<void> {
  const positions = await store.positions(replay)
  const lost = replay.ranges.filter((range) => !positions.has(rangeName(range)))
  if (lost.length === 0) return
  throw usage(
    `Kafka has forgotten how far replay "${name}" was in ${lost.map(rangeName).join(', ')}: it keeps the offsets of a group ` +
      'without members for offsets.retention.minutes (7 days by default); begin anew with --restart',
  )
}

async function openNew(deps: OpeningDeps, options: NamedOptions, raws: readonly string[]): Promise<OpenedReplay> {
  const { admin, clock, config } = deps
  const request = newRequest(options)
  const job = replayJob(config, request, raws)
  const filter = parseFilter(request.filter, request.stage)
  refuseInputs(job)
  await requireJobTopics(deps, job)
  const nowMs = clock.now()
  const points = { from: parsePoint(request.from, '--from', nowMs), to: parsePoint(request.to, '--to', nowMs) }
  const topics = windowTopics(job)
  const ranges = (await resolveWindow(admin, topics, points)).filter((range) => filter.partition(range))
  if (ranges.length === 0) throw usage('no partition meets the conditions of --filter on topic and partition')
  if (!options.force) await requireLongLives(deps, job, ranges)
  const note: ReplayNote = {
    ...request,
    topics: topics.filter((topic) => ranges.some((range) => range.topic === topic)),
    begun: new Date(nowMs).toISOString(),
  }
  const cut: CutRange[] = []
  for (const range of ranges.filter(isShortOfRecords)) cut.push({ ...range, firstMs: await firstTime(deps, range) })
  const replay = { note, ranges: ranges.map(({ topic, partition, from, to }) => ({ topic, partition, from, to })) }
  return { state: 'new', replay, job, filter, cut }
}

/** Retention has taken something of the window, or all of it. */
const isShortOfRecords = ({ isCut, from, to, earliest }: WindowRange): boolean =>
  isCut || (from === to && earliest > 0 && to <= earliest)

function newRequest(options: NamedOptions): ReplayRequest {
  const { name, from, to = 'latest', into, toTopic } = options
  if (from === undefined)
    throw usage(
      `no replay "${name}" was begun, or Kafka has forgotten it: a new one needs --from, and --to where it is not to end now`,
    )
  return {
    stage: options.stage ?? 'translate',
    from,
    to,
    destinations: options.destination ?? [],
    filter: options.filter ?? [],
    ...(into === undefined ? {} : { into }),
    ...(toTopic === undefined ? {} : { toTopic }),
  }
}

/** What was given; nothing else is compared with a replay that was begun. */
function askedOf({ stage, from, to, destination, filter, into, toTopic }: NamedOptions): Partial<ReplayRequest> {
  const asked = { stage, from, to, destinations: destination, filter, into, toTopic }
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
}

/** What is read must not be what is written to. */
function refuseInputs({ stage, config, outputs }: ReplayJob): void {
  if (stage !== 'translate') return
  const taken = new Set([...config.raw.topics, config.deadLetters.topic, config.unsupported.topic])
  const hit = outputs.find(({ topic }) => taken.has(topic))
  if (hit !== undefined)
    throw usage(`messages cannot be written to "${hit.topic}", which has another use in the configuration`)
}

async function requireJobTopics({ admin, identity }: OpeningDeps, { stage, config }: ReplayJob): Promise<void> {
  if (stage === 'translate') return requireTopics(await readTopicPlan(admin, config, identity))
  const own = new Set([...config.destinations.map(({ topic }) => topic), config.deadLetters.topic])
  const wanted = wantedTopics(config).filter(({ name }) => own.has(name))
  const plan = planTopics(wanted, await admin.topics([...own]), identity)
  requireTopics(plan.filter(({ state }) => state === 'missing'))
}

async function requireLongLives(deps: OpeningDeps, job: ReplayJob, ranges: readonly OffsetRange[]): Promise<void> {
  const { deadLetters, unsupported } = job.config
  const names = [...job.outputs.map(({ topic }) => topic), deadLetters.topic, unsupported.topic]
  if (job.stage !== 'translate') return
  const topics = [...(await deps.admin.topics(names)).values()]
  // To ask for the window's age costs a fetch for each partition.
  if (topics.every((info) => retentionByRecordTime(info) === undefined)) return
  const oldestMs = await oldestTime(deps, ranges)
  const short = shortLives(topics, oldestMs, deps.clock.now())
  if (short.length === 0) return
  const found = short.map(({ topic, retentionMs }) => `${topic} (kept for ${durationText(retentionMs)})`).join(', ')
  throw usage(
    `what this replay writes bears the time of its raw records, from ${new Date(oldestMs).toISOString()} on, and Kafka would delete ` +
      `it within minutes on topics with message.timestamp.type=CreateTime: ${found}; ` +
      'set LogAppendTime there (trackbridge topics apply --alter), or go on with --force',
  )
}

/** Of the first records of the partitions; Infinity where there is none. */
async function oldestTime(deps: OpeningDeps, ranges: readonly OffsetRange[]): Promise<number> {
  let oldestMs = Infinity
  for (const range of ranges) oldestMs = Math.min(oldestMs, (await firstTime(deps, range)) ?? Infinity)
  return oldestMs
}

async function firstTime({ history, signal }: OpeningDeps, range: OffsetRange): Promise<number | null> {
  for await (const { records } of history.read(range, signal)) if (records[0] !== undefined) return records[0].timestamp
  return null
}

const usage = (message: string): TrackbridgeError => new TrackbridgeError('TB_USAGE', message)
