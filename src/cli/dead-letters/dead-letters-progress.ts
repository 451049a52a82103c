// How far a reading of dead letters is, on stderr: one line that changes in a terminal, else a line every ten seconds. Said
// only of what takes longer than a moment.
import type { Clock } from '../../clock.ts'
import type { ReadProgress } from '../../dead-letters/reading.ts'
import type { Output } from '../output.ts'

export interface ProgressLine {
  onProgress(progress: ReadProgress): void
  /** What is waited for; undefined when that is over. */
  onWaiting(why: string | undefined): void
  /** Leaves the line empty. */
  end(): void
}

const firstAfterMs = 1_500
const everyMs = 250
const everyMsInLogs = 10_000

/** `what` begins the line, e.g. `reading cio.dead-letters`. */
export function createProgressLine(output: Output, clock: Clock, what: string): ProgressLine {
  const startMs = clock.now()
  let toldAtMs = startMs
  let isTold = false
  let waiting: string | undefined
  const tell = (text: string): void => {
    toldAtMs = clock.now()
    if (output.errorsAreTerminal) output.printStatus(text)
    else output.writeError(`${text}\n`)
    isTold = true
  }
  const dueAfterMs = (): number => {
    if (!isTold) return output.errorsAreTerminal ? firstAfterMs : everyMsInLogs
    return output.errorsAreTerminal ? everyMs : everyMsInLogs
  }
  return {
    onProgress({ done, all }) {
      const nowMs = clock.now()
      if (nowMs - toldAtMs >= dueAfterMs()) tell(progressText(what, { done, all }, nowMs - startMs))
    },
    onWaiting(why) {
      if (why !== undefined && why !== waiting) tell(why)
      waiting = why
    },
    end: () => {
      if (isTold && output.errorsAreTerminal) output.printStatus('')
    },
  }
}

/** e.g. `reading cio.dead-letters:  42 %   96,020 offsets/s   1 min 5 s left`. */
export function progressText(what: string, { done, all }: ReadProgress, elapsedMs: number): string {
  const share = all === 0 ? 1 : Math.min(1, done / all)
  const perSecond = Math.round((done * 1_000) / Math.max(1, elapsedMs)).toLocaleString('en-US')
  const leftS = share === 0 ? 0 : Math.ceil((elapsedMs * (1 - share)) / share / 1_000)
  const left = leftS < 60 ? `${leftS} s` : `${Math.floor(leftS / 60)} min ${leftS % 60} s`
  return `${what}: ${String(Math.floor(share * 100)).padStart(3)} %   ${perSecond} offsets/s   ${left} left`
}
