// Every metric of ours: name, type, unit, labels, meaning. docs/metrics.md is written from this list, and a counted thing
// that is not in it does not compile. Label values come from the configuration or from short lists of ours, so that their
// number is bounded: never a person, an event's name or a path.

/** How values of several worker processes become one. */
type Merge = 'sum' | 'max'

interface Metric {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly unit: 'records' | 'messages' | 'requests' | 'seconds' | 'bytes' | 'partitions' | 'times' | 'yes or no'
  readonly labels: readonly Label[]
  readonly meaning: string
  /** Absent: sum. */
  readonly merge?: Merge
}

/** Every label and the values it may have. */
export const labels = {
  topic: 'a topic that is read or written, from the configuration',
  partition: 'number of a partition of ours',
  group: 'a consumer group: `<prefix>.process`, `<prefix>.sink.<destination>`',
  destination: 'name of a destination',
  type: 'of a message: identify, track, page, screen, group, alias',
  outcome: 'translated, unsupported, dead_letter, skipped (the record had no value)',
  stage: 'process, sink',
  reason: 'a word or two from a fixed list, as in the record itself',
  result:
    'of a transaction: committed, too_large, fenced, rebalanced, transient, fatal, unknown (no answer to the end); of a lookup: found, unknown, failed',
  status_class: '2xx, 3xx, 4xx, 5xx, none (no answer)',
  verdict: 'delivered, retry, halve, blocked, aborted (we ended it)',
  part: 'what /ready names: kafka, process, a worker, a sink, the schema registry',
  worker: '0: this process; 1 and up: those of --workers',
} as const

export type Label = keyof typeof labels

const counter = <const L extends readonly Label[]>(unit: Metric['unit'], names: L, meaning: string) =>
  ({ type: 'counter', unit, labels: names, meaning }) as const
const gauge = <const L extends readonly Label[]>(unit: Metric['unit'], names: L, meaning: string) =>
  ({ type: 'gauge', unit, labels: names, meaning }) as const
const highest = <const L extends readonly Label[]>(unit: Metric['unit'], names: L, meaning: string) =>
  ({ type: 'gauge', unit, labels: names, meaning, merge: 'max' }) as const
const histogram = <const L extends readonly Label[]>(names: L, meaning: string) =>
  ({ type: 'histogram', unit: 'seconds', labels: names, meaning }) as const

/** All of them, by name, in the order of the documentation. */
export const metrics = {
  trackbridge_records_read_total: counter(
    'records',
    ['topic'],
    'raw records that are done with: committed together with what they became; the sum of the outcomes',
  ),
  trackbridge_outcomes_total: counter('records', ['outcome'], 'what became of raw records; each has one outcome'),
  trackbridge_records_written_total: counter(
    'records',
    ['topic'],
    'records written by the stream processor, dead letters and unsupported calls included',
  ),
  trackbridge_messages_written_total: counter(
    'messages',
    ['destination', 'type'],
    "messages written to a destination's topic",
  ),
  trackbridge_messages_unrouted_total: counter('messages', [], 'messages that no destination takes'),
  trackbridge_messages_delivered_total: counter(
    'messages',
    ['destination', 'type'],
    'messages that the API has taken; one that was sent again after a lost answer counts again',
  ),
  trackbridge_unsupported_total: counter(
    'records',
    ['reason'],
    'raw records of which a part has no counterpart in Pipelines, by its first reason',
  ),
  trackbridge_dead_letters_total: counter('records', ['stage', 'reason'], 'dead letters written'),
  trackbridge_lag_records: gauge(
    'records',
    ['group', 'topic', 'partition'],
    'last stable offset minus position, control records included; asked from Kafka every 10 s',
  ),
  trackbridge_oldest_record_age_seconds: highest(
    'seconds',
    ['group', 'topic'],
    'age of the oldest record that is fetched and not done with; 0 when there is none',
  ),
  trackbridge_assigned_partitions: gauge('partitions', ['group'], 'partitions of ours'),
  trackbridge_stopped_partitions: gauge(
    'partitions',
    ['group'],
    'raw partitions that cannot go on, tried again every 10 s',
  ),
  trackbridge_rebalances_total: counter('times', ['group'], 'assignments that the consumer group has given us'),
  trackbridge_raw_to_topic_seconds: histogram(
    [],
    "from a raw record's timestamp to the commit of what it became, one observation for each record written; those of a chunk are taken as evenly spread between its first and its last",
  ),
  trackbridge_transaction_seconds: histogram([], 'one transaction, from its first request to the answer to its end'),
  trackbridge_transactions_total: counter('times', ['result'], 'transactions by how they ended'),
  trackbridge_raw_to_api_seconds: histogram(
    ['destination'],
    "from a raw record's timestamp to the answer of the API that took its message (from the destination topic's, where that one has LogAppendTime); those of a request are taken as evenly spread",
  ),
  trackbridge_http_requests_total: counter(
    'requests',
    ['destination', 'status_class', 'verdict'],
    'requests to the API by what came back and what it means for the messages',
  ),
  trackbridge_http_request_seconds: histogram(['destination'], 'one request to the API, waiting for its turn left out'),
  trackbridge_http_retries_total: counter(
    'requests',
    ['destination'],
    'requests that came to nothing and are repeated',
  ),
  trackbridge_halvings_total: counter(
    'requests',
    ['destination'],
    'refused requests of several messages that were divided to find those at fault',
  ),
  trackbridge_http_in_flight: gauge('requests', ['destination'], 'requests under way'),
  trackbridge_blocked_seconds_total: counter(
    'seconds',
    ['destination'],
    'time in which a configuration fault or a stopped partition kept the destination from delivering',
  ),
  trackbridge_rate_limit_wait_seconds_total: counter(
    'seconds',
    ['destination'],
    'time that requests have waited for the rate limit',
  ),
  trackbridge_buffer_bytes: gauge('bytes', ['destination'], 'messages in memory'),
  trackbridge_registry_lookups_total: counter(
    'times',
    ['result'],
    'questions to the schema registry for a schema; answers are kept, so there are few',
  ),
  trackbridge_ready: gauge('yes or no', ['part'], '1: the part is ready; 0: it is not, and /ready says why'),
  trackbridge_process_memory_bytes: gauge('bytes', ['worker'], 'memory of a process that is in RAM'),
  trackbridge_event_loop_delay_seconds: highest(
    'seconds',
    ['worker'],
    'longest delay of the event loop since the question before (of workers: in the last half second)',
  ),
} as const satisfies Readonly<Record<`trackbridge_${string}`, Metric>>

export type MetricName = keyof typeof metrics

/** Names of the metrics of one type. */
type NameOf<T extends Metric['type']> = {
  [N in MetricName]: (typeof metrics)[N]['type'] extends T ? N : never
}[MetricName]

export type CounterName = NameOf<'counter'>
export type GaugeName = NameOf<'gauge'>
export type HistogramName = NameOf<'histogram'>

/** The labels that a metric has, e.g. `{topic: 'cio.track.raw'}`. */
export type LabelsOf<N extends MetricName> = Readonly<Record<(typeof metrics)[N]['labels'][number], string>>

/** Upper bounds of the histograms' buckets, in seconds. */
export const bucketsSeconds = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400,
] as const

/** The documentation page, docs/metrics.md. */
export function metricsPage(): string {
  const rows = Object.entries(metrics).map(
    ([name, { type, unit, labels: names, meaning }]) =>
      `| \`${name}\` | ${type} | ${unit} | ${names.map((label) => `\`${label}\``).join(' ')} | ${meaning} |`,
  )
  const meanings = Object.entries(labels).map(([label, values]) => `| \`${label}\` | ${values} |`)
  return `${head}
| Name | Type | Unit | Labels | Meaning |
| ---- | ---- | ---- | ------ | ------- |
${rows.join('\n')}

## Labels

| Label | Values |
| ----- | ------ |
${meanings.join('\n')}

Histograms have buckets up to ${bucketsSeconds.join(', ')} seconds.
`
}

const head = `# Metrics

Written by \`node scripts/generate-metrics-page.ts\` from src/ops/metrics.ts; do not edit.

\`GET /metrics\` of the server that \`http\` sets gives them in the text format of Prometheus, beside the default metrics of
prom-client (\`process_*\`, \`nodejs_*\`) for the process that answers. With \`--workers\` the values are those of all worker
processes together, the dead ones' counters included.
`
