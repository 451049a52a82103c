// `trackbridge audit`: raw records against what stands on the output topics, record by record; or with --find the story of
// one. In: the configuration, a window. Out: a table, faults, a sentence; exit 1 when anything is wrong. Changes nothing.
// Ruled by product.md, promise 1, and docs/audit.md.
import { Command, InvalidArgumentError, Option } from 'commander'
import { audit, type AuditDeps } from '../../audit/audit.ts'
import type { ReadMeter } from '../../audit/progress.ts'
import { namingRights } from '../acls.ts'
import { searchStories } from './audit-find.ts'
import { auditReport, type AuditReport } from './audit-report.ts'
import { auditOptions, type AuditCommandOptions } from './audit-settings.ts'
import { auditText } from './audit-text.ts'
import { readSettings, type CliContext, type Settings } from '../context.ts'
import { connectionSettings } from '../kafka-settings.ts'
import { createScanProgress } from '../scan-progress.ts'
import { openSchemas } from '../run/schema-use.ts'

const points = 'a time (2026-03-01T12:00:00Z), a time ago (-7d), earliest, latest, TOPIC:PARTITION:OFFSET'

const help = `
Nothing is changed and no consumer group is joined. Exit codes: 0 every record of the window is accounted for; 1 something
is missing, doubled, out of order or not to be expected. --find tells the story of one record, and ends with 1 when there
is no such record.`

/** The command `audit [--from --to] [--destination NAME...] [--no-translate] [--memory MB] [--find WHAT] [--json]`. */
export function auditCommand(context: CliContext): Command {
  return new Command('audit')
    .description(
      'prove that every raw record became messages, an unsupported record or a dead letter, each exactly once',
    )
    .addOption(new Option('--from <point>', `where the window of raw records begins: ${points}`).default('earliest'))
    .addOption(new Option('--to <point>', 'where it ends, the same').default('latest'))
    .option('--destination <name...>', 'only these destinations; absent: all')
    .option(
      '--no-translate',
      'weaker and faster: only that something of each raw record is there, nothing twice, in order',
    )
    .addOption(
      new Option('--memory <mb>', 'most megabytes for what is known of raw records; a larger window is read in parts')
        .default(96)
        .argParser(toMegabytes),
    )
    .addOption(new Option('--find <what>', 'tell the story of a PERSON, a MESSAGE-ID or TOPIC:PARTITION:OFFSET'))
    .option('--payload', 'with --find: show keys, values and headers, which are personal data')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', help)
    .action(async (options: AuditCommandOptions, command: Command) => {
      const settings = readSettings(command, context, { quiet: true })
      await runAudit(context, settings, options)
    })
}

function toMegabytes(text: string): number {
  const megabytes = Number(text)
  if (/^\d+$/.test(text) && megabytes >= 1 && megabytes <= 100_000) return megabytes
  throw new InvalidArgumentError('Allowed: whole numbers from 1 to 100000.')
}

async function runAudit(context: CliContext, settings: Settings, options: AuditCommandOptions): Promise<void> {
  const { find } = options
  const wanted = auditOptions(settings.config, options, context.clock.now())
  const print = await withProgress(context, async (meter) => {
    const deps = await openDeps(context, settings, meter)
    if (find !== undefined) return searchStories(deps, wanted, { ...options, find })
    const report = auditReport(await audit(deps, wanted), wanted)
    return () => printReport(context, report, options)
  }).catch((error: unknown) => {
    throw namingRights(error, settings.config, 'audit')
  })
  print(context)
}

function printReport({ output, exitWith }: CliContext, report: AuditReport, { json }: AuditCommandOptions): void {
  if (json) output.printJson(report)
  else output.print(auditText(report, (style, text) => output.paint(style, text)))
  if (!report.ok) exitWith(1)
}

/** How far it is, on stderr, until the work has ended. */
async function withProgress<T>(context: CliContext, work: (meter: ReadMeter) => Promise<T>): Promise<T> {
  const progress = createScanProgress(context, 0)
  try {
    return await work(progress)
  } finally {
    progress.end()
  }
}

async function openDeps(context: CliContext, { config, log }: Settings, meter: ReadMeter): Promise<AuditDeps> {
  const { clock, signal } = context
  const broker = await context.createBroker(connectionSettings(config.kafka), log, clock)
  const { reading } = openSchemas({ clock, log }, config) ?? {}
  return {
    broker,
    clock,
    log,
    signal,
    meter,
    ...(reading && { ...reading, ensureSchemas: async (records, abort) => reading.ensureSchemas(records, abort) }),
  }
}
