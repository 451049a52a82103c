// Where the demo prints, and the part of it that is drawn anew in place while counters run. On a terminal the table is
// overwritten; anywhere else each drawing is one plain line, and they come more seldom.
import type { Clock } from '../clock.ts'
import type { Log } from '../ops/log.ts'

export interface Screen {
  /** Whether lines already printed can be overwritten. */
  readonly canRedraw: boolean
  /** One line, or several. */
  print(text: string): void
  /** A line that begins something new, with an empty one before it. */
  heading(text: string): void
  printMarked(mark: 'ok' | 'failed', text: string): void
  /** Text as it is, control sequences included. */
  write(text: string): void
}

/** One moment of the counters, as a table and as a line. */
export interface Drawing {
  readonly table: readonly string[]
  readonly line: string
}

export interface LiveArea {
  /** Draws if it is time for it. */
  update(drawing: () => Drawing): void
  /** Draws once more and leaves it standing. */
  finish(drawing: () => Drawing): void
  /** Runs `print` with the area out of the way. */
  aside(print: () => void): void
}

const wrapOff = '\u001b[?7l'
const wrapOn = '\u001b[?7h'
const redrawMs = 500
const lineEveryMs = 2_000

/** Nothing is drawn before the first `update`. */
export function createLiveArea(screen: Screen, clock: Clock): LiveArea {
  const everyMs = screen.canRedraw ? redrawMs : lineEveryMs
  let drawnAtMs = -Infinity
  let standing = 0
  const wipe = (): void => {
    // Up to the first line of the table, then everything below is cleared.
    if (standing > 0) screen.write(`\u001b[${standing}A\u001b[J`)
    standing = 0
  }
  const draw = ({ table, line }: Drawing): void => {
    wipe()
    // A line that is wrapped would count as two when the table is overwritten.
    if (screen.canRedraw) screen.write(wrapOff)
    screen.print(screen.canRedraw ? table.join('\n') : line)
    if (screen.canRedraw) screen.write(wrapOn)
    standing = screen.canRedraw ? table.length : 0
    drawnAtMs = clock.now()
  }
  return {
    update(drawing) {
      if (drawnAtMs === -Infinity && !screen.canRedraw) drawnAtMs = clock.now()
      if (clock.now() - drawnAtMs >= everyMs) draw(drawing())
    },
    finish(drawing) {
      draw(drawing())
      standing = 0
      drawnAtMs = -Infinity
    },
    aside(print) {
      wipe()
      print()
    },
  }
}

/** The same log, whose lines do not tear the area: it is drawn again below them. */
export function logAside(log: Log, area: Pick<LiveArea, 'aside'>): Log {
  return {
    debug: (fields, message) => area.aside(() => log.debug(fields, message)),
    info: (fields, message) => area.aside(() => log.info(fields, message)),
    warn: (fields, message) => area.aside(() => log.warn(fields, message)),
    error: (fields, message) => area.aside(() => log.error(fields, message)),
    child: (fields) => logAside(log.child(fields), area),
  }
}
