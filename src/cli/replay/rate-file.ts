// --rate-file: a number that somebody changes while a replay runs. In: a file with `500` or `500/s`; 0 holds everything
// back. Out: the pace, changed. A file that is gone or says nonsense changes nothing, and is told once.
import { readFile } from 'node:fs/promises'
import type { Clock } from '../../clock.ts'
import { TrackbridgeError } from '../../errors.ts'
import type { Log } from '../../ops/log.ts'
import type { Pace } from '../../replay/pace.ts'

const lookEveryMs = 1_000

/** Sets the pace by the file at once. TB_USAGE when it cannot be read or is no rate. */
export async function readRateFile(path: string, pace: Pace): Promise<void> {
  const found = await read(path)
  if (typeof found === 'string') throw new TrackbridgeError('TB_USAGE', `--rate-file ${path}: ${found}`)
  set(path, pace, found)
}

/** Follows the file until `signal` aborts. Never rejects. */
export async function followRateFile(
  path: string,
  { pace, clock, log }: { readonly pace: Pace; readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  let last: number | string = pace.held() === holdText(path) ? 0 : pace.rate()
  while (!signal.aborted) {
    const found = await read(path)
    if (found !== last && typeof found === 'number')
      log.warn({ eventsPerSecond: found, path }, 'the rate of the replay has changed')
    if (found !== last && typeof found === 'string')
      log.warn({ path, error: found }, 'the rate file cannot be read; the rate stays')
    if (typeof found === 'number') set(path, pace, found)
    last = found
    await clock.sleep(lookEveryMs, signal)
  }
}

function set(path: string, pace: Pace, rate: number): void {
  pace.hold('rate file', rate === 0 ? holdText(path) : undefined)
  if (rate > 0 && rate !== pace.rate()) pace.setRate(rate)
}

const holdText = (path: string): string => `the rate in ${path} is 0`

/** The rate, or what is wrong. */
async function read(path: string): Promise<number | string> {
  try {
    const text = await readFile(path, 'utf8')
    const [, digits] = /^\s*(\d+(?:\.\d+)?)\s*(?:\/s)?\s*$/.exec(text) ?? []
    return digits === undefined
      ? `found ${JSON.stringify(text.slice(0, 40))}; allowed: events a second, as 500 or 500/s`
      : Number(digits)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
