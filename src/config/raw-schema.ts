// The section `raw` of the configuration: which topics hold the raw calls, how they are encoded, and where the parts of a
// call are found. In: the parsed section. Out: the same with defaults; topics as one list, parts as lists of places.
// Ruled by mapping.md, "Raw calls", and kafka.md, "Topics".
import { z } from 'zod'
import {
  callPresets,
  placesAllowed,
  readPlaces,
  type CallMapping,
  type CallPart,
  type CallPlace,
} from '../records/call-mapping.ts'
import { topicName } from './fields.ts'
import { defaultTopics } from './topics-schema.ts'

const place = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  propertyNames: { enum: ['value', 'header', 'key', 'constant', 'timestamp'] },
}

/** One place or a list of them. Told in a word of its own: the bounds of the schema alone would not say which place goes
 *  with which part. */
const part = (name: CallPart, description: string) =>
  z
    .unknown()
    .transform((written, context): readonly CallPlace[] => {
      const places = readPlaces(name, written)
      if (places !== undefined) return places
      context.addIssue({ code: 'custom', message: placesAllowed(name) })
      return z.NEVER
    })
    .meta({ description, ...place, type: ['object', 'array'], items: place })

const mappingSchema = z
  .strictObject({
    method: part('method', 'where the HTTP method is; absent, as path: the body is a v2 entity or batch').optional(),
    path: part('path', 'where the path or URL is').optional(),
    body: part('body', 'where the body is; {value: true} is the whole value'),
    source: part('source', 'where it says which set of Track credentials made the call; absent: nowhere').optional(),
    id: part('id', "where the producer's own id of the record is; absent: nowhere").optional(),
    received_at: part(
      'received_at',
      "where it says when the call was received; absent, as {timestamp: true}: the record's timestamp",
    ).optional(),
  })
  .superRefine(({ method, path }, context) => {
    if ((method === undefined) === (path === undefined)) return
    const [absent, beside] = method === undefined ? ['method', 'path'] : ['path', 'method']
    const message = `a place for ${absent} as well: the mapping names one for ${beside}. Without both, the body is a v2 entity or batch`
    context.addIssue({ code: 'custom', path: [absent], message })
  })
  .transform((mapping): CallMapping => Object.fromEntries(definedEntries(mapping)) as unknown as CallMapping)

const definedEntries = (mapping: object) => Object.entries(mapping).filter(([, places]) => places !== undefined)

const shapeSchema = z.union([z.enum(callPresets), mappingSchema], {
  error: `${callPresets.join(', ')}, or a mapping with method, path, body, source, id, received_at`,
})

const callSchema = shapeSchema
  .default('envelope')
  .describe(
    'where the parts of a call are: envelope (our own raw record), v2, http-log, segment-v1, or each part of its own',
  )

const patternAllowed = String.raw`a regular expression of topic names, as in track\..*`

/** Named by `raw` in the configuration. `topics` is empty where a pattern stands in their place. */
export const rawSchema = z
  .strictObject({
    topic: topicName('topic with the raw Track calls').default(defaultTopics.raw),
    topics: z
      .array(topicName('a topic with raw Track calls'))
      .min(1)
      .optional()
      .describe('several of them; this or topic or pattern'),
    pattern: z
      .string({ error: patternAllowed })
      .min(1)
      .refine(isPattern, { error: patternAllowed })
      .optional()
      .describe('regular expression for whole topic names, new ones are noticed; this or topic or topics'),
    format: z
      .enum(['auto', 'json', 'avro'])
      .default('auto')
      .describe(
        'how raw records are encoded: json, avro, or auto, which tells by the first byte; avro needs schemaRegistry, and so does auto for records in Avro',
      ),
    call: callSchema,
    callByTopic: z
      .record(z.string(), shapeSchema)
      .optional()
      .describe('call of single topics that differ: topic to what call allows'),
  })
  .transform(({ topic, topics, pattern, callByTopic, ...rest }) => ({
    ...rest,
    ...(callByTopic === undefined ? {} : { callByTopic }),
    topics: pattern === undefined ? (topics ?? [topic]) : [],
    ...(pattern === undefined ? {} : { pattern }),
  }))

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== ''
  } catch {
    return false
  }
}
