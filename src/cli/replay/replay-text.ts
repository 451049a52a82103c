// What a replay says of itself, for people and as data: what it will do, how far it is, what came of it. Pure.
import { counted, grouped } from '../../amount-text.ts'
import type { OffsetRange } from '../../kafka/broker.ts'
import type { ReplayNote } from '../../replay/replay-note.ts'
import type { ReplayProgress } from '../../replay/replay-watch.ts'
import type { Outcomes } from './replay-engine.ts'
import type { CutRange, OpenedReplay } from './replay-opening.ts'

export interface PlanFacts {
  readonly name: string
  readonly group: string
  /** Events a second; Infinity: no limit. */
  readonly rate: number
  readonly progress: ReplayProgress
}

/** More partitions than this are summed up: nobody reads a hundred lines. */
const mostPartitions = 40

/** What the replay will do, before it does it. */
export function planText({ replay, job, cut, state }: OpenedReplay, facts: PlanFacts): string {
  const { note } = replay
  const { progress, rate } = facts
  const left = progress.offsets - progress.doneOffsets
  const lines = [
    `replay ${facts.name}, ${note.stage}: ${state === 'new' ? 'begins now' : `begun ${note.begun}, goes on at ${percent(progress)}`}`,
    `  window   ${note.from} to ${note.to}${state === 'new' ? '' : ' as of its beginning'}`,
    ...(note.filter.length === 0 ? [] : [`  filter   ${note.filter.join('  ')}`]),
    `  group    ${facts.group}`,
    ...job.outputs.map(({ destination, topic }) => `  writes   ${topic} (${destination})`),
    ...(note.stage === 'forward' ? job.forwarding.map(({ destination }) => `  sends to ${destination}`) : []),
    '',
    ...partitionLines(progress),
    '',
    `  at most ${counted(left, 'event')} to go: control records take some of the offsets`,
    `  ${Number.isFinite(rate) ? `at ${rate}/s: ${aboutText(left / rate)}` : 'no --rate: as fast as it goes'}`,
    ...job.forwarding.map(
      ({ destination, requestsPerSecond, maxBatchMessages }) =>
        `  at the rate of ${destination}'s API, ${requestsPerSecond} requests/s of up to ${maxBatchMessages} messages: ` +
        `at least ${aboutText(left / (requestsPerSecond * maxBatchMessages))}`,
    ),
  ]
  return [...lines, ...cut.map(cutText)].join('\n')
}

function partitionLines({ partitions, offsets }: ReplayProgress): readonly string[] {
  const shown = partitions.length > mostPartitions ? partitions.slice(0, mostPartitions) : partitions
  const rest = partitions.slice(shown.length)
  const rows = shown.map((one) => [nameOf(one), grouped(one.from), grouped(one.to), grouped(one.to - one.from)])
  return table([
    ['partition', 'from', 'to', 'offsets'],
    ...rows,
    ...(rest.length === 0
      ? []
      : [[`... ${rest.length} more`, '', '', grouped(rest.reduce((sum, { from, to }) => sum + to - from, 0))]]),
    ['all', '', '', grouped(offsets)],
  ])
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) =>
    `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`.trimEnd(),
  )
}

function cutText(range: CutRange): string {
  const first =
    range.firstMs === null
      ? 'nothing of the window is left'
      : `the first record left is of ${new Date(range.firstMs).toISOString()}`
  return `! ${nameOf(range)}: records of the window may be gone: Kafka has deleted all below offset ${grouped(range.earliest)}; ${first}`
}

/** How far it is, e.g. `41 %  12,345 of 30,000 offsets  1,200/s  ETA 15 s  translated 12,000`. */
export function progressLine(progress: ReplayProgress, facts: ProgressFacts): string {
  const { doneOffsets, offsets } = progress
  return [
    percent(progress),
    `${grouped(doneOffsets)} of ${grouped(offsets)} offsets`,
    `${grouped(Math.round(facts.perSecond))}/s`,
    ...(facts.held === undefined ? [etaText(offsets - doneOffsets, facts.perSecond)] : [`held back: ${facts.held}`]),
    outcomesText(facts.outcomes),
  ]
    .filter((part) => part !== '')
    .join('  ')
}

export interface ProgressFacts {
  /** Offsets a second, all processes of the replay together. */
  readonly perSecond: number
  readonly held: string | undefined
  /** Of this process. */
  readonly outcomes: Outcomes
}

const barWidth = 24

/** A bar for each partition, for a terminal of so many lines, and the line of the whole. */
export function progressTable(progress: ReplayProgress, facts: ProgressFacts, maxLines: number): readonly string[] {
  const open = progress.partitions.filter(({ isDone }) => !isDone)
  const shown =
    progress.partitions.length + 2 <= maxLines ? progress.partitions : open.slice(0, Math.max(0, maxLines - 3))
  const width = Math.max(...shown.map((one) => nameOf(one).length), 0)
  const bars = shown.map((one) => `${nameOf(one).padEnd(width)}  ${bar(one)}  ${grouped(one.to - one.next)} to go`)
  const more = progress.partitions.length - shown.length
  return [
    ...bars,
    ...(more > 0 ? [`${counted(more, 'other partition')}, of ${open.length} that are not done`] : []),
    '',
    progressLine(progress, facts),
  ]
}

function bar({ from, to, next }: OffsetRange & { readonly next: number }): string {
  const share = to === from ? 1 : (next - from) / (to - from)
  const full = Math.floor(share * barWidth)
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${`${Math.floor(share * 100)}`.padStart(3)} %`
}

const nameOf = ({ topic, partition }: Pick<OffsetRange, 'topic' | 'partition'>): string => `${topic}/${partition}`

export function percent({ offsets, doneOffsets }: Pick<ReplayProgress, 'offsets' | 'doneOffsets'>): string {
  return `${offsets === 0 ? 100 : Math.floor((doneOffsets / offsets) * 100)} %`
}

const etaText = (left: number, perSecond: number): string =>
  perSecond > 0 ? `ETA ${durationOf(left / perSecond)}` : left === 0 ? '' : 'ETA unknown'

const aboutText = (seconds: number): string => (seconds < 1 ? 'a second' : `about ${durationOf(seconds)}`)

/** `45 s`, `3 min 20 s`, `5 h 12 min`, `2 d 4 h`. */
export function durationOf(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  if (whole < 86_400) return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3_600)} h`
}

const outcomeWords: Readonly<Record<string, string>> = {
  raw: 'read',
  deadLetters: 'dead letters',
  rejected: 'dead letters',
}

/** `translated 12, unsupported 1`: what is not 0. */
export const outcomesText = (outcomes: Outcomes): string =>
  Object.entries(outcomes)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${outcomeWords[name] ?? name} ${grouped(count)}`)
    .join(', ')

export interface ResultFacts extends ProgressFacts {
  readonly name: string
  readonly seconds: number
  readonly written: Outcomes
}

/** What came of it. */
export function resultText(progress: ReplayProgress, facts: ResultFacts): string {
  const { offsets, doneOffsets, isDone } = progress
  const heading = isDone
    ? `replay ${facts.name} is done: ${counted(offsets, 'offset')}, in this process after ${durationOf(facts.seconds)}`
    : `replay ${facts.name} is stopped at ${percent(progress)}: ${counted(offsets - doneOffsets, 'offset')} to go; --name ${facts.name} goes on with it`
  const outcomes = outcomesText(facts.outcomes)
  const written = outcomesText(facts.written)
  return [
    heading,
    ...(outcomes === '' ? [] : [`  ${outcomes} (by this process)`]),
    ...(written === '' ? [] : [`  written: ${written}`]),
  ].join('\n')
}

/** Of a replay that was done before. */
export const doneText = (name: string, { done = '', begun, from, to, stage }: ReplayNote): string =>
  `replay ${name}, ${stage} from ${from} to ${to}, begun ${begun}: done since ${done}; nothing is to be written. --restart begins it anew.`

/** A replay as data, for --json. */
export const replayJson = (name: string, note: ReplayNote, progress: ReplayProgress) => ({
  name,
  ...note,
  isDone: progress.isDone,
  offsets: progress.offsets,
  doneOffsets: progress.doneOffsets,
  partitions: progress.partitions,
})
