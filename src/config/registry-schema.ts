// The section `schemaRegistry` of the configuration: a Confluent-compatible registry for topics in Avro. In: the parsed
// section. Out: the same with defaults, addresses as a list. Ruled by kafka.md, "Formats".
import { z } from 'zod'
import { httpUrl, milliseconds, text } from './fields.ts'

const urlAllowed = 'an http or https address without user name and query, or a list of them'

export const registrySchema = z
  .strictObject({
    url: z
      .union(
        [
          httpUrl('address of the registry', urlAllowed).transform((url) => [url]),
          z.array(httpUrl('address of a registry', urlAllowed)).min(1),
        ],
        { error: urlAllowed },
      )
      .describe('address of the registry, or several of one cluster: the next is asked where one does not answer'),
    username: text('user name for basic authentication; absent: none').optional(),
    password: text('password; this or passwordFile').optional(),
    passwordFile: text('file that holds the password, read again when it changes; this or password').optional(),
    caFile: text(
      'PEM file of the authority that signed the registry, where it is not a public one; read again when it changes',
    ).optional(),
    timeoutMs: milliseconds('longest wait for an answer', [100, 120_000]).default(5_000),
  })
  .optional()
  .describe('the schema registry, for topics in Avro; absent: JSON on all topics')

/** How the values of a topic that we write are encoded. */
export const topicFormat = z
  .enum(['json', 'avro'])
  .default('json')
  .describe('how its records are encoded; avro needs schemaRegistry, and "trackbridge schemas register"')
