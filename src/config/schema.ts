// The configuration: every key with its meaning, unit, default and bounds. In: the parsed file with ${ENV} filled in.
// Out: Config, defaults applied. The JSON Schema for editors, the example's test and every fault message are made from
// it. Rules that span keys stand in cross-checks.ts, so that they are told even when single keys are wrong.
// Ruled by product.md, "Configuration".
import { z } from 'zod'
import { destinationSchema } from './destination-schema.ts'
import { milliseconds, share, text, topicName, wholeNumber } from './fields.ts'
import { kafkaSchema } from './kafka-schema.ts'
import { rawSchema } from './raw-schema.ts'
import { registrySchema, topicFormat } from './registry-schema.ts'
import { defaultTopics, topicsSchema } from './topics-schema.ts'

const processSchema = z.strictObject({
  commit: z
    .enum(['group', 'partition'])
    .default('group')
    .describe(
      'group: one transaction for all raw partitions of a process that wait; partition: one for each, at twice the latency',
    ),
  chunkRecords: wholeNumber('most raw records in one transaction', [1, 100_000]).default(5_000),
  maxWaitMs: milliseconds(
    'longest wait of a fetch on quiet partitions; new records end it at once, so that less only costs CPU',
    [1, 60_000],
  ).default(500),
  maxBytesPerPartition: wholeNumber('most bytes of one partition in one fetch', [16_384, 104_857_600]).default(262_144),
  concurrency: wholeNumber('raw partitions worked on side by side', [1, 1_000]).default(16),
  metadataMaxAgeMs: milliseconds(
    'partitions that the raw topic gets are noticed after so long',
    [1_000, 3_600_000],
  ).default(60_000),
})

const mappingSchema = z.strictObject({
  relationshipDelete: z
    .enum(['track', 'group'])
    .default('track')
    .describe('a deleted relationship becomes the event "Relationship Deleted" (track) or a group message (group)'),
  relationshipTraitsKey: z
    .enum(['relationship_traits', 'relationshipAttributes', 'both'])
    .default('relationship_traits')
    .describe('under which trait of a group message the attributes of a relationship stand'),
})

const httpSchema = z
  .union(
    [
      z.literal(false),
      z.strictObject({
        host: text('address to listen on; 0.0.0.0 in a container').default('127.0.0.1'),
        port: wholeNumber('port to listen on; 0: any free one', [0, 65_535]).default(8_080),
      }),
    ],
    { error: 'false, or a mapping with host and port' },
  )
  .default(false)
  .describe('the server for /live and /ready; absent or false: none')

const logSchema = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('the least grave lines to show'),
  format: z
    .enum(['auto', 'json', 'pretty'])
    .default('auto')
    .describe('json lines, pretty lines, or auto: pretty in a terminal'),
  personIds: z
    .boolean()
    .default(false)
    .describe('ids of persons as they are; false: the first 12 hex digits of their SHA-256'),
})

/** The whole configuration. Unknown keys are refused at every level. Parse with `loadConfig`, which tells all faults. */
export const configSchema = z.strictObject({
  kafka: kafkaSchema.describe('the cluster and how to reach it'),
  schemaRegistry: registrySchema,
  raw: rawSchema.prefault({}).describe('where the raw Track calls are'),
  partitioning: z
    .enum(['source', 'key'])
    .default('source')
    .describe('partition of a message: the number its raw record came from (source), or by key as Java does (key)'),
  delivery: z
    .enum(['exactly-once', 'at-least-once'])
    .default('exactly-once')
    .describe('exactly-once: one transaction a chunk; at-least-once: less latency, repeats after a fault'),
  process: processSchema.prefault({}).describe('how the stream processor reads and commits'),
  mapping: mappingSchema.prefault({}).describe('choices where the sources of the translation disagree'),
  destinations: z.array(destinationSchema).min(1).describe('where messages go: one topic each; at least one'),
  deadLetters: z
    .strictObject({
      topic: topicName('topic of the dead letters').default(defaultTopics.deadLetters),
      format: topicFormat,
      maxShare: share(
        'the processor ends when more than this share of the last 1,000 raw records would become dead letters; 1: never',
      ).default(1),
    })
    .prefault({})
    .describe('what cannot be read, translated or delivered'),
  unsupported: z
    .strictObject({
      topic: topicName('topic of the unsupported calls').default(defaultTopics.unsupported),
      format: topicFormat,
    })
    .prefault({})
    .describe('well-formed calls that Pipelines has no counterpart for'),
  topics: topicsSchema
    .prefault({})
    .describe('how topics are named, created and compared by "trackbridge topics"; existing ones are left alone'),
  http: httpSchema,
  log: logSchema.prefault({}).describe('log lines, on stderr'),
  shutdownTimeoutMs: milliseconds('longest time from SIGTERM to the end', [1_000, 600_000]).default(20_000),
})

/** The configuration after parsing: every default filled in, file paths absolute. */
export type Config = z.output<typeof configSchema>
export type DestinationConfig = Config['destinations'][number]
export type SinkConfig = NonNullable<DestinationConfig['sink']>
