// One Kafka broker or three, from Apache's own jars, and all that an operating system or an orchestrator does to them.
// Each broker has two listeners: a direct one for whoever verifies, and one behind a fault proxy for whoever is tested.
// In: how many, which version. Test support.
import { randomBytes } from 'node:crypto'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBrokerProcess, type BrokerProcess } from '../../src/demo/broker-process.ts'
import { settingsToProperties, type BrokerSettings } from '../../src/demo/broker-settings.ts'
import type { Environment } from '../../src/demo/java.ts'
import { resolveKafkaJars, type KafkaJars } from '../../src/demo/kafka-jars.ts'
import { findFreePorts } from '../../src/demo/kafka-port.ts'
import { formatStorage } from '../../src/demo/kafka-storage.ts'
import { clusterNodeSettings, type NodePorts } from './cluster-settings.ts'
import { replicasOutOfSync } from './cluster-state.ts'
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts'
import { createFaultRules, type FaultRules } from './fault-rules.ts'
import { until } from './until.ts'

export interface ClusterOptions {
  readonly brokers: 1 | 3
  /** `4.1.1` or `3.9.1`. */
  readonly kafkaVersion: string
  readonly env: Environment
  readonly onProgress: (line: string) => void
  /** Added to the settings of every broker, or put in their place. */
  readonly brokerSettings?: BrokerSettings
}

/** A cluster that runs. Whoever started it calls `stop`. Brokers are numbered from 0. */
export interface Cluster {
  readonly size: 1 | 3
  readonly kafkaVersion: string
  /** Kafka's own Java client is among them. */
  readonly jars: KafkaJars
  /** Direct listeners: `['127.0.0.1:20001']`. */
  readonly direct: readonly string[]
  /** Listeners behind the proxies. */
  readonly proxied: readonly string[]
  /** By broker. */
  readonly proxies: readonly FaultProxy[]
  /** Shared by all proxies. */
  readonly rules: FaultRules
  /** Node id of a broker, as in Kafka's metadata. */
  nodeId(broker: number): number
  /** SIGKILL. */
  kill(broker: number): Promise<void>
  /** SIGTERM: leaders move away first, where there are others. */
  terminate(broker: number): Promise<void>
  /** Starts it again after `kill` or `terminate`; resolves when it answers. */
  start(broker: number): Promise<void>
  /** SIGSTOP: the process stands still, its connections stay. */
  freeze(broker: number): void
  thaw(broker: number): void
  /** Waits until every partition, internal ones included, has all its replicas in sync (60 s). */
  waitUntilInSync(): Promise<void>
  /** Ends everything and removes its files. May be called twice. */
  stop(): Promise<void>
}

interface Node {
  readonly ports: NodePorts
  readonly process: BrokerProcess
  readonly proxy: FaultProxy
}

/** Starts the brokers and resolves when all answer. Throws TB_DEMO_UNAVAILABLE when there is no Kafka to be had. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { brokers: size, kafkaVersion, env, onProgress } = options
  const jars = await resolveKafkaJars({ env, onProgress, version: kafkaVersion })
  onProgress(`starting ${size} ${size === 1 ? 'broker' : 'brokers'} of Kafka ${kafkaVersion}`)
  const rules = createFaultRules()
  const nodes = await createNodes(options, jars, rules)
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => (stopped ??= stopAll(nodes))
  try {
    await Promise.all(nodes.map((node) => node.process.start()))
  } catch (error) {
    await stop()
    throw error
  }
  return operations({ size, kafkaVersion, jars, rules, stop }, nodes)
}

type Fixed = Pick<Cluster, 'size' | 'kafkaVersion' | 'jars' | 'rules' | 'stop'>

function operations(fixed: Fixed, nodes: readonly Node[]): Cluster {
  const direct = nodes.map(({ ports }) => `127.0.0.1:${ports.direct}`)
  const nodeAt = (broker: number): Node => {
    const node = nodes[broker]
    if (node === undefined) throw new Error(`broker must be from 0 to ${nodes.length - 1}, found ${broker}`)
    return node
  }
  const signal = (broker: number, name: NodeJS.Signals): void => {
    const pid = nodeAt(broker).process.pid()
    if (pid !== undefined) process.kill(pid, name)
  }
  return {
    ...fixed,
    direct,
    proxied: nodes.map(({ ports }) => `127.0.0.1:${ports.proxy}`),
    proxies: nodes.map(({ proxy }) => proxy),
    nodeId: (broker) => broker + 1,
    kill: (broker) => nodeAt(broker).process.kill(),
    terminate: (broker) => nodeAt(broker).process.terminate(),
    start: (broker) => nodeAt(broker).process.start(),
    freeze: (broker) => signal(broker, 'SIGSTOP'),
    thaw: (broker) => signal(broker, 'SIGCONT'),
    waitUntilInSync: () => waitUntilInSync(direct),
  }
}

async function createNodes(options: ClusterOptions, jars: KafkaJars, rules: FaultRules): Promise<readonly Node[]> {
  const free = await findFreePorts(4 * options.brokers)
  const ports = Array.from({ length: options.brokers }, (_, node): NodePorts => {
    const [direct = 0, behindProxy = 0, proxy = 0, controller = 0] = free.slice(4 * node)
    return { direct, behindProxy, proxy, controller }
  })
  const clusterId = randomBytes(16).toString('base64url')
  return Promise.all(
    ports.map(async (own, index) => {
      const folder = await mkdtemp(join(options.env['TMPDIR'] || tmpdir(), 'trackbridge-cluster-'))
      const settings = { ...clusterNodeSettings(ports, index), 'log.dirs': folder, ...options.brokerSettings }
      await writeFile(join(folder, 'server.properties'), settingsToProperties(settings))
      await formatStorage(folder, { clusterId, nodeId: index + 1, kafkaVersion: jars.version })
      const address = { host: '127.0.0.1', port: own.direct, clusterId }
      const broker = await createBrokerProcess({
        jars,
        env: options.env,
        folder,
        address,
        onProgress: options.onProgress,
      })
      const proxy = await startFaultProxy({ listen: own.proxy, target: own.behindProxy, rules })
      return { ports: own, process: broker, proxy }
    }),
  )
}

async function stopAll(nodes: readonly Node[]): Promise<void> {
  await Promise.all(nodes.map(({ proxy }) => proxy.close()))
  // Killed rather than asked when there are several: without a majority the last ones wait for their timeouts.
  if (nodes.length > 1) await Promise.all(nodes.map((node) => node.process.kill()))
  for (const node of nodes) {
    const pid = node.process.pid()
    if (pid !== undefined) process.kill(pid, 'SIGCONT')
    await node.process.stop()
  }
}

async function waitUntilInSync(brokers: readonly string[]): Promise<void> {
  let behind: readonly string[] = ['not asked yet']
  const ask = async (): Promise<boolean> => {
    behind = await replicasOutOfSync(brokers).catch((error: unknown) => [String(error)])
    return behind.length === 0
  }
  await until(ask, { timeoutMs: 60_000, describe: () => `all replicas in sync; out of it: ${behind.join(', ')}` })
}
