// Config, or none -> what an explanation needs of it. Without a configuration the schema's own defaults stand in, so that
// topics and limits are named in one place.
import { configSchema, type Config, type DestinationConfig, type SinkConfig } from '../../config/schema.ts'
import type { BatchRules } from '../../sink/batch.ts'
import { requestFormats } from '../../sink/request-format.ts'
import type { MappingSettings } from '../../translate/mapping-table.ts'

/** What of a destination matters to one message. */
export type ExplainedDestination = Pick<DestinationConfig, 'name' | 'topic' | 'where' | 'integrations'> & {
  /** Absent where the topic is left to consumers of one's own. */
  readonly rules?: BatchRules | undefined
}

export interface ExplainSettings {
  readonly mapping: MappingSettings
  /** Undefined without a configuration. */
  readonly destinations: readonly ExplainedDestination[] | undefined
  readonly defaultRules: BatchRules
  readonly deadLetterTopic: string
  readonly unsupportedTopic: string
}

export function explainSettings(config: Config | undefined): ExplainSettings {
  const { mapping, deadLetters, unsupported } = config ?? defaults
  return {
    mapping,
    destinations: config?.destinations.map(({ sink, ...destination }) => ({
      ...destination,
      rules: sink && rulesOf(sink),
    })),
    defaultRules,
    deadLetterTopic: deadLetters.topic,
    unsupportedTopic: unsupported.topic,
  }
}

function rulesOf({ limits, format }: { limits: BatchRules['limits']; format: SinkConfig['format'] }): BatchRules {
  return { limits, format: requestFormats[format] }
}

// What the schema wants and an explanation does not use.
const defaults = configSchema.parse({ kafka: { brokers: 'none:9092' }, destinations: [{ name: 'none', sink: {} }] })
const noLimits = { maxBatchMessages: 0, maxBatchBytes: 0, maxCallBytes: 0, maxSingleBytes: 0 }
const defaultRules = rulesOf(defaults.destinations[0]?.sink ?? { limits: noLimits, format: 'pipelines' })
