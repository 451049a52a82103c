// The configuration: every key with its meaning, unit, default and bounds. In: the parsed file with ${ENV} filled in.
// Out: Config, defaults applied. The JSON Schema for editors, the example's test and every fault message are made from
// it. Rules that span keys stand in cross-checks.ts, so that they are told even when single keys are wrong.
// Ruled by product.md, "Configuration".
import { z } from 'zod'
import { destinationSchema } from './destination-schema.ts'
import { brokerList, milliseconds, pattern, share, text, topicName, wholeNumber } from './fields.ts'

const sslSchema = z
  .union(
    [
      z.boolean(),
      z.strictObject({
        caFile: text(
          'PEM file of the authority that signed the brokers; absent: the authorities Node knows',
        ).optional(),
        certFile: text('PEM file of our own certificate, for mutual TLS; needs keyFile').optional(),
        keyFile: text('PEM file of our own private key, for mutual TLS; needs certFile').optional(),
        passphrase: text('passphrase of keyFile').optional(),
        serverName: text("name expected in the brokers' certificates, where it is not their host").optional(),
      }),
    ],
    { error: 'true, false, or a mapping with caFile, certFile, keyFile, passphrase, serverName' },
  )
  .default(false)
  .describe('TLS to the brokers: false, true, or a mapping with certificates')

const saslSchema = z
  .discriminatedUnion('mechanism', [
    z.strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).describe('how we prove who we are'),
      username: text('user name'),
      password: text('password; this or passwordFile').optional(),
      passwordFile: text('file that holds the password; this or password').optional(),
    }),
    z.strictObject({
      mechanism: z.literal('oauthbearer').describe('a bearer token from a file'),
      tokenFile: text('file that holds the bearer token; read again when it changes'),
    }),
  ])
  .optional()
  .describe('authentication at the brokers; absent: none')

const kafkaSchema = z.strictObject({
  brokers: brokerList('brokers to begin with, each host:port: a list, or one text with commas'),
  clientId: text('name by which the brokers know us, in their logs and quotas').default('trackbridge'),
  ssl: sslSchema,
  sasl: saslSchema,
  prefix: pattern(/^[a-zA-Z0-9._-]{1,100}$/, 'letters, digits, ".", "_" and "-", at most 100')
    .default('trackbridge')
    .describe('group ids and transactional ids begin with this and a dot'),
  sessionTimeoutMs: milliseconds('after so long without a heartbeat a member counts as gone', [6_000, 300_000]).default(
    15_000,
  ),
  transactionTimeoutMs: milliseconds(
    "Kafka aborts a transaction that is open for longer; at most the brokers' transaction.max.timeout.ms",
    [5_000, 900_000],
  ).default(30_000),
  compression: z
    .enum(['lz4', 'gzip', 'snappy', 'zstd', 'none'])
    .default('lz4')
    .describe('of the batches that we write; all of them can be read'),
  connectionTimeoutMs: milliseconds('longest wait for a connection to a broker', [100, 120_000]).default(10_000),
  requestTimeoutMs: milliseconds("longest wait for a broker's answer", [1_000, 300_000]).default(30_000),
})

const rawSchema = z.strictObject({
  topic: topicName('topic with the raw Track calls').default('cio.track.raw'),
  format: z
    .enum(['auto', 'json'], {
      error: (issue) =>
        issue.input === 'avro' ? 'auto or json: Avro is not supported by this version of trackbridge' : 'auto or json',
    })
    .default('auto')
    .describe('how raw records are encoded: json, or auto, which tells by the first byte'),
})

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

const topicsSchema = z.strictObject({
  partitions: wholeNumber(
    'partitions of the raw topic, when it is created; all others get its count',
    [1, 10_000],
  ).default(8),
  replicationFactor: wholeNumber("copies of each partition; -1: the cluster's default", [-1, 100])
    .refine((copies) => copies !== 0, { error: '-1, or a whole number from 1 to 100' })
    .default(-1),
  retentionMs: z
    .int()
    .min(-1)
    .optional()
    .describe(
      "how long the topics that we write keep records, in milliseconds; -1: for ever; absent: the cluster's default",
    ),
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
})

/** The whole configuration. Unknown keys are refused at every level. Parse with `loadConfig`, which tells all faults. */
export const configSchema = z.strictObject({
  kafka: kafkaSchema.describe('the cluster and how to reach it'),
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
      topic: topicName('topic of the dead letters').default('cio.dead-letters'),
      maxShare: share(
        'the processor ends when more than this share of the last 1,000 raw records would become dead letters; 1: never',
      ).default(1),
    })
    .prefault({})
    .describe('what cannot be read, translated or delivered'),
  unsupported: z
    .strictObject({ topic: topicName('topic of the unsupported calls').default('cio.unsupported') })
    .prefault({})
    .describe('well-formed calls that Pipelines has no counterpart for'),
  topics: topicsSchema
    .prefault({})
    .describe('how "trackbridge topics apply" creates topics; existing ones are left alone'),
  http: httpSchema,
  log: logSchema.prefault({}).describe('log lines, on stderr'),
  shutdownTimeoutMs: milliseconds('longest time from SIGTERM to the end', [1_000, 600_000]).default(20_000),
})

/** The configuration after parsing: every default filled in, file paths absolute. */
export type Config = z.output<typeof configSchema>
export type DestinationConfig = Config['destinations'][number]
export type SinkConfig = NonNullable<DestinationConfig['sink']>
