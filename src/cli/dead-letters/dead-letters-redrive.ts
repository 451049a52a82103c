// `trackbridge dead-letters redrive`: says what it will do, then does it; exactly once. Exit 1 when a letter could not be run
// again, 2 when lines of --from-file are at fault (then nothing is run). See dead-letters.ts.
import { Command, InvalidArgumentError, Option } from 'commander'
import { parseMendedLine, type MendedLine } from '../../dead-letters/exported.ts'
import {
  planRedrive,
  runRedrive,
  type RedriveDeps,
  type RedriveOptions,
  type RedrivePlan,
} from '../../dead-letters/redrive.ts'
import type { RedriveCounts } from '../../dead-letters/redrive-counts.ts'
import { TrackbridgeError } from '../../errors.ts'
import { placeText } from '../../history/window.ts'
import { shortLives } from '../../replay/short-lives.ts'
import type { CliContext } from '../context.ts'
import { whereHelp } from './dead-letters-list.ts'
import { createProgressLine } from './dead-letters-progress.ts'
import { redriveText } from './dead-letters-text.ts'
import { chosen, withLetters, openRerun, withChoice, type ChoiceFlags, type LetterUse } from './dead-letters-use.ts'
import { openInput } from '../input.ts'
import { createLineSplitter, type Line } from '../lines.ts'

interface RedriveFlags extends ChoiceFlags {
  readonly limit?: number
  readonly dryRun?: true
  readonly force?: true
  readonly fromFile?: string
  readonly json?: true
}

/** `redrive [--unsupported] [--since TIME] [--where CONDITION]... [--limit N] [--from-file FILE] [--dry-run] [--json]`. */
export function redriveCommand(context: CliContext): Command {
  return withChoice(new Command('redrive'))
    .description('run dead letters again through the present code, each exactly once')
    .addOption(new Option('--limit <n>', 'at most so many letters').argParser(parseLimit))
    .option('--from-file <file>', 'mended lines of export; "-": stdin')
    .option('--dry-run', 'say what it would do, write nothing')
    .option('--force', 'go on although Kafka would soon delete what is written')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', whereHelp)
    .action((flags: RedriveFlags, command: Command) =>
      withLetters(context, { command, flags, rights: 'dead-letters redrive' }, (use) => redrive(context, use, flags)),
    )
}

function parseLimit(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1.')
}

async function redrive(context: CliContext, use: LetterUse, flags: RedriveFlags): Promise<void> {
  const mended = flags.fromFile === undefined ? undefined : await readMended(context, use, flags.fromFile)
  const { selection, ranges } = await chosen(context, use, flags)
  const options = { selection, ranges, mended, limit: flags.limit ?? Infinity, ...use.ownership }
  const deps = { ...use.deps, ...(await openRerun(use)) }
  const plan = await withProgress(context, `reading ${use.topic}`, deps, (told) => planRedrive(told, options))
  requireNoFaults(plan, flags.fromFile ?? '')
  if (flags.dryRun) report(context, flags, plan)
  if (!flags.force) await requireLongLives(context, use, plan.counts)
  if (flags.dryRun) return
  const counts = plan.counts.redriven === 0 ? undefined : await run(context, use, { deps, options, plan, flags })
  report(context, flags, plan, counts)
}

/** Kafka counts the retention of a topic with CreateTime from the time of the raw record, which may be long ago. */
async function requireLongLives(
  { clock }: CliContext,
  { broker }: LetterUse,
  { oldestMs }: RedriveCounts,
): Promise<void> {
  const admin = await broker.admin()
  try {
    const topics = await admin.topics(Object.keys(oldestMs))
    const short = [...topics.values()].flatMap((info) =>
      shortLives([info], oldestMs[info.name] ?? Infinity, clock.now()),
    )
    if (short.length === 0) return
    throw new TrackbridgeError(
      'TB_USAGE',
      `what this redrive writes bears the time of the originals, and Kafka would delete some of it within minutes on topics with ` +
        `message.timestamp.type=CreateTime: ${short.map(({ topic, retentionMs }) => `${topic} (retention.ms ${retentionMs})`).join(', ')}; ` +
        'set LogAppendTime there (trackbridge topics apply --alter), or go on with --force',
    )
  } finally {
    await admin.close()
  }
}

interface Work {
  readonly deps: RedriveDeps
  readonly options: RedriveOptions
  readonly plan: RedrivePlan
  readonly flags: RedriveFlags
}

async function run(context: CliContext, use: LetterUse, work: Work): Promise<RedriveCounts> {
  const { deps, options, plan, flags } = work
  if (!flags.json) context.output.print(`${redriveText(plan.counts, 'plan')}\n`)
  let last: RedriveCounts | undefined
  try {
    return await withProgress(context, `redriving ${use.topic}`, deps, (told) =>
      runRedrive({ ...told, onCommit: (counts) => (last = counts) }, options),
    )
  } catch (error) {
    const done = last === undefined ? 'nothing was run again' : redriveText(last, 'done')
    context.output.writeError(`stopped; done so far, and it stays: ${done}\n`)
    throw error
  }
}

function report(
  { output, exitWith }: CliContext,
  flags: RedriveFlags,
  plan: RedrivePlan,
  counts?: RedriveCounts,
): void {
  const done = plan.done()
  if (flags.json)
    output.printJson({
      dryRun: flags.dryRun === true,
      plan: plan.counts,
      done: counts ?? null,
      linesRedrivenBefore: done,
    })
  else {
    output.print(counts === undefined ? redriveText(plan.counts, 'plan') : redriveText(counts, 'done'))
    if (done.length > 0) output.print(`lines whose letters were redriven before: ${done.join(', ')}`)
    if (flags.dryRun) output.print('nothing is written: --dry-run')
  }
  if (Object.keys((counts ?? plan.counts).kept).length > 0) exitWith(1)
}

async function withProgress<T>(
  { output, clock }: CliContext,
  what: string,
  deps: RedriveDeps,
  work: (deps: RedriveDeps) => Promise<T>,
): Promise<T> {
  const progress = createProgressLine(output, clock, what)
  try {
    return await work({
      ...deps,
      onProgress: (at) => progress.onProgress(at),
      onWaiting: (why) => progress.onWaiting(why),
    })
  } finally {
    progress.end()
  }
}

/** Kept in memory until the topic has been read, beside what each line becomes. */
const maxFileBytes = 256_000_000

async function readMended(
  context: CliContext,
  { topic }: LetterUse,
  file: string,
): Promise<ReadonlyMap<string, MendedLine>> {
  const input = await openInput(file, context)
  const splitter = createLineSplitter()
  const lines = new Map<string, MendedLine>()
  const faults = new Map<number, string>()
  let bytes = 0
  const take = (line: Line): void => {
    const parsed =
      'bytes' in line ? parseMendedLine(line.bytes, line.number) : { number: line.number, fault: 'is too long' }
    const fault = 'fault' in parsed ? parsed.fault : faultBetween(parsed, lines, topic)
    if (fault !== undefined) faults.set(line.number, fault)
    else if (!('fault' in parsed)) lines.set(placeText(parsed.place), parsed)
  }
  for await (const chunk of input.chunks) {
    bytes += chunk.length
    if (bytes > maxFileBytes)
      throw new TrackbridgeError('TB_INPUT_UNREADABLE', `${input.name} is larger than ${maxFileBytes} bytes; split it`)
    splitter.push(chunk).forEach(take)
  }
  splitter.end().forEach(take)
  throwFaults(faults, input.name)
  return lines
}

function faultBetween(line: MendedLine, lines: ReadonlyMap<string, MendedLine>, topic: string): string | undefined {
  const place = placeText(line.place)
  const before = lines.get(place)
  if (before !== undefined) return `is the letter of line ${before.number} again`
  return line.place.topic === topic ? undefined : `${place} is not on ${topic}`
}

function requireNoFaults(plan: RedrivePlan, file: string): void {
  const missing = plan
    .missing()
    .map(({ number, place }) => [number, `there is no dead letter at ${placeText(place)}`] as const)
  throwFaults(new Map([...plan.faults(), ...missing]), file)
}

function throwFaults(faults: ReadonlyMap<number, string>, file: string): void {
  if (faults.size === 0) return
  const lines = [...faults].toSorted(([a], [b]) => a - b).map(([number, fault]) => `  line ${number}: ${fault}`)
  const count = faults.size === 1 ? '1 line' : `${faults.size} lines`
  throw new TrackbridgeError(
    'TB_INPUT_UNREADABLE',
    `${file} has ${count} at fault; nothing is run again\n${lines.join('\n')}`,
  )
}
