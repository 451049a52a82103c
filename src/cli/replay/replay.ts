// `trackbridge replay`: a window of history again: raw topics through the translation, or a destination's topic to its API.
// With --dry-run and --diff nothing is written. Ruled by product.md, "Commands", and docs/replay.md.
import { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { runDiff } from './replay-diff.ts'
import { runDryRun } from './replay-dry-run.ts'
import { refuseOptionPairs } from './replay-option-pairs.ts'
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
      refuseOptionPairs(options)
      if (options.diff) return runDiff(context, self, options)
      if (options.dryRun) return runDryRun(context, self, options)
      return runReplay(context, self, options)
    })
}
