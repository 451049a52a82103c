// One entry of `destinations`: its topic, what is routed to it, and how the sink forwards it. In: the parsed entry.
// Out: the entry with defaults, its topic named and `region` turned into `url`. Ruled by product.md, "Configuration",
// and sink.md.
import { z } from 'zod'
import { topicFormat } from './registry-schema.ts'
import { httpUrl, milliseconds, pattern, proxyUrl, text, topicName, wholeNumber } from './fields.ts'

const regionUrls = { us: 'https://cdp.customer.io/v1', eu: 'https://cdp-eu.customer.io/v1' } as const

/** Topic of a destination that names none, e.g. `cio.pipelines.warehouse`. */
export const defaultDestinationTopic = (name: string): string => `cio.pipelines.${name}`

/** Topic of a destination's replays where none is named, e.g. `cio.pipelines.main.backfill`. */
export const backfillTopic = (topic: string): string => `${topic}.backfill`

/** Its lane in the sink: group, log lines and --destination call it so. */
export const backfillName = (destination: string): string => `${destination}.backfill`

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

/** `sink.limits.requestsPerSecond` where the configuration does not say. */
export const usualRequestsPerSecond = 950

const limitsSchema = z.strictObject({
  timeoutMs: milliseconds('longest wait for an answer', [100, 600_000]).default(30_000),
  maxBatchMessages: wholeNumber('most messages in one request', [1, 100_000]).default(500),
  maxBatchBytes: wholeNumber('largest body of one request, in bytes', [1_000, 100_000_000]).default(500_000),
  maxCallBytes: wholeNumber('largest message that goes in a batch, in bytes', [1_000, 100_000_000]).default(32_000),
  maxSingleBytes: wholeNumber(
    'largest message that goes alone, in bytes; larger ones are dead letters',
    [1_000, 100_000_000],
  ).default(64_000),
  maxInFlight: wholeNumber(
    'requests under way at once; what a crash repeats is no more than these',
    [1, 1_000],
  ).default(16),
  requestsPerSecond: wholeNumber(
    'requests started in a second with one API key; the API takes 3,000 in 3 seconds, some of which are late arrivals',
    [1, 100_000],
  ).default(usualRequestsPerSecond),
  lingerMs: milliseconds('longest wait for a batch to fill', [0, 60_000]).default(100),
  maxBufferBytes: wholeNumber(
    'most bytes of messages in memory, an equal share for each partition; fetching pauses when it is full',
    [100_000, 10_000_000_000],
  ).default(33_554_432),
})

const authSchema = z
  .discriminatedUnion(
    'type',
    [
      z.strictObject({
        type: z.literal('basic').describe('how we prove who we are; none: the headers do, or nothing'),
        username: text('user name'),
        password: text('password; this or passwordFile').optional(),
        passwordFile: text('file that holds the password, read again when it changes; this or password').optional(),
      }),
      z.strictObject({
        type: z.literal('bearer'),
        token: text('bearer token; this or tokenFile').optional(),
        tokenFile: text('file that holds the bearer token, read again when it changes; this or token').optional(),
      }),
      z.strictObject({ type: z.literal('none') }),
    ],
    {
      error: ({ input }) => (typeof input === 'object' ? '' : 'a mapping with type: basic, bearer or none'),
    },
  )
  .optional()
  .describe('how we prove who we are, in place of an API key; absent: apiKey or apiKeyFile')

const headerValue = 'text of printable characters, without line breaks'

const sinkSchema = z
  .strictObject({
    format: z
      .enum(['pipelines', 'ndjson', 'json-array'])
      .default('pipelines')
      .describe(
        'pipelines: the Pipelines API; ndjson: a message on each line; json-array: one list of messages, for any endpoint',
      ),
    url: httpUrl(
      'of pipelines the base, to which /batch and /{type} are added (this or region); of ndjson and json-array the whole address',
      'an http or https address without user name and query, as in https://cdp.customer.io/v1',
    ).optional(),
    region: z.enum(['us', 'eu']).optional().describe('region of the Customer.io account; absent: us; this or url'),
    apiKey: text('API key of the Pipelines source; this or apiKeyFile').optional(),
    apiKeyFile: text('file that holds the API key, read again when it changes; this or apiKey').optional(),
    auth: authSchema,
    headers: z
      .record(z.string(), pattern(/^[\t\x20-\x7e]*[\x21-\x7e][\t\x20-\x7e]*$/, headerValue))
      .default({})
      .describe('further headers of every request: name to text; the texts are kept secret'),
    compression: z
      .enum(['none', 'gzip'])
      .default('none')
      .describe('of the bodies over 1 kB; gzip only where the endpoint takes it; limits count the bytes before'),
    proxy: proxyUrl('HTTP proxy for the requests; user name and password may stand in it; absent: none').optional(),
    caFile: text(
      'PEM file of the authority that signed the API, where it is not a public one; read again when it changes',
    ).optional(),
    certFile: text(
      'PEM file of our own certificate, for mutual TLS; needs keyFile; read again when it changes',
    ).optional(),
    keyFile: text(
      'PEM file of our own private key, for mutual TLS; needs certFile; read again when it changes',
    ).optional(),
    passphrase: text('passphrase of keyFile').optional(),
    concurrency: z
      .enum(['partition', 'key'])
      .default('partition')
      .describe(
        'partition: one request of a partition at a time; key: several, in order only for each person, for slow endpoints',
      ),
    rateLimit: z
      .strictObject({
        shared: z
          .boolean()
          .default(false)
          .describe('false: each process may make so many; true: all together, by the share of partitions they own'),
      })
      .prefault({})
      .describe('for whom limits.requestsPerSecond is meant'),
    shutdownTimeoutMs: milliseconds('at the end, longest wait for the requests under way', [0, 600_000]).default(
      20_000,
    ),
    limits: limitsSchema.prefault({}).describe('of requests, messages and memory; KB = 1,000 bytes'),
  })
  .transform(({ url = '', region, ...rest }) => ({
    ...rest,
    url: rest.format === 'pipelines' ? url.replace(/\/+$/, '') || regionUrls[region ?? 'us'] : url,
  }))

const backfillSchema = z
  .strictObject({
    topic: topicName('topic of the messages that replays write; absent: <topic>.backfill').optional(),
    requestsPerSecond: wholeNumber(
      "requests started in a second for it, beside sink.limits.requestsPerSecond and never taken from that; absent: a tenth of that, at most what it leaves of the API's 1,000",
      [1, 100_000],
    ).optional(),
  })
  .optional()
  .describe('a lane of its own for replays, so that they never delay live messages; absent: they go among those')

/** Requests a second that the API takes of one source (sink.md, "Facts of the API"). */
export const apiRequestsPerSecond = 1_000

/** Requests a second of replays where the configuration does not say: a tenth of the live ones, at most what those leave
 *  of the API's limit, at least 1. */
export function backfillRate(liveRequestsPerSecond: number = usualRequestsPerSecond): number {
  const tenth = Math.floor(liveRequestsPerSecond / 10)
  const left = apiRequestsPerSecond - liveRequestsPerSecond
  return Math.max(1, left > 0 ? Math.min(tenth, left) : tenth)
}

function toLane(
  liveTopic: string,
  { topic = backfillTopic(liveTopic), requestsPerSecond }: NonNullable<z.output<typeof backfillSchema>>,
  sink: z.output<typeof sinkSchema> | undefined,
) {
  return { topic, requestsPerSecond: requestsPerSecond ?? backfillRate(sink?.limits.requestsPerSecond) }
}

/** One destination. `topic`, `sink.url` and all of `backfill` are always there after parsing. */
export const destinationSchema = z
  .strictObject({
    name: pattern(/^[a-z0-9._-]{1,100}$/, 'lower case letters, digits, ".", "_" and "-", at most 100').describe(
      'name of the destination: in its topic, its group, log lines and --destination',
    ),
    topic: topicName('topic of its messages; absent: cio.pipelines.<name>').optional(),
    format: topicFormat,
    where: whereSchema.prefault({}).describe('which messages it gets; absent: all'),
    integrations: z
      .record(z.string(), z.union([z.boolean(), z.record(z.string(), z.json())], { error: 'true, false or a mapping' }))
      .default({ All: true })
      .describe('the "integrations" of its messages: name to true, false or options'),
    backfill: backfillSchema,
    sink: sinkSchema
      .optional()
      .describe('forwards its topic to the Pipelines API or another endpoint; absent: left to consumers of your own'),
  })
  .transform(({ backfill, ...entry }) => {
    const topic = entry.topic ?? defaultDestinationTopic(entry.name)
    const lane = backfill === undefined ? {} : { backfill: toLane(topic, backfill, entry.sink) }
    return { ...entry, topic, ...lane }
  })
