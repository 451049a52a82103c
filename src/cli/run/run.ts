// `trackbridge process`, `sink` and `run`: the stream processor, the sink, or both in one process, the stream processor
// also in several worker processes. They run until SIGTERM
// or SIGINT and then end with 0. Ruled by product.md, "Commands".
import { Command, InvalidArgumentError, Option } from 'commander'
import { configPath } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { identityOf } from '../../kafka/identity.ts'
import { planTopics, readTopicPlan, requireTopics } from '../../kafka/topics.ts'
import { wantedTopics } from '../../kafka/wanted-topics.ts'
import { namingRights } from '../acls.ts'
import { readSettings, unlessAborted, type CliContext } from '../context.ts'
import { runEngines, type Engine } from './engines.ts'
import { connectionSettings } from '../kafka-settings.ts'
import { openProcessorEngine, type EngineDeps } from './processor-engine.ts'
import { openSinkEngine, sinkOptions } from './sink-engine.ts'
import { createTelemetry } from './telemetry.ts'
import { startWorkerGroup } from './worker-group.ts'
import { createWorkerStarter } from './worker-process.ts'
import { runWorker } from './worker.ts'

type Open = (deps: EngineDeps, config: Config) => Promise<Engine>

/** The command `process`. */
export function processCommand(context: CliContext): Command {
  return new Command('process')
    .description('the stream processor: raw topic to destination topics')
    .addOption(workersOption())
    .addOption(new Option('--worker <n>').argParser(Number).hideHelp())
    .action(({ workers, worker }: { workers?: number; worker?: number }, command: Command) =>
      worker === undefined
        ? runLegs(context, command, [processLeg(command, workers)])
        : runWorker(context, command, worker),
    )
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
    .addOption(workersOption())
    .action(({ workers }: { workers?: number }, command: Command) =>
      runLegs(context, command, [processLeg(command, workers), openSinkEngine]),
    )
}

const maxWorkers = 64

const workersOption = (): Option =>
  new Option(
    '--workers <n>',
    'run the stream processor in so many processes of their own, which share the partitions; absent: in this one',
  ).argParser((text: string) => {
    const workers = Number(text)
    if (/^\d+$/.test(text) && workers >= 1 && workers <= maxWorkers) return workers
    throw new InvalidArgumentError(`Allowed: whole numbers from 1 to ${maxWorkers}.`)
  })

/** The stream processor here, or in `workers` processes. */
function processLeg(command: Command, workers: number | undefined): Open {
  if (workers === undefined) return openProcessorEngine
  const { config, logLevel } = command.optsWithGlobals<{ config?: string; logLevel?: string }>()
  const global = [
    '--config',
    configPath({ path: config }),
    ...(logLevel === undefined ? [] : ['--log-level', logLevel]),
  ]
  return async ({ clock, log }) => {
    const start = createWorkerStarter((number) => [...global, 'process', '--worker', String(number)])
    return startWorkerGroup({ clock, log: log.child({ engine: 'process' }), start }, workers)
  }
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
  const telemetry = await createTelemetry(
    (onTransaction) => context.createBroker(connectionSettings(config.kafka), log, clock, onTransaction),
    clock,
    { worker: config.http === false ? null : 0 },
  )
  const { broker, meter, tracing } = telemetry
  const sinkTopics =
    command.name() === 'sink' ? sinkOptions(config, only).destinations.map(({ topic }) => topic) : undefined
  const checked = checkTopics(broker, config, sinkTopics).catch((error: unknown) => {
    throw namingRights(error, config, command.name())
  })
  await unlessAborted(signal, checked)
  const start = legs.map((open) => () => open({ broker, clock, log, meter, tracing }, config))
  const observing = config.http === false ? {} : { observing: { config, telemetry } }
  await runEngines({ config, log, adjustable: log, signal, start, ...observing })
}

/** Missing topics are told before anything starts, each with the command that would create it. `sinkTopics`: of a sink alone. */
async function checkTopics(
  broker: EngineDeps['broker'],
  config: Config,
  sinkTopics: readonly string[] | undefined,
): Promise<void> {
  const identity = identityOf(connectionSettings(config.kafka))
  const admin = await broker.admin()
  try {
    if (sinkTopics === undefined) return requireTopics(await readTopicPlan(admin, config, identity))
    // A sink need not have a right to any other topic, and does not mind how many partitions its own have.
    const own = new Set([...sinkTopics, config.deadLetters.topic])
    const wanted = wantedTopics(config).filter(({ name }) => own.has(name))
    const plan = planTopics(wanted, await admin.topics(wanted.map(({ name }) => name)), identity)
    requireTopics(plan.filter(({ state }) => state === 'missing'))
  } finally {
    await admin.close()
  }
}
