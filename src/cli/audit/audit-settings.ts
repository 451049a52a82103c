// Config and options of the command line -> what the audit is to look at. TB_USAGE names what is wrong with an option.
import type { AuditOptions } from '../../audit/audit.ts'
import type { AuditedDestination, SceneOptions } from '../../audit/scene.ts'
import { backfillName } from '../../config/destination-schema.ts'
import type { Config } from '../../config/schema.ts'
import { TrackbridgeError } from '../../errors.ts'
import { parsePoint } from '../../history/window.ts'
import { sinkGroup } from '../../sink/sink.ts'
import { processorOptions } from '../run/processor-engine.ts'

/** As parsed; what was not given is absent. */
export interface AuditCommandOptions {
  readonly from: string
  readonly to: string
  readonly destination?: readonly string[]
  /** False after --no-translate. */
  readonly translate: boolean
  /** Megabytes. */
  readonly memory: number
  readonly json?: true
  readonly find?: string
  readonly payload?: true
}

/** What both the audit and --find look at. `nowMs`: what times ago are counted from. */
export function sceneOptions(config: Config, options: AuditCommandOptions, nowMs: number): SceneOptions {
  const { group, raw, routes, deadLetterTopic, unsupportedTopic } = processorOptions(config)
  return {
    from: parsePoint(options.from, '--from', nowMs),
    to: parsePoint(options.to, '--to', nowMs),
    raw,
    routes,
    destinations: chosenDestinations(config, options.destination),
    deadLetterTopic,
    unsupportedTopic,
    group,
  }
}

export function auditOptions(config: Config, options: AuditCommandOptions, nowMs: number): AuditOptions {
  const { mapping, partitioning, delivery } = processorOptions(config)
  return {
    ...sceneOptions(config, options, nowMs),
    mapping,
    partitioning,
    delivery,
    isTranslated: options.translate,
    memoryBytes: options.memory * 1_000_000,
  }
}

function chosenDestinations(config: Config, names: readonly string[] = []): readonly AuditedDestination[] {
  const known = config.destinations.map(({ name }) => name)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new TrackbridgeError(
      'TB_USAGE',
      `--destination: there is no destination "${unknown}"; there are: ${known.join(', ')}`,
    )
  return config.destinations
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map(({ name, sink, backfill, ...route }) => {
      const groupOf = (lane: string) => (sink === undefined ? undefined : sinkGroup(config.kafka.prefix, lane))
      const lane = backfill && { topic: backfill.topic, sinkGroup: groupOf(backfillName(name)) }
      return { name, route: { name, ...route }, sinkGroup: groupOf(name), backfill: lane }
    })
}
