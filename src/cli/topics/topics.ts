// `trackbridge topics plan|apply`: compares the topics with those that exist, creates the missing ones, and with --alter
// changes of the others what loses nothing. Exit 1 when a topic is missing or cannot work at the end; with --exit-code for
// any difference. Ruled by kafka.md, "Topics".
import { Command } from 'commander'
import type { Config } from '../../config/schema.ts'
import type { Identity } from '../../kafka/access.ts'
import type { Admin } from '../../kafka/broker.ts'
import { identityOf } from '../../kafka/identity.ts'
import { alterTopics, applyTopics, readTopicPlan } from '../../kafka/topics.ts'
import { namingRights } from '../acls.ts'
import { readSettings, unlessAborted, type CliContext } from '../context.ts'
import { connectionSettings } from '../kafka-settings.ts'
import { topicsJson, topicsText, type TopicsResult } from './topics-text.ts'

/** The command `topics` with its members `plan [--json] [--exit-code]` and `apply [--alter] [--json]`. */
export function topicsCommand(context: CliContext): Command {
  const plan = new Command('plan')
    .description('compare the topics with those that exist, and print what would be done about each; changes nothing')
    .option('--exit-code', 'exit with 1 for any difference, not only where a topic is missing or cannot work')
    .action((options: Options, command: Command) => withAdmin(context, command, {}, planning(context, options)))
  const apply = new Command('apply')
    .description('create the missing topics')
    .option('--alter', 'also change of existing topics what loses no record and breaks no order; plan says which')
    .action((options: Options, command: Command) => withAdmin(context, command, options, applying(context, options)))
  const topics = new Command('topics').description('compare and create the topics')
  for (const member of [plan, apply]) topics.addCommand(member.option('--json', 'print the result as JSON'))
  return topics
}

interface Options {
  readonly json?: true
  readonly exitCode?: true
  readonly alter?: true
}

type Work = (admin: Admin, config: Config, identity: Identity) => Promise<void>

const planning =
  (context: CliContext, options: Options): Work =>
  async (admin, config, identity) =>
    report(context, options, { plan: await readTopicPlan(admin, config, identity), created: [], altered: new Map() })

const applying =
  (context: CliContext, options: Options): Work =>
  async (admin, config, identity) => {
    const read = () => readTopicPlan(admin, config, identity, options.alter ? 'AlterConfigs' : 'DescribeConfigs')
    const before = await read()
    const created = await applyTopics(admin, before)
    const altered = options.alter ? await alterTopics(admin, before) : new Map<string, never>()
    report(context, options, { plan: await read(), created, altered })
  }

async function withAdmin(
  context: CliContext,
  command: Command,
  { alter }: Pick<Options, 'alter'>,
  work: Work,
): Promise<void> {
  const { config, log } = readSettings(command, context, { quiet: true })
  const settings = connectionSettings(config.kafka)
  const broker = await context.createBroker(settings, log, context.clock)
  const admin = await unlessAborted(context.signal, broker.admin())
  try {
    await unlessAborted(context.signal, work(admin, config, identityOf(settings)))
  } catch (error) {
    throw namingRights(error, config, `topics ${command.name()}${alter ? ' --alter' : ''}`)
  } finally {
    await admin.close()
  }
}

function report({ output, exitWith }: CliContext, { json, exitCode }: Options, result: TopicsResult): void {
  if (json) output.printJson(topicsJson(result))
  else output.print(topicsText(result, (style, text) => output.paint(style, text)))
  const isBad = exitCode ? ['missing', 'wrong', 'warning', 'differs'] : ['missing', 'wrong']
  if (result.plan.some(({ state }) => isBad.includes(state))) exitWith(1)
}
