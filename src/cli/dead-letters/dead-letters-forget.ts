// `trackbridge dead-letters forget --user ID`: a person's dead letters are neither shown nor redriven from now on; and what
// Kafka's retention does with their bytes. Exit 0. See dead-letters.ts.
import { Command, Option } from 'commander'
import type { Config } from '../../config/schema.ts'
import { forget, type ForgottenTopic } from '../../dead-letters/forget.ts'
import { isoOf } from '../../dead-letters/exported.ts'
import type { CliContext } from '../context.ts'
import { createProgressLine } from './dead-letters-progress.ts'
import { lastByteMs, retentionText } from './dead-letters-retention.ts'
import { collect, withLetters, type LetterUse } from './dead-letters-use.ts'

interface ForgetFlags {
  readonly user: readonly string[]
  readonly dryRun?: true
  readonly json?: true
}

/** `forget --user ID... [--dry-run] [--json]`. */
export function forgetCommand(context: CliContext): Command {
  return new Command('forget')
    .description('hide the dead letters of a person from list, show, export and redrive')
    .addOption(
      new Option('--user <id>', 'user id, anonymous id or email address; may be repeated for one person')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .option('--dry-run', 'say what there is, write nothing')
    .option('--json', 'print the result as JSON')
    .action((flags: ForgetFlags, command: Command) =>
      withLetters(context, { command, flags: {}, rights: 'dead-letters forget' }, (use) =>
        forgetPerson(context, use, flags),
      ),
    )
}

async function forgetPerson(context: CliContext, use: LetterUse, flags: ForgetFlags): Promise<void> {
  const { output, clock } = context
  const { config } = use
  const progress = createProgressLine(output, clock, 'looking for dead letters')
  const topics = [config.deadLetters.topic, config.unsupported.topic]
  const results = await forget(
    {
      ...use.deps,
      onProgress: (at) => progress.onProgress(at),
      onWaiting: (why) => progress.onWaiting(why),
    },
    { topics, persons: flags.user, dryRun: flags.dryRun === true, ...use.ownership },
  )
  progress.end()
  const now = { nowMs: clock.now() }
  const told = results.map((result) => ({ ...result, ...now }))
  if (flags.json) output.printJson(forgetJson(config, told, flags))
  else output.print([...told.flatMap((one) => topicLines(one, flags)), '', ...elsewhere(config)].join('\n'))
}

type Told = ForgottenTopic & { readonly nowMs: number }

function topicLines(result: Told, { dryRun }: ForgetFlags): readonly string[] {
  const { topic, letters, shared, marked } = result
  const found = letters === 1 ? '1 record of this person' : `${letters.toLocaleString('en-US')} records of this person`
  const done = dryRun
    ? 'nothing is written: --dry-run'
    : `hidden from now on: a mark without the id stands on each of its ${marked} partitions`
  const batches = `${shared} of them may hold calls of other persons too (batches): these are hidden with them`
  return [
    `${topic}: ${found}; ${done}`,
    ...(shared === 0 ? [] : [`  ${batches}`]),
    ...(letters === 0 ? [] : retentionText(result).map((line) => `  ${line}`)),
  ]
}

/** Where else the person may stand, and how Kafka deletes there. */
function elsewhere({ raw, destinations }: Config): readonly string[] {
  const raws = raw.pattern === undefined ? raw.topics : [`topics that match ${raw.pattern}`]
  return [
    'Records of this person that come later are shown again: run this again after a backlog.',
    `The person may stand on other topics too, which this does not touch: ${[...raws, ...destinations.map(({ topic }) => topic)].join(', ')}.`,
    'Kafka deletes there by retention; all records before an offset at once: kafka-delete-records.sh; a single key only',
    'where cleanup.policy has compact, by a record with that key and a null value.',
  ]
}

function forgetJson(config: Config, results: readonly Told[], { dryRun }: ForgetFlags): unknown {
  const raws = config.raw.pattern === undefined ? config.raw.topics : [config.raw.pattern]
  return {
    dryRun: dryRun === true,
    topics: results.map(({ lastMs, settings, nowMs, ...result }) => {
      const untilMs = lastByteMs({ lastMs, settings, nowMs })
      return {
        ...result,
        lastWrittenAt: lastMs === null ? null : isoOf(lastMs),
        retentionMs: settings['retention.ms'] ?? null,
        cleanupPolicy: settings['cleanup.policy'] ?? null,
        keptUntilAtMost: untilMs === null ? null : isoOf(untilMs),
      }
    }),
    otherTopics: [...raws, ...config.destinations.map(({ topic }) => topic)],
  }
}
