// The only importer of pino. JSON lines, or pretty lines in a terminal. Messages are fixed texts, the rest is fields.
// Everything goes to stderr: stdout belongs to the commands' results.
import { pino } from 'pino'
import { PinoPretty } from 'pino-pretty'
import { concealPerson } from './person.ts'
import { createRepeats, type Repeats } from './repeated-lines.ts'

export type LogFields = Readonly<Record<string, unknown>>

/** What engines and adapters may say. Never payloads, never secrets. The id of a person stands under `person` and nowhere
 *  else: there it is hashed, unless the configuration wants ids shown. */
export interface Log {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  child(fields: LogFields): Log
}

/** The least grave lines to show, the most talkative first. */
export const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const

export type Level = (typeof levels)[number]

/** A log whose level may be changed under way, for itself and all its children. */
export interface AdjustableLog extends Log {
  level(): Level
  setLevel(level: Level): void
}

export interface LogOptions {
  readonly level: Level
  readonly format: 'json' | 'pretty'
  /** Ids of persons as they are; absent: hashed. */
  readonly personIds?: boolean
}

/** `err` is serialised as type, message, code and stack; keys that hold secrets are censored wherever they stand. The
 *  same warning or error again and again is summed up (repeated-lines.ts). */
export function createLog(options: LogOptions): AdjustableLog {
  const shown: Shown = { level: options.level, personIds: options.personIds ?? false, repeats: createRepeats() }
  const write = createWriter(options)
  return {
    ...gated(shown, write),
    level: () => shown.level,
    setLevel: (level) => {
      shown.level = level
    },
  }
}

/** What a log and all its children have in common: pino gives each child a level of its own. */
interface Shown {
  level: Level
  readonly personIds: boolean
  readonly repeats: Repeats
}

function gated(shown: Shown, write: Log): Log {
  const told = (fields: LogFields): LogFields => concealPerson(fields, shown.personIds)
  const at = (level: Exclude<Level, 'silent'>) => (given: LogFields, message: string) => {
    if (levels.indexOf(level) < levels.indexOf(shown.level)) return
    // Only now: most lines that name a person are of a level that is not shown.
    const fields = told(given)
    if (level === 'debug' || level === 'info') return write[level](fields, message)
    shown.repeats.pass({ level, message, fields }, (line) => write[level](line.fields, line.message))
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => gated(shown, write.child(told(fields))),
  }
}

const secretKeys = ['apiKey', 'password', 'passphrase', 'token', 'clientSecret', 'secretAccessKey', 'authorization']

function createWriter(options: LogOptions): Log {
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
      level: 'debug',
      base: null,
      // As the configuration names it, not as a number.
      formatters: { level: (level) => ({ level }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: secretKeys.flatMap((key) => [key, `*.${key}`]),
        censor: '***',
      },
    },
    stream,
  )
}

export const silentLog: AdjustableLog = {
  level: () => 'silent',
  setLevel: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
}
