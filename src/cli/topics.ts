// `trackbridge topics plan|apply`: compares the topics with those that exist, creates the missing ones, and with --alter
// changes of the others what loses nothing. Exit 1 when a topic is missing or cannot work at the end; with --exit-code for
// any difference. Ruled by kafka.md, "Topics".
import { Command } from 'commander'
import type { Config } from '../config/schema.ts'
import type { Admin } from '../kafka/broker.ts'
import { alterTopics, applyTopics, readTopicPlan } from '../kafka/topics.ts'
import { readSettings, unlessAborted, type CliContext } from './context.ts'
import { connectionSettings } from './kafka-settings.ts'
import { topicsJson, topicsText, type TopicsResult } from './topics-text.ts'

/** The command `topics` with its members `plan [--json] [--exit-code]` and `apply [--alter] [--json]`. */
export function topicsCommand(context: CliContext): Command {
  const plan = new Command('plan')
    .description('compare the topics with those that exist, and print what would be done about each; changes nothing')
    .option('--exit-code', 'exit with 1 for any difference, not only where a topic is missing or cannot work')
    .action((options: Options, command: Command) => withAdmin(context, command, planning(context, options)))
  const apply = new Command('apply')
    .description('create the missing topics')
    .option('--alter', 'also change of existing topics what loses no record and breaks no order; plan says which')
    .action((options: Options, command: Command) => withAdmin(context, command, applying(context, options)))
  const topics = new Command('topics').description('compare and create the topics')
  for (const member of [plan, apply]) topics.addCommand(member.option('--json', 'print the result as JSON'))
  return topics
}

interface Options {
  readonly json?: true
  readonly exitCode?: true
  readonly alter?: true
}

type Work = (admin: Admin, config: Config) => Promise<void>

const planning =
  (context: CliContext, options: Options): Work =>
  async (admin, config) =>
    report(context, options, { plan: await readTopicPlan(admin, config), created: [], altered: new Map() })

const applying =
  (context: CliContext, options: Options): Work =>
  async (admin, config) => {
    const before = await readTopicPlan(admin, config)
    const created = await applyTopics(admin, before)
    const altered = options.alter ? await alterTopics(admin, before) : new Map<string, never>()
    report(context, options, { plan: await readTopicPlan(admin, config), created, altered })
  }

async function withAdmin(context: CliContext, command: Command, work: Work): Promise<void> {
  const { config, log } = readSettings(command, context, { quiet: true })
  const broker = await context.createBroker(connectionSettings(config.kafka), log, context.clock)
  const admin = await unlessAborted(context.signal, broker.admin())
  try {
    await unlessAborted(context.signal, work(admin, config))
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
