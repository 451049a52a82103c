// Kafka in Docker, through the optional package testcontainers: its reaper removes the container, also after a kill.
// The package's own KafkaContainer knows Confluent's image only; this runs apache/kafka in the version of our jars.
import { get } from 'node:http'
import { systemClock } from '../clock.ts'
import { settingsToDockerEnvironment, singleBrokerSettings } from './broker-settings.ts'
import type { Environment } from './java.ts'
import { kafkaVersion, readPom } from './kafka-jars.ts'
import { waitForKafka } from './kafka-port.ts'

export interface DockerKafka {
  readonly kind: 'docker'
  /** `['localhost:49153']` */
  readonly brokers: readonly string[]
  stop(): Promise<void>
}

// What is used of testcontainers 12. Written out, because the package is optional: npm leaves it out where it does not
// run, and then neither the compiler nor the program may miss it.
interface Testcontainers {
  readonly GenericContainer: new (image: string) => Container
  readonly Wait: { forLogMessage(message: string): unknown }
}
interface Container {
  withEnvironment(environment: Record<string, string>): this
  withExposedPorts(...ports: number[]): this
  withEntrypoint(entrypoint: string[]): this
  withWaitStrategy(strategy: unknown): this
  withStartupTimeout(timeoutMs: number): this
  start(): Promise<StartedContainer>
}
interface StartedContainer {
  getHost(): string
  getMappedPort(port: number): number
  copyContentToContainer(files: { content: string; target: string; mode?: number }[]): Promise<void>
  stop(): Promise<unknown>
}

const clientPort = 9092
const brokerPort = 9093
const controllerPort = 9094
const pullTimeoutMs = 300_000
const startTimeoutMs = 60_000
const waiting = 'trackbridge waits for the mapped port'

/** Whether a Docker engine answers a ping at DOCKER_HOST (unix:// or tcp://) or the usual socket. Never throws.
 *  Asked before testcontainers is imported, which waits for ever on a socket that accepts and stays silent. */
export function dockerAnswers(env: Environment, timeoutMs = 1_000): Promise<boolean> {
  const host = env['DOCKER_HOST'] || 'unix:///var/run/docker.sock'
  const tcp = URL.canParse(host) && host.startsWith('tcp://') ? new URL(host) : undefined
  if (tcp === undefined && !host.startsWith('unix://')) return Promise.resolve(false)
  const engine = tcp ? { hostname: tcp.hostname, port: tcp.port || 2375 } : { socketPath: host.slice('unix://'.length) }
  const timer = new AbortController()
  return new Promise((resolve) => {
    const request = get({ ...engine, path: '/_ping' }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('error', () => resolve(false))
    request.on('close', () => timer.abort())
    void systemClock.sleep(timeoutMs, timer.signal).then(() => {
      request.destroy()
      return resolve(false)
    })
  })
}

/** Runs a broker in a container and resolves when it answers. Null when testcontainers is not installed. Rejects with
 *  whatever went wrong in Docker: no image, no port, no answer. */
export async function startDockerKafka(onProgress: (line: string) => void): Promise<DockerKafka | null> {
  const testcontainers = await importTestcontainers()
  if (testcontainers === null) return null
  const image = `apache/kafka:${kafkaVersion(await readPom())}`
  onProgress(`starting ${image} in Docker; its first start downloads the image`)
  const container = await new testcontainers.GenericContainer(image)
    .withEnvironment({ CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw', ...settingsToDockerEnvironment(dockerSettings()) })
    .withExposedPorts(clientPort)
    // The broker must tell clients a port that is known only once the container runs: it waits for a second file, which
    // is written when the first one, the script, is there as a whole.
    .withEntrypoint([
      'sh',
      '-c',
      `echo '${waiting}'; until [ -e /tmp/go ]; do sleep 0.1; done; exec bash /tmp/start.sh`,
    ])
    .withWaitStrategy(testcontainers.Wait.forLogMessage(waiting))
    .withStartupTimeout(pullTimeoutMs)
    .start()
  const stop = async (): Promise<void> => void (await container.stop())
  try {
    const [host, port] = [container.getHost(), container.getMappedPort(clientPort)]
    const advertised = `PLAINTEXT://${host}:${port},BROKER://localhost:${brokerPort}`
    const script = `export KAFKA_ADVERTISED_LISTENERS=${advertised}\nexec /etc/kafka/docker/run\n`
    await container.copyContentToContainer([{ content: script, target: '/tmp/start.sh', mode: 0o755 }])
    await container.copyContentToContainer([{ content: '', target: '/tmp/go', mode: 0o644 }])
    if (!(await waitForKafka({ host, port }, { timeoutMs: startTimeoutMs }))) {
      throw new Error(`Kafka in Docker has not answered at ${host}:${port} within ${startTimeoutMs / 1000} s`)
    }
    return { kind: 'docker', brokers: [`${host}:${port}`], stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function dockerSettings(): ReturnType<typeof singleBrokerSettings> {
  const { 'advertised.listeners': _setByTheScript, ...settings } = singleBrokerSettings({
    listeners: `PLAINTEXT://:${clientPort},BROKER://:${brokerPort},CONTROLLER://:${controllerPort}`,
    advertised: '',
    controller: `localhost:${controllerPort}`,
    names: ['PLAINTEXT', 'BROKER'],
  })
  return { ...settings, 'log.dirs': '/tmp/kafka-data' }
}

async function importTestcontainers(): Promise<Testcontainers | null> {
  // Not a literal, so that the compiler does not look for a package that may be absent.
  const name: string = 'testcontainers'
  try {
    const module: unknown = await import(name)
    if (isTestcontainers(module)) return module
    throw new Error('the installed testcontainers has no GenericContainer')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return null
    throw error
  }
}

function isTestcontainers(module: unknown): module is Testcontainers {
  return typeof module === 'object' && module !== null && 'GenericContainer' in module && 'Wait' in module
}
