// The section `topics` of the configuration: how topics are named and created, and what `topics plan` compares existing
// ones with. In: the parsed section. Out: the same with defaults. Ruled by kafka.md, "Topics".
import { z } from 'zod'
import { pattern, wholeNumber } from './fields.ts'

/** The name of a destination's topic when neither the destination nor `topics.destinationName` says one. */
export const defaultDestinationName = 'cio.pipelines.{name}'

/** The names of the other topics, by the section that names them. */
export const defaultTopics = {
  raw: 'cio.track.raw',
  deadLetters: 'cio.dead-letters',
  unsupported: 'cio.unsupported',
} as const

const retention = (description: string) => z.int().min(-1).optional().describe(description)

const largestBatch = (description: string) => wholeNumber(description, [1_000, 1_000_000_000]).optional()

/** What one kind of topic has of its own. */
const roleSchema = (whose: string, partitions: string) =>
  z
    .strictObject({
      partitions: wholeNumber(partitions, [1, 10_000]).optional(),
      retentionMs: retention(`how long ${whose} keeps records, in milliseconds; -1: for ever`),
      maxMessageBytes: largestBatch(`largest batch that ${whose} takes, in bytes, compressed`),
    })
    .prefault({})
    .describe(`of ${whose} alone`)

/** Named by `topics` in the configuration. */
export const topicsSchema = z.strictObject({
  prefix: pattern(/^[a-zA-Z0-9._-]{0,100}$/, 'letters, digits, ".", "_" and "-", at most 100')
    .default('')
    .describe('put before every topic name that is not written out in this file'),
  destinationName: pattern(
    /^[a-zA-Z0-9._-]*\{name\}[a-zA-Z0-9._-]*$/,
    'letters, digits, ".", "_" and "-" around {name}, as in cio.pipelines.{name}',
  )
    .default(defaultDestinationName)
    .describe('topic of a destination that names none; {name} is the name of the destination'),
  partitions: wholeNumber(
    'partitions of the raw topic, when it is created; all others get its count',
    [1, 10_000],
  ).default(8),
  replicationFactor: wholeNumber("copies of each partition; -1: the cluster's default", [-1, 100])
    .refine((count) => count !== 0, { error: '-1, or a whole number from 1 to 100' })
    .default(-1),
  minInsyncReplicas: wholeNumber(
    "copies that must have a record before it counts as written; absent: the cluster's default",
    [1, 100],
  ).optional(),
  retentionMs: retention(
    "how long the topics that we write keep records, in milliseconds; -1: for ever; absent: the cluster's default",
  ),
  cleanupPolicy: z
    .enum(['delete', 'compact', 'compact,delete'])
    .optional()
    .describe(
      "of the topics that we write. delete: by age; compact: the last record of each key stays; absent: the cluster's default",
    ),
  compressionType: z
    .enum(['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'])
    .optional()
    .describe(
      "how the brokers store what we write; producer: as kafka.compression sends it; absent: the cluster's default",
    ),
  maxMessageBytes: largestBatch(
    "largest batch that the topics that we write take, in bytes, compressed; absent: the cluster's default",
  ),
  timestampType: z
    .enum(['LogAppendTime', 'CreateTime'])
    .default('LogAppendTime')
    .describe('by which time the records that we write age: that of their arrival, or that of their raw record'),
  raw: roleSchema('the raw topic', 'partitions of the raw topic, before topics.partitions'),
  destinations: roleSchema(
    'a destination topic',
    'partitions of a destination topic, at least those of the raw topic; absent: as many as the raw topic',
  ),
  deadLetters: roleSchema(
    'the dead-letter topic',
    'partitions of the dead-letter topic; absent: as many as the raw topic',
  ),
  unsupported: roleSchema(
    'the topic of unsupported calls',
    'partitions of the topic of unsupported calls; absent: as many as the raw topic',
  ),
})
