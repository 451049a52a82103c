// Warnings and errors that repeat -> a few lines and a sum, so that a fault that strikes a thousand partitions does not
// bury the rest. In: lines. Out: those to write. Messages are fixed texts, so the same message is the same fault.

export interface Line {
  readonly level: 'warn' | 'error'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface Repeats {
  /** Writes the line, unless too many like it were written in this minute: then one line at its end tells how many. */
  pass(line: Line, write: (line: Line) => void): void
}

export interface RepeatsOptions {
  /** So many of the same message in one period are written. */
  readonly most: number
  readonly periodMs: number
  /** Calls back after `ms`, without keeping the process alive. */
  readonly later: (call: () => void, ms: number) => void
}

const defaults: RepeatsOptions = {
  most: 20,
  periodMs: 60_000,
  later: (call, ms) => void setTimeout(call, ms).unref(),
}

interface Period {
  written: number
  untold: number
}

/** Knows nothing yet. The number of messages it keeps is that of the texts in the code. */
export function createRepeats({ most, periodMs, later }: RepeatsOptions = defaults): Repeats {
  const periods = new Map<string, Period>()
  return {
    pass(line, write) {
      const key = `${line.level} ${line.message}`
      const period = periods.get(key) ?? { written: 0, untold: 0 }
      if (!periods.has(key)) {
        periods.set(key, period)
        later(() => {
          periods.delete(key)
          if (period.untold > 0)
            write({ ...line, fields: { repeated: period.untold, ofMessage: line.message }, message: summary })
        }, periodMs)
      }
      if (period.written < most) {
        period.written++
        write(line)
      } else period.untold++
    },
  }
}

const summary = 'more lines of one message in the last minute, not shown'
