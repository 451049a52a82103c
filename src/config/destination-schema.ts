// One entry of `destinations`: its topic, what is routed to it, and how the sink forwards it. In: the parsed entry.
// Out: the entry with defaults, its topic named and `region` turned into `url`. Ruled by product.md, "Configuration",
// and sink.md.
import { z } from 'zod'
import { httpUrl, milliseconds, pattern, proxyUrl, text, topicName, wholeNumber } from './fields.ts'

const regionUrls = { us: 'https://cdp.customer.io/v1', eu: 'https://cdp-eu.customer.io/v1' } as const

/** Topic of a destination that names none, e.g. `cio.pipelines.warehouse`. */
export const defaultDestinationTopic = (name: string): string => `cio.pipelines.${name}`

const whereSchema = z.strictObject({
  sources: z
    .array(text('name or site id of a source'))
    .min(1)
    .optional()
    .describe('only calls of these sources; absent: all'),
  types: z
    .array(z.enum(['identify', 'track', 'page', 'screen', 'group', 'alias']))
    .min(1)
    .optional()
    .describe('only messages of these types; absent: all'),
  events: z
    .array(text('name of an event'))
    .min(1)
    .optional()
    .describe('of the track messages, only those of these events; absent: all'),
  excludeEmailOnly: z.boolean().default(false).describe('leave out people who are known by their email address only'),
})

const limitsSchema = z.strictObject({
  timeoutMs: milliseconds('longest wait for an answer', [100, 600_000]).default(30_000),
  maxBatchMessages: wholeNumber('most messages in one request', [1, 100_000]).default(500),
  maxBatchBytes: wholeNumber('largest body of one request, in bytes', [1_000, 100_000_000]).default(500_000),
  maxCallBytes: wholeNumber('largest message that goes in a batch, in bytes', [1_000, 100_000_000]).default(32_000),
  maxSingleBytes: wholeNumber(
    'largest message that goes alone, in bytes; larger ones are dead letters',
    [1_000, 100_000_000],
  ).default(64_000),
  maxInFlight: wholeNumber('requests under way at once', [1, 1_000]).default(8),
  requestsPerSecond: wholeNumber('requests started in a second', [1, 100_000]).default(1_000),
  lingerMs: milliseconds('longest wait for a batch to fill', [0, 60_000]).default(100),
  maxBufferBytes: wholeNumber('fetching pauses when so many bytes wait to be sent', [100_000, 10_000_000_000]).default(
    16_777_216,
  ),
})

const sinkSchema = z
  .strictObject({
    url: httpUrl(
      'base of the API, to which /batch and /{type} are added; this or region',
      'an http or https address without user name, query and closing /batch, as in https://cdp.customer.io/v1',
    )
      .refine((url) => !/\/(?:batch|identify|track|page|screen|group|alias)$/.test(url), {
        error: 'the base only, as in https://cdp.customer.io/v1: /batch and /{type} are added to it',
      })
      .optional(),
    region: z.enum(['us', 'eu']).optional().describe('region of the Customer.io account; absent: us; this or url'),
    apiKey: text('API key of the Pipelines source; this or apiKeyFile').optional(),
    apiKeyFile: text('file that holds the API key, read again when it changes; this or apiKey').optional(),
    proxy: proxyUrl('HTTP proxy for the requests; user name and password may stand in it; absent: none').optional(),
    caFile: text('PEM file of the authority that signed the API, where it is not a public one').optional(),
    shutdownTimeoutMs: milliseconds('at the end, longest wait for the requests under way', [0, 600_000]).default(
      20_000,
    ),
    limits: limitsSchema.prefault({}).describe('of requests, messages and memory; KB = 1,000 bytes'),
  })
  .transform(({ url, region, ...rest }) => ({ ...rest, url: url ?? regionUrls[region ?? 'us'] }))

/** One destination. `topic` and `sink.url` are always there after parsing. */
export const destinationSchema = z
  .strictObject({
    name: pattern(/^[a-z0-9._-]{1,100}$/, 'lower case letters, digits, ".", "_" and "-", at most 100').describe(
      'name of the destination: in its topic, its group, log lines and --destination',
    ),
    topic: topicName('topic of its messages; absent: cio.pipelines.<name>').optional(),
    where: whereSchema.prefault({}).describe('which messages it gets; absent: all'),
    integrations: z
      .record(z.string(), z.union([z.boolean(), z.record(z.string(), z.json())], { error: 'true, false or a mapping' }))
      .default({ All: true })
      .describe('the "integrations" of its messages: name to true, false or options'),
    sink: sinkSchema
      .optional()
      .describe('forwards its topic to the Pipelines API; absent: left to consumers of your own'),
  })
  .transform((entry) => ({ ...entry, topic: entry.topic ?? defaultDestinationTopic(entry.name) }))
