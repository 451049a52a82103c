// Errors -> what a person reads on stderr, and the exit code. No stack trace unless --log-level debug asks for it.
import { TrackbridgeError } from '../errors.ts'

/** 128 + the number of the signal, as shells have it. */
export const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** Exit codes: 2 when trackbridge refuses to begin (command line, configuration, topics), else 1. */
export const exitCodeOf = (error: unknown): 1 | 2 =>
  error instanceof TrackbridgeError && error.reaction === 'refuse' ? 2 : 1

/** One clean message, e.g. `error TB_CONFIG_INVALID: 1 fault in ...`; with `debug` the stack and causes below it. */
export function failureText(error: unknown, { debug }: { debug: boolean }): string {
  const code = error instanceof TrackbridgeError ? ` ${error.code}` : ''
  const message = error instanceof Error ? error.message || error.name : String(error)
  const heading = `error${code}: ${message}`
  if (debug) return error instanceof Error ? `${heading}\n${stackOf(error)}` : heading
  return error instanceof TrackbridgeError && error.code !== 'TB_BUG'
    ? heading
    : `${heading}\n  run it again with --log-level debug for the stack`
}

function stackOf(error: Error): string {
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  const cause =
    error.cause instanceof Error
      ? [`  caused by ${error.cause.name}: ${error.cause.message}`, stackOf(error.cause)]
      : []
  return [...frames, ...cause].join('\n')
}
