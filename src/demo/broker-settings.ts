// The settings of a single Kafka broker for demo and tests, the same for the embedded one and the one in Docker.
// In: listeners. Out: server.properties as a plain object; everything not named here is Kafka's default.

export type BrokerSettings = Readonly<Record<string, string>>

export interface Listeners {
  /** Where clients connect, as the broker binds it and as it tells them: `PLAINTEXT://127.0.0.1:20001`. */
  readonly listeners: string
  readonly advertised: string
  /** Address of the controller inside of the broker's own process: `127.0.0.1:20002`. */
  readonly controller: string
  /** Names of the listeners other than CONTROLLER; the last one is what the broker itself uses. */
  readonly names: readonly string[]
}

/** Cluster of one: broker and controller in one process, internal topics with one replica and four partitions. */
export function singleBrokerSettings({ listeners, advertised, controller, names }: Listeners): BrokerSettings {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners,
    'advertised.listeners': advertised,
    'inter.broker.listener.name': names.at(-1) ?? 'PLAINTEXT',
    'listener.security.protocol.map': [...names, 'CONTROLLER'].map((name) => `${name}:PLAINTEXT`).join(','),
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'num.network.threads': '2',
    'num.io.threads': '2',
    // The default is allocated at the start and takes 128 MB.
    'log.cleaner.dedupe.buffer.size': '2097152',
  }
}

/** As the text of server.properties. Backslashes are escaped, as Java's properties want it. */
export function settingsToProperties(settings: BrokerSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}\n`)
    .join('')
}

/** As the environment of the apache/kafka image: `log.dirs` becomes `KAFKA_LOG_DIRS`. */
export function settingsToDockerEnvironment(settings: BrokerSettings): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [dockerVariable(name), value]))
}

function dockerVariable(name: string): string {
  return `KAFKA_${name.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`
}
