// What every command is given, and how it reads its configuration. In: commander's options. Out: Config and a log.
// Commands take these as arguments, so that tests can hand in a broker in memory.
import type { Command } from 'commander'
import type { Clock } from '../clock.ts'
import { configPath, loadConfig, namedConfigPath } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import type { Broker } from '../kafka/broker.ts'
import type { ConnectionSettings } from '../kafka/connection.ts'
import type { OnTransaction } from '../kafka/transactional-producer.ts'
import type { AdjustableLog, Log, LogOptions } from '../ops/log.ts'
import type { Probe } from './check/check-api.ts'
import type { Output } from './output.ts'

export interface CliContext {
  readonly output: Output
  readonly clock: Clock
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal
  createLog(options: LogOptions): AdjustableLog
  /** Connects nothing yet. `onTransaction` is told of each transaction that has ended. */
  createBroker(settings: ConnectionSettings, log: Log, clock: Clock, onTransaction?: OnTransaction): Promise<Broker>
  readonly probe: Probe
  /** Not opened before a command wants it. */
  readonly stdin: () => NodeJS.ReadStream
  /** The exit code when the command ends without an error; 0 unless this is called. */
  readonly exitWith: (code: number) => void
}

/** The levels of --log-level, those of `log.level`. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const

interface GlobalOptions {
  readonly config?: string
  readonly logLevel?: LogOptions['level']
}

export interface Settings {
  readonly config: Config
  /** Of the file, absolute. */
  readonly path: string
  readonly log: AdjustableLog
}

/** Configuration and log of a command, --config and --log-level included. `quiet`: for commands whose result says all,
 *  no log lines unless --log-level asks for them. Throws TB_CONFIG_UNREADABLE, TB_CONFIG_INVALID. */
export function readSettings(command: Command, context: CliContext, { quiet = false } = {}): Settings {
  const options = command.optsWithGlobals<GlobalOptions>()
  const config = loadConfig({ path: options.config })
  const level = options.logLevel ?? (quiet ? 'silent' : config.log.level)
  const { format, personIds } = config.log
  const prettyOrJson = context.output.errorsAreTerminal ? 'pretty' : 'json'
  const log = context.createLog({ level, format: format === 'auto' ? prettyOrJson : format, personIds })
  return { config, path: configPath({ path: options.config }), log }
}

/** For commands that need no configuration: the one that --config or TRACKBRIDGE_CONFIG names, or nothing; a
 *  trackbridge.yaml that happens to be here is not read. Throws as `readSettings` does. */
export function readNamedConfig(command: Command): Config | undefined {
  const path = namedConfigPath({ path: command.optsWithGlobals<GlobalOptions>().config })
  return path === undefined ? undefined : loadConfig({ path })
}

/** The promise's own end, or a rejection as soon as the signal aborts: for commands that have nothing to finish. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
