// `trackbridge dead-letters list|show|redrive|export|forget`: looks into dead letters and runs them again. In: Kafka's
// dead-letter topic, or with --unsupported the unsupported one. Ruled by product.md, "Commands"; docs/dead-letters.md.
import { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { exportCommand } from './dead-letters-export.ts'
import { forgetCommand } from './dead-letters-forget.ts'
import { listCommand } from './dead-letters-list.ts'
import { redriveCommand } from './dead-letters-redrive.ts'
import { showCommand } from './dead-letters-show.ts'

/** The command `dead-letters` with its members. */
export function deadLettersCommand(context: CliContext): Command {
  const command = new Command('dead-letters').description('look into dead letters and run them again')
  for (const create of [listCommand, showCommand, redriveCommand, exportCommand, forgetCommand])
    command.addCommand(create(context))
  return command
}
