// `trackbridge schemas check|register`: the Avro schemas of our topics against the registry. `register` says first what it
// will do, and does nothing where one of them is incompatible; `check` changes nothing and looks into the topics as well.
// Ruled by product.md, "Commands", and kafka.md, "Formats".
import { Command } from 'commander'
import type { Config } from '../../config/schema.ts'
import { TrackbridgeError } from '../../errors.ts'
import { backfillSubjects, ownSubject, writtenSubjects, type OwnSubject } from '../../schemas/own-schemas.ts'
import type { Registry } from '../../schemas/registry.ts'
import { applyPlan, isDone, planSubject, wantedLevel, type SubjectPlan } from '../../schemas/subject-plan.ts'
import { namingRights } from '../acls.ts'
import { readSettings, unlessAborted, type CliContext } from '../context.ts'
import { connectionSettings } from '../kafka-settings.ts'
import type { Mark } from '../output.ts'
import { configuredRegistry } from '../registry-settings.ts'
import { describeSamples, sampleTopics, type DescribedSample } from './topic-samples.ts'

/** The command `schemas` with its members `check [--json] [--no-topics]` and `register [--json] [--dry-run]`. */
export function schemasCommand(context: CliContext): Command {
  const check = new Command('check')
    .description('compare our Avro schemas with the registry, and with what the topics hold')
    .option('--json', 'print the result as JSON')
    .option('--no-topics', 'do not read records of the topics')
    .action((options: { json?: true; topics: boolean }, command: Command) => runCheck(context, command, options))
  const register = new Command('register')
    .description(`set compatibility ${wantedLevel} and register our Avro schemas`)
    .option('--json', 'print the result as JSON')
    .option('--dry-run', 'only say what would be done')
    .action((options: { json?: true; dryRun?: true }, command: Command) => runRegister(context, command, options))
  const schemas = new Command('schemas').description('compare and register the Avro schemas of the topics')
  for (const member of [check, register]) schemas.addCommand(member)
  return schemas
}

/** Topics of ours whose values are in Avro, by the configuration; raw topics where our own record stands there. */
function wantedSubjects(config: Config): readonly OwnSubject[] {
  const { raw } = config
  const rawTopics = raw.format === 'avro' && raw.call === 'envelope' ? raw.topics : []
  return [
    ...rawTopics.map((topic) => ownSubject(topic, 'TrackCall', 'raw')),
    ...writtenSubjects(config),
    ...backfillSubjects(config),
  ]
}

function requireRegistry(config: Config): Registry {
  const registry = configuredRegistry(config)
  if (registry !== undefined) return registry
  throw new TrackbridgeError('TB_USAGE', 'the configuration has no schemaRegistry: all topics are in JSON')
}

async function planAll(registry: Registry, wanted: readonly OwnSubject[]): Promise<readonly SubjectPlan[]> {
  const plans: SubjectPlan[] = []
  for (const one of wanted) plans.push(await planSubject(registry, one))
  return plans
}

async function runRegister(
  context: CliContext,
  command: Command,
  { json, dryRun }: { json?: true; dryRun?: true },
): Promise<void> {
  const { output, signal } = context
  const { config } = readSettings(command, context, { quiet: true })
  const registry = requireRegistry(config)
  const wanted = wantedSubjects(config)
  const plans = await unlessAborted(signal, planAll(registry, wanted))
  if (!json) for (const plan of plans) output.printMarked(markOf(plan), planText(plan))
  if (!json && plans.length === 0) output.print('no topic of the configuration has format: avro')
  const refused = plans.some(({ state }) => state === 'incompatible')
  if (refused) context.exitWith(1)
  const registered: { subject: string; id: number }[] = []
  for (const plan of refused || dryRun ? [] : plans) {
    if (isDone(plan)) continue
    const id = await unlessAborted(signal, applyPlan(registry, plan))
    registered.push({ subject: plan.subject, id })
    if (!json) output.printMarked('ok', `${plan.subject}: ${plan.schemaName} is schema ${id}, ${wantedLevel}`)
  }
  if (json) output.printJson({ subjects: plans, registered })
}

async function runCheck(
  context: CliContext,
  command: Command,
  { json, topics }: { json?: true; topics: boolean },
): Promise<void> {
  const { output, signal } = context
  const { config, log } = readSettings(command, context, { quiet: true })
  const registry = requireRegistry(config)
  const wanted = wantedSubjects(config)
  const plans = await unlessAborted(signal, planAll(registry, wanted))
  const broker = topics ? await context.createBroker(connectionSettings(config.kafka), log, context.clock) : undefined
  const sampled = broker && sampleTopics({ broker, clock: context.clock, signal }, config)
  const named = sampled?.catch((error: unknown) => {
    throw namingRights(error, config, 'schemas check')
  })
  const samples = await unlessAborted(signal, describeSamples(registry, (await named) ?? [], wanted))
  if (json) output.printJson({ subjects: plans, topics: samples })
  else {
    for (const plan of plans) output.printMarked(isDone(plan) ? 'ok' : 'failed', planText(plan))
    for (const sample of samples) output.printMarked(sample.state, sampleText(sample))
  }
  if (plans.some((plan) => !isDone(plan)) || samples.some(({ state }) => state === 'failed')) context.exitWith(1)
}

function markOf(plan: SubjectPlan): Mark {
  if (isDone(plan)) return 'ok'
  return plan.state === 'incompatible' ? 'failed' : 'warning'
}

function planText({ subject, schemaName, state, id, level, latestVersion, reasons }: SubjectPlan): string {
  const lines: Readonly<Record<SubjectPlan['state'], string>> = {
    registered: `${schemaName} is schema ${id}`,
    missing: `${schemaName} is to be registered as the first version`,
    'new-version': `${schemaName} is to be registered after version ${latestVersion}, which is compatible`,
    incompatible: `${schemaName} is not compatible with version ${latestVersion}: ${reasons.join('; ')}`,
  }
  const levels =
    level === wantedLevel ? [] : [`compatibility ${level ?? '(none of its own)'} is to become ${wantedLevel}`]
  return `${subject}: ${[lines[state], ...levels].join('\n')}`
}

const sampleText = ({ topic, records, found }: DescribedSample): string =>
  `${topic}: ${records} records looked at${found.map((line) => `\n${line}`).join('')}`
