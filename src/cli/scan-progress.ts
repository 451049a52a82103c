// How far the reading of a window is, on stderr: one line that changes in a terminal, else a line every ten seconds. In:
// offsets, as they are read. A window that is read within a second says nothing.
import type { Clock } from '../clock.ts'
import { grouped } from '../amount-text.ts'
import type { Output } from './output.ts'

export interface ScanProgress {
  /** So many offsets further. */
  add(offsets: number): void
  /** There are so many more to read. */
  extend(offsets: number): void
  /** Clears the line. */
  end(): void
}

const terminalEveryMs = 250
const quietMs = 1_000
const lineEveryMs = 10_000

export function createScanProgress(
  {
    output,
    clock,
  }: { readonly output: Pick<Output, 'errorsAreTerminal' | 'printStatus' | 'writeError'>; readonly clock: Clock },
  totalOffsets: number,
): ScanProgress {
  const startMs = clock.now()
  const isTerminal = output.errorsAreTerminal
  const everyMs = isTerminal ? terminalEveryMs : lineEveryMs
  let lastMs = startMs + (isTerminal ? quietMs - terminalEveryMs : 0)
  let [done, total] = [0, totalOffsets]
  let isShown = false
  return {
    add(offsets) {
      done += offsets
      const nowMs = clock.now()
      if (nowMs - lastMs < everyMs) return
      lastMs = nowMs
      const text = scanText({ done, total, elapsedMs: nowMs - startMs })
      if (isTerminal) output.printStatus(text)
      else output.writeError(`${text}\n`)
      isShown = true
    },
    extend(offsets) {
      total += offsets
    },
    end() {
      if (isShown && isTerminal) output.printStatus('')
    },
  }
}

interface Scan {
  readonly done: number
  readonly total: number
  readonly elapsedMs: number
}

/** e.g. ` 42 %   1,204,000 of 2,866,666 offsets   96,020/s   0:18 left`. */
export function scanText({ done, total, elapsedMs }: Scan): string {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const perSecond = Math.round((done * 1_000) / Math.max(1, elapsedMs))
  const left = share === 0 ? '' : `   ${clockText((elapsedMs * (1 - share)) / share)} left`
  const percent = String(Math.floor(share * 100)).padStart(3)
  return `${percent} %   ${grouped(done)} of ${grouped(total)} offsets   ${grouped(perSecond)}/s${left}`
}

/** `65000` -> "1:05", `3725000` -> "1:02:05". */
export function clockText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

const two = (number: number): string => String(number).padStart(2, '0')
