// `trackbridge process`, `sink` and `run`: the stream processor, the sink, or both in one process. They run until SIGTERM
// or SIGINT and then end with 0. Ruled by product.md, "Commands".
import { Command } from 'commander'
import type { Config } from '../config/schema.ts'
import { readTopicPlan, requireTopics } from '../kafka/topics.ts'
import { readSettings, unlessAborted, type CliContext } from './context.ts'
import { runEngines, type Engine } from './engines.ts'
import { connectionSettings } from './kafka-settings.ts'
import { openProcessorEngine, type EngineDeps } from './processor-engine.ts'
import { openSinkEngine, sinkOptions } from './sink-engine.ts'

type Open = (deps: EngineDeps, config: Config) => Promise<Engine>

/** The command `process`. */
export function processCommand(context: CliContext): Command {
  return new Command('process')
    .description('the stream processor: raw topic to destination topics')
    .action((_options: object, command: Command) => runLegs(context, command, [openProcessorEngine]))
}

/** The command `sink [--destination NAME...]`. */
export function sinkCommand(context: CliContext): Command {
  return new Command('sink')
    .description('forwards destination topics to the Pipelines API')
    .option('--destination <name...>', 'only these destinations; all that have a sink when absent')
    .action(({ destination: only = [] }: { destination?: string[] }, command: Command) =>
      runLegs(context, command, [(deps, config) => openSinkEngine(deps, config, only)], only),
    )
}

/** The command `run`. */
export function runCommand(context: CliContext): Command {
  return new Command('run')
    .description('process and sink in one process, for small installations')
    .action((_options: object, command: Command) => runLegs(context, command, [openProcessorEngine, openSinkEngine]))
}

async function runLegs(
  context: CliContext,
  command: Command,
  legs: readonly Open[],
  only: readonly string[] = [],
): Promise<void> {
  const { config, log } = readSettings(command, context)
  if (command.name() !== 'process') sinkOptions(config, only)
  const { clock, signal } = context
  const broker = await context.createBroker(connectionSettings(config.kafka), log, clock)
  await unlessAborted(signal, checkTopics(broker, config, command.name() === 'sink'))
  const start = legs.map((open) => () => open({ broker, clock, log }, config))
  await runEngines({ config, log, signal, start })
}

/** Missing topics are told before anything starts, each with the command that would create it. */
async function checkTopics(broker: EngineDeps['broker'], config: Config, sinkOnly: boolean): Promise<void> {
  const admin = await broker.admin()
  try {
    const plan = await readTopicPlan(admin, config)
    requireTopics(sinkOnly ? plan.filter(({ role }) => role === 'destination' || role === 'dead-letters') : plan)
  } finally {
    await admin.close()
  }
}
