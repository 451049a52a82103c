// `trackbridge check`: validates the configuration and reaches Kafka, the registry and the API, without side effects.
// Prints a list of ticks and crosses, each cross with what to do, or the same as JSON. Exit 0: all ticks, warnings
// allowed. Ruled by product.md, "Commands".
import { Command, InvalidArgumentError, Option } from 'commander'
import { counted } from '../../amount-text.ts'
import { identityOf } from '../../kafka/identity.ts'
import { printAcls, type AclOptions } from '../acls.ts'
import { apiItems } from './check-api.ts'
import { fine, passes, type CheckItem, type CheckSection } from './check-item.ts'
import { registryItems } from './check-registry.ts'
import { kafkaSections, type CheckedCommand } from './checks.ts'
import { readSettings, unlessAborted, type CliContext } from '../context.ts'
import { connectionSettings } from '../kafka-settings.ts'
import { configuredRegistry } from '../registry-settings.ts'

interface Options extends AclOptions {
  readonly acls?: true
  readonly timeout: number
  readonly for?: CheckedCommand
}

/** The command `check [--for COMMAND] [--timeout SECONDS] [--json]`, and `check --acls [--principal NAME] [--json]`. */
export function checkCommand(context: CliContext): Command {
  return new Command('check')
    .description('validate the configuration and reach Kafka, the registry and the API, without side effects')
    .addOption(
      new Option('--for <command>', 'look only at what this command needs; absent: both').choices(['process', 'sink']),
    )
    .addOption(
      new Option('--timeout <seconds>', 'longest wait for all that is asked of Kafka').default(60).argParser(toSeconds),
    )
    .option('--acls', 'print the ACLs that each command needs, as lines of kafka-acls.sh, and connect to nothing')
    .option('--principal <name>', 'with --acls: whom they are for, e.g. User:alice; absent: as configured')
    .option('--json', 'print the result as JSON')
    .action(async (options: Options, command: Command) => {
      if (options.acls)
        return printAcls(context.output, readSettings(command, context, { quiet: true }).config, options)
      const sections = await unlessAborted(context.signal, allSections(context, command, options))
      const shown = sections.filter(({ items }) => items.length > 0)
      if (options.json) context.output.printJson(sectionsJson(shown))
      else printSections(context, shown)
      if (!passes(shown)) context.exitWith(1)
    })
}

function toSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d+$/.test(text) && seconds >= 1 && seconds <= 3_600) return seconds
  throw new InvalidArgumentError('Allowed: whole numbers from 1 to 3600.')
}

async function allSections(context: CliContext, command: Command, options: Options): Promise<readonly CheckSection[]> {
  const { config, path, log } = readSettings(command, context, { quiet: true })
  const { clock, probe, signal } = context
  const commands: readonly CheckedCommand[] = options.for === undefined ? ['process', 'sink'] : [options.for]
  const settings = connectionSettings(config.kafka)
  const check = { config, clock, identity: identityOf(settings), commands, timeoutMs: options.timeout * 1_000 }
  const [kafka, registry, api] = await Promise.all([
    kafkaSections(async () => context.createBroker(settings, log, clock), check),
    registryItems(config, configuredRegistry(config)),
    commands.includes('sink') ? apiItems(config, probe, signal) : [],
  ])
  const valid = fine('file', `${path} is valid, ${counted(config.destinations.length, 'destination')}`)
  return [
    { title: 'Configuration', items: [valid] },
    ...kafka,
    { title: 'Schema registry', items: registry },
    { title: 'API', items: api },
  ]
}

function printSections({ output }: CliContext, sections: readonly CheckSection[]): void {
  for (const { title, items } of sections) {
    output.print(output.paint('bold', title))
    for (const item of items) output.printMarked(item.state, itemText(item))
  }
  output.print(`\n${summaryOf(sections)}`)
}

const itemText = ({ name, details, toDo }: CheckItem): string =>
  [`${name}: ${details.join('\n')}`, ...toDo.map((step, index) => `${index === 0 ? '→' : 'or'} ${step}`)].join('\n')

const countOf = (sections: readonly CheckSection[], state: CheckItem['state']): number =>
  sections.flatMap(({ items }) => items).filter((item) => item.state === state).length

function summaryOf(sections: readonly CheckSection[]): string {
  const counts = [
    counted(countOf(sections, 'failed'), 'fault'),
    counted(countOf(sections, 'warning'), 'warning'),
    ...(countOf(sections, 'skipped') === 0 ? [] : [`${countOf(sections, 'skipped')} not checked`]),
  ]
  return counts.join(', ')
}

const sectionsJson = (sections: readonly CheckSection[]): unknown => ({
  ok: passes(sections),
  faults: countOf(sections, 'failed'),
  warnings: countOf(sections, 'warning'),
  items: sections.flatMap(({ title, items }) => items.map((item) => ({ section: title, ...item }))),
})
