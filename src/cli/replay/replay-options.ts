// The options of `trackbridge replay`, shared by the replay itself, its dry run and its diff. In: commander's command. Out:
// the same with options, and what they parse to. Ruled by product.md, "Commands".
import { InvalidArgumentError, Option, type Command } from 'commander'

/** As parsed; what was not given is absent. */
export interface ReplayOptions {
  /** Needed by a replay; dry run and diff do without. */
  readonly name?: string
  /** A point as history/window.ts reads it. A new replay needs it; dry run and diff take absent for `earliest`. */
  readonly from?: string
  /** The same; absent: `latest`. */
  readonly to?: string
  readonly stage?: ReplayStage
  /** Names of destinations; absent: all. */
  readonly destination?: readonly string[]
  /** Conditions, see replay/filter.ts. */
  readonly filter?: readonly string[]
  /** Events a second. */
  readonly rate?: number
  readonly rateFile?: string
  readonly pauseWhenLagAbove?: number
  readonly toTopic?: string
  readonly into?: 'live' | 'backfill'
  readonly restart?: true
  readonly force?: true
  readonly dryRun?: true
  readonly diff?: true
  /** Configuration file to compare with; absent: compare with a topic. */
  readonly configB?: string
  /** Topic to compare with; absent: the destination's own. */
  readonly against?: string
  /** How many of each kind are shown; false after --no-samples. */
  readonly samples: number | false
  readonly exitCode?: true
  /** Port of the ops server; absent: none. */
  readonly http?: number
  readonly json?: true
}

/** `translate`: raw topics -> destination topics; `forward`: a destination's topic -> its API. */
export type ReplayStage = 'translate' | 'forward'

const defaultSamples = 3

/** Adds every option, in the order in which people need them. */
export function withReplayOptions(command: Command): Command {
  const options = [
    new Option('--name <name>', 'name of the replay: its group, its header tb-replay, and how it is resumed'),
    new Option(
      '--from <point>',
      'where the window begins: a time, a time ago (-7d), earliest, latest, TOPIC:PARTITION:OFFSET',
    ),
    new Option('--to <point>', 'where it ends, the same; absent: what is there when the replay begins'),
    new Option(
      '--stage <stage>',
      'translate: raw topics to destination topics (default); forward: a destination topic to its API',
    ).choices(['translate', 'forward']),
    new Option('--destination <name...>', 'only these destinations; absent: all'),
    new Option('--filter <condition>', 'KEY=VALUE or KEY!=VALUE; may be repeated: all must hold').argParser(collect),
    new Option('--rate <n>', 'most events a second, as 500 or 500/s; absent: as fast as it goes').argParser(parseRate),
    new Option('--rate-file <file>', 'a file with that number, read again every second while it runs'),
    new Option(
      '--pause-when-lag-above <n>',
      'hold back while the live groups concerned have more records than this to go',
    ).argParser(parseWhole),
    new Option(
      '--into <lane>',
      "write to the destinations' own topics (live) or to their backfill topics; absent: backfill where there is one",
    ).choices(['live', 'backfill']),
    new Option('--to-topic <topic>', 'write the messages of one --destination to this topic'),
    new Option('--restart', 'begin a replay of this name anew'),
    new Option('--force', 'go on although Kafka would soon delete what is written'),
    new Option('--http <port>', 'serve /live, /ready, /metrics and /status on this port; absent: none').argParser(
      parseWhole,
    ),
    new Option('--dry-run', 'translate the window, write nothing, and report counts and samples'),
    new Option('--diff', 'translate the window, write nothing, and compare with what stands on the destination topic'),
    new Option('--config-b <file>', 'with --diff: compare with what this configuration makes of the window'),
    new Option('--against <topic>', "with --diff: compare with this topic in place of the destination's own"),
    new Option('--samples <n>', 'how many of each kind --dry-run and --diff show')
      .argParser(parseWhole)
      .default(defaultSamples),
    new Option('--no-samples', 'show no samples: they hold personal data'),
    new Option('--exit-code', 'with --diff: exit with 1 when there are differences'),
    new Option('--json', 'print the result as JSON'),
  ]
  for (const option of options) command.addOption(option)
  return command
}

const collect = (text: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), text]

/** `500`, `500/s`, `0.5/s`. */
export function parseRate(text: string): number {
  const [, digits] = /^\s*(\d+(?:\.\d+)?)\s*(?:\/s)?\s*$/.exec(text) ?? []
  const rate = Number(digits)
  if (rate > 0) return rate
  throw new InvalidArgumentError('Allowed: events a second above 0, as in 500 or 500/s.')
}

function parseWhole(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Allowed: whole numbers.')
}
