// A Kafka for whoever needs one now: KAFKA_BROKERS if set, else Docker if an engine answers, else Apache's own jars.
// In: the environment. Out: addresses and how to give it back. Falling through to the next way is always said.
import { TrackbridgeError } from '../errors.ts'
import { dockerAnswers, startDockerKafka, type DockerKafka } from './docker-kafka.ts'
import { startEmbeddedKafka } from './embedded-kafka.ts'
import { resolveKafkaJars, type ResolveOptions } from './kafka-jars.ts'
import { waitForKafka } from './kafka-port.ts'

export interface ProvidedKafka {
  readonly kind: 'external' | 'docker' | 'embedded'
  /** `['127.0.0.1:20001']`; plaintext, without authentication. */
  readonly brokers: readonly string[]
  /** Ends what was started for us; an external Kafka is left alone. May be called twice. */
  stop(): Promise<void>
}

export interface ProvideOptions extends ResolveOptions {
  /** How long an external Kafka may take to answer; 10 s. */
  readonly externalTimeoutMs?: number
}

/** Finds or starts a Kafka and resolves when it answers. Throws TB_CONFIG_INVALID for a malformed KAFKA_BROKERS and
 *  TB_DEMO_UNAVAILABLE, one sentence that says what to do, when there is no Kafka to be had. */
export async function provideKafka(options: ProvideOptions): Promise<ProvidedKafka> {
  const external = options.env['KAFKA_BROKERS']?.trim()
  if (external !== undefined && external !== '') return externalKafka(external, options.externalTimeoutMs ?? 10_000)
  const docker = (await dockerAnswers(options.env)) ? await tryDocker(options) : null
  options.signal?.throwIfAborted()
  if (docker !== null) return docker
  const jars = await resolveKafkaJars(options)
  return startEmbeddedKafka({ jars, env: options.env, onProgress: options.onProgress })
}

/** `'a:9092, b:9092'` as `[{ host: 'a', port: 9092 }, ...]`. Throws TB_CONFIG_INVALID naming the part at fault. */
export function parseBrokers(text: string): readonly { readonly host: string; readonly port: number }[] {
  return text.split(',').map((part) => {
    const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(part.trim())
    const [host, port] = [match?.[1] ?? match?.[2], Number(match?.[3])]
    if (host === undefined || port < 1 || port > 65_535) {
      throw new TrackbridgeError(
        'TB_CONFIG_INVALID',
        `KAFKA_BROKERS holds '${part.trim()}'; expected host:port, several separated by commas, e.g. localhost:9092`,
      )
    }
    return { host, port }
  })
}

async function externalKafka(text: string, timeoutMs: number): Promise<ProvidedKafka> {
  const addresses = parseBrokers(text)
  const found = new AbortController()
  const answers = await Promise.all(
    addresses.map(async (address) => {
      const answered = await waitForKafka(address, { timeoutMs, signal: found.signal })
      if (answered) found.abort()
      return answered
    }),
  )
  if (!answers.includes(true)) {
    throw new TrackbridgeError(
      'TB_DEMO_UNAVAILABLE',
      `KAFKA_BROKERS is '${text}', but no Kafka answers there without TLS: start it, or unset KAFKA_BROKERS ` +
        'to have one started.',
    )
  }
  const brokers = addresses.map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`))
  return { kind: 'external', brokers, stop: () => Promise.resolve() }
}

async function tryDocker({ onProgress }: ResolveOptions): Promise<DockerKafka | null> {
  try {
    const docker = await startDockerKafka(onProgress)
    if (docker === null) onProgress('Docker answers, but the optional package testcontainers is not installed')
    return docker
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    onProgress(`Kafka cannot be run in Docker (${reason}): using Apache Kafka's own jars`)
    return null
  }
}
