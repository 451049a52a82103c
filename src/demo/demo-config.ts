// The configuration that the demo runs trackbridge with, as the text of a file. In: addresses. Out: JSON, which is YAML
// as well. Two destinations: everything to the API, and a part to a topic for consumers of one's own. Pure.

export interface DemoTopics {
  readonly raw: string
  readonly customerio: string
  readonly warehouse: string
  readonly unsupported: string
  readonly deadLetters: string
}

export interface DemoAddresses {
  readonly brokers: readonly string[]
  /** Base of the stand-in API. */
  readonly apiUrl: string
  readonly healthPort: number
  /** Begins the names of groups; on a Kafka of others, those of topics too. */
  readonly prefix: string
  readonly topics: DemoTopics
}

/** The key that the stand-in API takes. */
export const demoApiKey = 'demo-key'
/** Partitions of every topic. */
export const demoPartitions = 4

/** The default names on a Kafka of our own; on one that others use, names of this run alone. */
export function demoTopics(prefix: string, kafka: 'ours' | 'shared'): DemoTopics {
  const shared = kafka === 'shared'
  return {
    raw: shared ? `${prefix}.raw` : 'cio.track.raw',
    customerio: shared ? `${prefix}.customerio` : 'cio.pipelines.customerio',
    warehouse: shared ? `${prefix}.warehouse` : 'cio.pipelines.warehouse',
    unsupported: shared ? `${prefix}.unsupported` : 'cio.unsupported',
    deadLetters: shared ? `${prefix}.dead-letters` : 'cio.dead-letters',
  }
}

/** Text for `parseConfig`. */
export function demoConfigText({ brokers, apiUrl, healthPort, prefix, topics }: DemoAddresses): string {
  return JSON.stringify({
    kafka: { brokers, prefix, clientId: 'trackbridge-demo' },
    raw: { topic: topics.raw },
    destinations: [
      { name: 'customerio', topic: topics.customerio, sink: { url: apiUrl, apiKey: demoApiKey } },
      { name: 'warehouse', topic: topics.warehouse, where: { sources: ['web'], types: ['identify', 'track'] } },
    ],
    deadLetters: { topic: topics.deadLetters },
    unsupported: { topic: topics.unsupported },
    topics: { partitions: demoPartitions },
    http: { host: '127.0.0.1', port: healthPort },
  })
}
