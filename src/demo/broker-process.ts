// One Kafka node as a Java process that dies with us: started, killed, started again, stopped. In: jars, a folder with
// server.properties, the address at which it will answer. A class archive makes the second and later starts of the same
// jars twice as fast.
import { randomUUID } from 'node:crypto'
import { access, readFile, rename, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { TrackbridgeError } from '../errors.ts'
import type { Environment } from './java.ts'
import type { KafkaJars } from './kafka-jars.ts'
import { waitForKafka, type KafkaAddress } from './kafka-port.ts'
import { createSupervisor, type Ending, type Supervisor } from './supervisor.ts'

export interface BrokerProcessOptions {
  readonly jars: KafkaJars
  readonly env: Environment
  /** Holds server.properties; gets broker.log; removed by `stop`. */
  readonly folder: string
  readonly address: KafkaAddress
  readonly onProgress: (line: string) => void
}

export interface BrokerProcess {
  /** Process id while it runs. */
  pid(): number | undefined
  /** Starts the process and resolves when it answers. Throws TB_DEMO_UNAVAILABLE with the end of its log. */
  start(): Promise<void>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  /** SIGTERM, and waits for the end; folder and address are kept for `start`. */
  terminate(): Promise<void>
  /** Clean stop, then everything is removed. May be called twice. */
  stop(): Promise<void>
}

const startTimeoutMs = 90_000
// The stop that writes the class archive takes several seconds on a busy machine; others take well below one.
const stopTimeoutMs = 30_000
const terminated = 128 + 15

/** Prepares a node; nothing runs before `start`. */
export async function createBrokerProcess(options: BrokerProcessOptions): Promise<BrokerProcess> {
  const { jars, folder } = options
  const logFile = join(folder, 'broker.log')
  const archive = await planArchive(jars)
  const supervisor = createSupervisor(
    {
      command: jars.java.path,
      args: javaArguments(jars, archive, folder),
      logFile,
      remove: [folder, ...(archive.unfinished === undefined ? [] : [archive.unfinished])],
    },
    options.env,
  )
  let stopped: Promise<void> | undefined
  return {
    pid: () => supervisor.pid(),
    start: () => startAndWait(supervisor, options.address, { logFile, cacheFolder: jars.folder }),
    kill: async () => void (await supervisor.end('kill', stopTimeoutMs)),
    terminate: async () => void (await supervisor.end('terminate', stopTimeoutMs)),
    stop: () => (stopped ??= stop(supervisor, archive, options)),
  }
}

/** Class data sharing: `unfinished` is where this process writes the archive when there is none yet. */
interface Archive {
  readonly final: string
  readonly unfinished: string | undefined
}

async function planArchive({ archive }: KafkaJars): Promise<Archive> {
  const isThere = await access(archive).then(
    () => true,
    () => false,
  )
  return { final: archive, unfinished: isThere ? undefined : `${archive}.${randomUUID()}.unfinished` }
}

function javaArguments(jars: KafkaJars, archive: Archive, folder: string): readonly string[] {
  return [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    archive.unfinished === undefined
      ? `-XX:SharedArchiveFile=${archive.final}`
      : `-XX:ArchiveClassesAtExit=${archive.unfinished}`,
    `-XX:ErrorFile=${join(folder, 'java-crash.log')}`,
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-cp',
    jars.classPath.join(delimiter),
    'kafka.Kafka',
    join(folder, 'server.properties'),
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

async function stop(supervisor: Supervisor, archive: Archive, { onProgress }: BrokerProcessOptions): Promise<void> {
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
