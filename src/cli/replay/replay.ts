// `trackbridge replay`: a window of history again: raw topics through the translation, or a destination's topic to its API.
// With --dry-run and --diff nothing is written. Ruled by product.md, "Commands", and docs/replay.md.
import { Command } from 'commander'
import { TrackbridgeError } from '../../errors.ts'
import type { CliContext } from '../context.ts'
import { runDiff } from './replay-diff.ts'
import { runDryRun } from './replay-dry-run.ts'
import { withReplayOptions, type ReplayOptions } from './replay-options.ts'
import { runReplay } from './replay-run.ts'

const help = `
A replay has a name, and Kafka remembers under it where it stands: the same command, or --name alone, goes on where it was
stopped or killed, and tells when it is done. Several processes with the same name share the work.
Conditions of --filter: KEY=VALUE, KEY!=VALUE; commas between alternatives, * for any text, \\ before a comma or * that is
meant. KEY is source, operation, type, event, person, topic or partition; of --stage forward type, event, person, topic or
partition.`

/** The command `replay`. Exit codes: 0 done, 130 and 143 when it was stopped before it was done. */
export function replayCommand(context: CliContext): Command {
  const command = new Command('replay').description(
    'translate a window of the raw topics again, or forward a window of a destination topic, exactly once',
  )
  return withReplayOptions(command)
    .addHelpText('after', help)
    .action((options: ReplayOptions, self: Command) => {
      if (options.dryRun && options.diff) throw usage('--dry-run and --diff cannot be used together')
      if (options.diff) return runDiff(context, self, options)
      refuseWithout(options, 'diff', ['configB', 'against', 'exitCode'])
      if (options.dryRun) return runDryRun(context, self, options)
      return runReplay(context, self, options)
    })
}

const flags = { configB: '--config-b', against: '--against', exitCode: '--exit-code' } as const

function refuseWithout(options: ReplayOptions, needed: 'diff', keys: readonly (keyof typeof flags)[]): void {
  const stray = keys.find((key) => options[key] !== undefined)
  if (stray !== undefined) throw usage(`${flags[stray]} needs --${needed}`)
}

const usage = (message: string): TrackbridgeError => new TrackbridgeError('TB_USAGE', message)
