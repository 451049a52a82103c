// The level of log lines, changed while the process runs: SIGUSR2 switches between debug and what was set. A signal and no
// POST, so that nobody who may only look can change anything, and no credentials are needed.
import type { AdjustableLog, Level } from '../../ops/log.ts'

/** What of `process` is needed; tests bring their own. */
export interface Signals {
  on(name: 'SIGUSR2', listener: () => void): unknown
  off(name: 'SIGUSR2', listener: () => void): unknown
}

/** The log line of a change, for workers as well. */
export const levelChanged = 'the log level is another one now'

/** Follows the signal until the result is called. `tell` hands the new level to whoever else logs for us. */
export function followLevelSignal(signals: Signals, log: AdjustableLog, tell: (level: Level) => void): () => void {
  const usual = log.level()
  const change = (): void => {
    const level = log.level() === 'debug' && usual !== 'debug' ? usual : 'debug'
    log.setLevel(level)
    log.info({ to: level }, levelChanged)
    tell(level)
  }
  signals.on('SIGUSR2', change)
  return () => void signals.off('SIGUSR2', change)
}
