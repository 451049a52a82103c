// `trackbridge topics plan|apply`: compares the topics with those that exist, and creates the missing ones. Existing
// topics are never altered. Exit 1 when a topic is missing or wrong at the end. Ruled by kafka.md, "Topics".
import { Command } from 'commander'
import type { Config } from '../config/schema.ts'
import type { Admin } from '../kafka/broker.ts'
import { applyTopics, readTopicPlan, type TopicPlan } from '../kafka/topics.ts'
import { readSettings, unlessAborted, type CliContext } from './context.ts'
import { connectionSettings } from './kafka-settings.ts'
import type { Mark } from './output.ts'

/** The command `topics` with its members `plan [--json]` and `apply [--json]`. */
export function topicsCommand(context: CliContext): Command {
  const plan = new Command('plan')
    .description('compare the topics with those that exist, and print the commands that would create them')
    .action((options: JsonOption, command: Command) => withAdmin(context, command, planning(context, options)))
  const apply = new Command('apply')
    .description('create the missing topics; existing ones are never altered')
    .action((options: JsonOption, command: Command) => withAdmin(context, command, applying(context, options)))
  const topics = new Command('topics').description('compare and create the topics')
  for (const member of [plan, apply]) topics.addCommand(member.option('--json', 'print the result as JSON'))
  return topics
}

interface JsonOption {
  readonly json?: true
}

type Work = (admin: Admin, config: Config) => Promise<void>

const planning =
  (context: CliContext, options: JsonOption): Work =>
  async (admin, config) =>
    report(context, options, { plan: await readTopicPlan(admin, config), created: [] })

const applying =
  (context: CliContext, options: JsonOption): Work =>
  async (admin, config) => {
    const created = await applyTopics(admin, await readTopicPlan(admin, config))
    report(context, options, { plan: await readTopicPlan(admin, config), created })
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

interface Result {
  readonly plan: readonly TopicPlan[]
  readonly created: readonly string[]
}

function report({ output, exitWith }: CliContext, { json }: JsonOption, { plan, created }: Result): void {
  if (json) output.printJson({ topics: plan.map((topic) => topicJson(topic, created)) })
  else for (const topic of plan) output.printMarked(markOf[topic.state], topicText(topic, created))
  if (plan.some(({ state }) => state === 'missing' || state === 'wrong')) exitWith(1)
}

const markOf = { ok: 'ok', missing: 'failed', warning: 'warning', wrong: 'failed' } as const satisfies Record<
  TopicPlan['state'],
  Mark
>

const topicJson = ({ name, role, state, details, command }: TopicPlan, created: readonly string[]) => ({
  name,
  role,
  state,
  created: created.includes(name),
  details,
  command,
})

function topicText({ name, state, details, command }: TopicPlan, created: readonly string[]): string {
  const told = state === 'missing' ? [...details, command] : details
  const heading = created.includes(name) ? ['created'] : []
  return `${name}: ${[...heading, ...(told.length === 0 && heading.length === 0 ? ['ok'] : told)].join('\n')}`
}
