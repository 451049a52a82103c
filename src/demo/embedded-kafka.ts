// One Kafka broker from Apache's own jars, on ports and in a folder of its own, which goes when we go, however we go.
// In: the jars (kafka-jars.ts). Out: its address, and what a test needs to break it. States: running -> killed -> running
// -> stopped; `stop` works in each of them. A class archive makes the second and later starts twice as fast.
import { randomBytes, randomUUID } from 'node:crypto'
import { access, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { TrackbridgeError } from '../errors.ts'
import { settingsToProperties, singleBrokerSettings, type BrokerSettings } from './broker-settings.ts'
import type { Environment } from './java.ts'
import type { KafkaJars } from './kafka-jars.ts'
import { findFreePorts, waitForKafka, type KafkaAddress } from './kafka-port.ts'
import { createSupervisor, type Ending, type Supervisor } from './supervisor.ts'

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

const startTimeoutMs = 90_000
// The stop that writes the class archive takes several seconds on a busy machine; others take well below one.
const stopTimeoutMs = 30_000
const attempts = 3
const terminated = 128 + 15

// "Formatting" a log folder is these two files, which kafka-storage.sh would take more than a second to write. The
// checkpoint holds the feature levels of metadata version 4.1-IV1 and names neither cluster nor node.
const metaProperties = (clusterId: string): string =>
  `version=1\ncluster.id=${clusterId}\nnode.id=1\ndirectory.id=jkW3n-_dx_q0-QPoghvfYg\n`
const bootstrapCheckpoint =
  'AAAAAAAAAAAAAABHAAAAAALcQL4aACAAAAAAAAABof9JVRgAAAGh/0lVGP//////////////////AAAAASoAAAAIAAAAAxYAAAAAAAAAAAAAAAAA' +
  'AAAAAAAAAQAAALkAAAAAAtCppHgAAAAAAAMAAAGh/0lVZQAAAaH/SVVl//////////////////8AAAAEOgAAAAEuAQwAEW1ldGFkYXRhLnZlcnNp' +
  'b24AGwAAWgAAAgFOAQwAIWVsaWdpYmxlLmxlYWRlci5yZXBsaWNhcy52ZXJzaW9uAAEAADQAAAQBKAEMAA5ncm91cC52ZXJzaW9uAAEAAEAAAAYB' +
  'NAEMABR0cmFuc2FjdGlvbi52ZXJzaW9uAAIAAAAAAAAAAAAFAAAAPwAAAAACliNW1wAgAAAAAAAAAaH/SVVpAAABof9JVWn/////////////////' +
  '/wAAAAEaAAAACAAAAAQGAAAAAA=='

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
  const folder = await mkdtemp(join(options.env['TMPDIR'] || tmpdir(), 'trackbridge-kafka-'))
  const properties = join(folder, 'server.properties')
  const logFile = join(folder, 'broker.log')
  const address = { host: '127.0.0.1', port, clusterId: randomBytes(16).toString('base64url') }
  await writeFile(properties, settingsToProperties(embeddedSettings(folder, port, controllerPort, options)))
  await writeFile(join(folder, 'meta.properties'), metaProperties(address.clusterId))
  await writeFile(join(folder, 'bootstrap.checkpoint'), Buffer.from(bootstrapCheckpoint, 'base64'))
  const archive = await planArchive(options.jars)
  const supervisor = createSupervisor(
    {
      command: options.jars.java.path,
      args: javaArguments(options.jars, archive, properties),
      logFile,
      remove: [folder, ...(archive.unfinished === undefined ? [] : [archive.unfinished])],
    },
    options.env,
  )
  let stopped: Promise<void> | undefined
  return {
    kind: 'embedded',
    brokers: [`127.0.0.1:${port}`],
    folder,
    pid: () => supervisor.pid(),
    kill: async () => void (await supervisor.end('kill', stopTimeoutMs)),
    start: () => startAndWait(supervisor, address, { logFile, cacheFolder: options.jars.folder }),
    stop: () => (stopped ??= stop(supervisor, archive, options)),
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

/** Class data sharing: `unfinished` is where this broker writes the archive when there is none yet. */
interface Archive {
  readonly final: string
  readonly unfinished: string | undefined
}

async function planArchive({ archive }: KafkaJars): Promise<Archive> {
  return { final: archive, unfinished: (await exists(archive)) ? undefined : `${archive}.${randomUUID()}.unfinished` }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function javaArguments(jars: KafkaJars, archive: Archive, properties: string): readonly string[] {
  return [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    archive.unfinished === undefined
      ? `-XX:SharedArchiveFile=${archive.final}`
      : `-XX:ArchiveClassesAtExit=${archive.unfinished}`,
    `-XX:ErrorFile=${join(dirname(properties), 'java-crash.log')}`,
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-cp',
    jars.classPath.join(delimiter),
    'kafka.Kafka',
    properties,
  ]
}

async function startAndWait(
  supervisor: Supervisor,
  address: KafkaAddress,
  places: { readonly logFile: string; readonly cacheFolder: string },
): Promise<void> {
  const unavailable = (what: string): TrackbridgeError =>
    new TrackbridgeError('TB_DEMO_UNAVAILABLE', `${what} If it fails again, remove ${places.cacheFolder} and retry.`)
  const { ended } = await supervisor.start().catch((error: unknown) => {
    throw unavailable(`Kafka cannot be started: ${error instanceof Error ? error.message : String(error)}.`)
  })
  const early = new AbortController()
  let ending: Ending | undefined
  void ended.then((how) => {
    ending = how
    return early.abort()
  })
  const answers = await waitForKafka(address, { timeoutMs: startTimeoutMs, signal: early.signal })
  if (answers && ending === undefined) return
  const log = await lastLines(places.logFile)
  if (ending !== undefined) throw unavailable(`Kafka ended while starting (${String(ending)}); its last words: ${log}.`)
  throw unavailable(
    `Kafka has not answered at ${address.host}:${address.port} within ${startTimeoutMs / 1000} s; its log: ${log}.`,
  )
}

async function lastLines(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '')
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s*at /.test(line))
  return lines.slice(-4).join(' | ').slice(-1000) || 'none'
}

async function stop(supervisor: Supervisor, archive: Archive, { onProgress }: EmbeddedOptions): Promise<void> {
  if (archive.unfinished !== undefined && supervisor.pid() !== undefined) {
    onProgress('stopping Kafka and keeping an archive of its classes: the next start takes half the time')
  }
  const ending = await supervisor.end('terminate', stopTimeoutMs)
  if (ending === terminated && archive.unfinished !== undefined) await keepArchive(archive.unfinished, archive.final)
  await supervisor.close()
}

/** Renames a finished archive into place. Fails without a word: without an archive the next start is slower, no more. */
async function keepArchive(unfinished: string, final: string): Promise<void> {
  const written = await stat(unfinished).catch(() => undefined)
  if (written !== undefined && written.size > 0) await rename(unfinished, final).catch(() => undefined)
}
