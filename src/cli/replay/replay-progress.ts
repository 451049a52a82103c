// Shows a replay under way, on stderr: a bar for each partition in a terminal, else a line every ten seconds, as JSON where
// the result is JSON. In: looks at how far it is. Out: lines. Log lines do not tear the bars.
import type { Clock } from '../../clock.ts'
import { createLiveArea, logAside, type Screen } from '../../demo/screen.ts'
import type { Log } from '../../ops/log.ts'
import type { ReplayProgress } from '../../replay/replay-watch.ts'
import type { Output } from '../output.ts'
import type { Outcomes } from './replay-engine.ts'
import { progressLine, progressTable, type ProgressFacts } from './replay-text.ts'

export interface ProgressView {
  /** The same log; its lines go around the bars. */
  readonly log: Log
  show(progress: ReplayProgress, facts: Omit<ProgressFacts, 'perSecond'>): void
  /** Takes the bars away. */
  end(): void
}

export interface ViewDeps {
  readonly output: Pick<Output, 'errorsAreTerminal' | 'writeError' | 'screen'>
  readonly clock: Clock
  readonly log: Log
}

const lineEveryMs = 10_000
/** The rate is that of so long a time, or of all of it while that is shorter. */
const rateWindowMs = 10_000
const usualRows = 24

/** Nothing is shown before the first `show`. */
export function createProgressView(
  { output, clock, log }: ViewDeps,
  { json }: { readonly json: boolean },
): ProgressView {
  const rate = createOffsetRate(clock)
  if (json || !output.errorsAreTerminal) {
    let toldMs = clock.now()
    return {
      log,
      show(progress, facts) {
        const perSecond = rate(progress.doneOffsets)
        if (clock.now() - toldMs < lineEveryMs) return
        toldMs = clock.now()
        const line = json
          ? progressJson(progress, { ...facts, perSecond })
          : progressLine(progress, { ...facts, perSecond })
        output.writeError(`${line}\n`)
      },
      end: () => undefined,
    }
  }
  const area = createLiveArea(screenOn(output), clock)
  return {
    log: logAside(log, area),
    show(progress, facts) {
      const all = { ...facts, perSecond: rate(progress.doneOffsets) }
      const maxLines = (output.screen()?.rows ?? usualRows) - 1
      area.update(() => ({ table: progressTable(progress, all, maxLines), line: progressLine(progress, all) }))
    },
    end: () => area.aside(() => undefined),
  }
}

function screenOn({ writeError }: Pick<Output, 'writeError'>): Screen {
  const print = (text: string): void => writeError(`${text}\n`)
  return { canRedraw: true, print, heading: print, printMarked: (_mark, text) => print(text), write: writeError }
}

const progressJson = (
  { offsets, doneOffsets }: ReplayProgress,
  { perSecond, held, outcomes }: ProgressFacts & { readonly outcomes: Outcomes },
): string =>
  JSON.stringify({
    event: 'progress',
    offsets,
    doneOffsets,
    perSecond: Math.round(perSecond),
    held: held ?? null,
    outcomes,
  })

/** Offsets a second over the last ten seconds. */
function createOffsetRate(clock: Clock): (done: number) => number {
  const looks: { readonly atMs: number; readonly done: number }[] = []
  return (done) => {
    const atMs = clock.now()
    looks.push({ atMs, done })
    while ((looks[1]?.atMs ?? atMs) < atMs - rateWindowMs) looks.shift()
    const [first] = looks
    return first === undefined || first.atMs === atMs ? 0 : ((done - first.done) * 1_000) / (atMs - first.atMs)
  }
}
