// The configuration of the sink in a benchmark. In: a job. Out: Config, every default but for what README.md says.
import { parseConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { outputTopics, type Job, type SinkSettings } from './contender.ts'

/** The one destination of the benchmark. */
export const destination = 'main'
/** As many as in the figures of others that README.md compares with. */
export const messagesARequest = 100
/** So that no fewer messages are in flight than with the default of 500 a request: what is not yet committed counts. */
const partitionInFlight = 64
/** More than any machine does: the limit of the API is not what is measured. */
const requestsPerSecond = 100_000

type SinkJob = Pick<Job, 'brokers' | 'rawTopic' | 'prefix' | 'api' | 'sink'>

/** Throws TB_CONFIG_INVALID when this version does not know a setting of the job. */
export function sinkConfig({ brokers, rawTopic, prefix, api, sink = {} }: SinkJob): Config {
  const { lingerMs, ...settings } = sink
  const limits = {
    maxBatchMessages: messagesARequest,
    // With concurrency: key a partition has as many requests side by side: the default does.
    ...(sink.concurrency === 'key' ? {} : { maxInFlight: partitionInFlight }),
    requestsPerSecond,
    ...(lingerMs === undefined ? {} : { lingerMs }),
  }
  const document = {
    kafka: { brokers, prefix },
    destinations: [{ name: destination, topic: rawTopic, sink: { url: api, apiKey: 'bench', limits, ...settings } }],
    deadLetters: { topic: outputTopics(prefix).deadLetters },
  }
  return parseConfig(JSON.stringify(document), { path: 'the configuration of the benchmark', env: {} })
}

/** Whether this version knows such settings. */
export function knowsSink(sink: SinkSettings): boolean {
  try {
    sinkConfig({ brokers: ['127.0.0.1:9092'], rawTopic: 'main', prefix: 'bench', api: 'http://127.0.0.1:80/v1', sink })
    return true
  } catch {
    return false
  }
}
