// One Kafka broker from Apache's own jars, on ports and in a folder of its own, which goes when we go, however we go.
// In: the jars (kafka-jars.ts). Out: its address, and what a test needs to break it. States: running -> killed -> running
// -> stopped; `stop` works in each of them.
import { randomBytes } from 'node:crypto'
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBrokerProcess } from './broker-process.ts'
import { settingsToProperties, singleBrokerSettings, type BrokerSettings } from './broker-settings.ts'
import type { Environment } from './java.ts'
import type { KafkaJars } from './kafka-jars.ts'
import { findFreePorts } from './kafka-port.ts'
import { formatStorage } from './kafka-storage.ts'

export interface EmbeddedOptions {
  readonly jars: KafkaJars
  readonly env: Environment
  readonly onProgress: (line: string) => void
  /** Added to the settings of broker-settings.ts, or put in their place. */
  readonly brokerSettings?: BrokerSettings
  /** Port of the broker at 127.0.0.1; a free one if absent. */
  readonly port?: number
}

/** A broker that runs. Whoever started it calls `stop`. */
export interface EmbeddedKafka {
  readonly kind: 'embedded'
  /** `['127.0.0.1:20001']` */
  readonly brokers: readonly string[]
  /** Data, settings and broker.log; removed by `stop`. */
  readonly folder: string
  /** Process id of the Java process while it runs. */
  pid(): number | undefined
  /** SIGKILL, as a crash of the machine would: data and address are kept for `start`. */
  kill(): Promise<void>
  /** Starts the broker again after `kill`; resolves when it answers. Throws TB_DEMO_UNAVAILABLE when it does not. */
  start(): Promise<void>
  /** Clean stop, then everything is removed. May be called twice. */
  stop(): Promise<void>
}

const attempts = 3

/** Starts a broker and resolves when it answers. Throws TB_DEMO_UNAVAILABLE with the end of the broker's log. */
export async function startEmbeddedKafka(options: EmbeddedOptions): Promise<EmbeddedKafka> {
  options.onProgress(`starting Kafka ${options.jars.version} on Java ${options.jars.java.version}`)
  for (let attempt = 1; ; attempt += 1) {
    const [controllerPort = 0, freePort = 0] = await findFreePorts(2)
    const broker = await createBroker(options, options.port ?? freePort, controllerPort)
    try {
      await broker.start()
      return broker
    } catch (error) {
      await broker.stop()
      if (attempt === attempts || !(await isWorthRetrying(error, options))) throw error
    }
  }
}

async function isWorthRetrying(error: unknown, { port, jars }: EmbeddedOptions): Promise<boolean> {
  const message = error instanceof Error ? error.message : ''
  // Another process has taken the port since we looked: it cannot be kept free for a child.
  if (port === undefined && message.includes('already in use')) return true
  // A damaged class archive makes Java crash. It is made anew.
  if (!/ended while starting \(SIG/.test(message) || !(await exists(jars.archive))) return false
  await rm(jars.archive, { force: true })
  return true
}

async function createBroker(options: EmbeddedOptions, port: number, controllerPort: number): Promise<EmbeddedKafka> {
  const { jars, env, onProgress } = options
  const folder = await mkdtemp(join(env['TMPDIR'] || tmpdir(), 'trackbridge-kafka-'))
  const clusterId = randomBytes(16).toString('base64url')
  const properties = settingsToProperties(embeddedSettings(folder, port, controllerPort, options))
  await writeFile(join(folder, 'server.properties'), properties)
  await formatStorage(folder, { clusterId, nodeId: 1, kafkaVersion: jars.version })
  const address = { host: '127.0.0.1', port, clusterId }
  const broker = await createBrokerProcess({ jars, env, folder, address, onProgress })
  return {
    kind: 'embedded',
    brokers: [`127.0.0.1:${port}`],
    folder,
    pid: () => broker.pid(),
    kill: () => broker.kill(),
    start: () => broker.start(),
    stop: () => broker.stop(),
  }
}

function embeddedSettings(
  folder: string,
  port: number,
  controllerPort: number,
  { brokerSettings }: EmbeddedOptions,
): BrokerSettings {
  const client = `PLAINTEXT://127.0.0.1:${port}`
  return {
    ...singleBrokerSettings({
      listeners: `${client},CONTROLLER://127.0.0.1:${controllerPort}`,
      advertised: client,
      controller: `127.0.0.1:${controllerPort}`,
      names: ['PLAINTEXT'],
    }),
    'log.dirs': folder,
    // After a kill the broker may come back only when its old registration has run out: 9 s by default.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    ...brokerSettings,
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
