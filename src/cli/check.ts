// `trackbridge check`: validates the configuration and reaches Kafka and the API, without side effects. Prints a list of
// ticks and crosses, or the same as JSON. Exit 0: all ticks, warnings allowed. Ruled by product.md, "Commands".
import { Command } from 'commander'
import { apiItems, kafkaItems, passes, type CheckItem } from './checks.ts'
import { readSettings, unlessAborted, type CliContext } from './context.ts'
import { connectionSettings } from './kafka-settings.ts'

/** The command `check [--json]`. */
export function checkCommand(context: CliContext): Command {
  return new Command('check')
    .description('validate the configuration and reach Kafka and the API, without side effects')
    .option('--json', 'print the result as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      const { config, path, log } = readSettings(command, context, { quiet: true })
      const count = config.destinations.length
      const valid = `${path} is valid, ${count} destination${count === 1 ? '' : 's'}`
      const open = async () => context.createBroker(connectionSettings(config.kafka), log, context.clock)
      const found = Promise.all([kafkaItems(open, config), apiItems(config, context.probe, context.signal)])
      const [kafka, api] = await unlessAborted(context.signal, found)
      const items: readonly CheckItem[] = [{ name: 'configuration', state: 'ok', details: [valid] }, ...kafka, ...api]
      if (options.json) context.output.printJson({ ok: passes(items), items })
      else for (const item of items) context.output.printMarked(item.state, `${item.name}: ${item.details.join('\n')}`)
      if (!passes(items)) context.exitWith(1)
    })
}
