// The only importer of pino. JSON lines, or pretty lines in a terminal. Messages are fixed texts, the rest is fields.
// Everything goes to stderr: stdout belongs to the commands' results.
import { pino } from 'pino'
import { PinoPretty } from 'pino-pretty'

export type LogFields = Readonly<Record<string, unknown>>

/** What engines and adapters may say. Never payloads, never secrets. */
export interface Log {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  child(fields: LogFields): Log
}

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly format: 'json' | 'pretty'
}

/** `err` is serialised as type, message, code and stack; keys that hold secrets are censored wherever they stand. */
export function createLog(options: LogOptions): Log {
  const stream =
    options.format === 'pretty'
      ? PinoPretty({
          destination: 2,
          ignore: 'pid,hostname,worker',
          // Which of several processes speaks, in front, where the eye looks for it.
          messageFormat: '{if worker}worker {worker}: {end}{msg}',
          translateTime: 'HH:MM:ss.l',
          sync: true,
        })
      : pino.destination({ dest: 2, sync: true })
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['apiKey', 'password', 'authorization', '*.apiKey', '*.password', '*.authorization'],
        censor: '***',
      },
    },
    stream,
  )
}

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
}
