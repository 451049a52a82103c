// What `trackbridge translate` tells on stderr: how far it is, and what came of it. Pure.
import type { Outcome } from '../../translate/outcome.ts'
import type { PrintedLine } from './translate-line.ts'

/** Lines by their outcome; `inPart` are some of the translated ones. Blank lines are not counted. */
export type Tally = Readonly<Record<Outcome['outcome'] | 'lines' | 'messages' | 'inPart', number>>

export interface TallyCounter {
  add(line: Pick<PrintedLine, 'outcome' | 'messages' | 'isInPart'>): void
  /** Adds the sums of many lines. */
  addSums(sums: Tally): void
  sums(): Tally
}

/** Adds up lines one by one, or many at a time. */
export function createTally(): TallyCounter {
  const tally = { lines: 0, translated: 0, unsupported: 0, invalid: 0, messages: 0, inPart: 0 }
  return {
    add({ outcome, messages, isInPart }) {
      tally.lines++
      tally[outcome]++
      tally.messages += messages
      if (isInPart) tally.inPart++
    },
    addSums(sums) {
      for (const key of Object.keys(tally) as (keyof Tally)[]) tally[key] += sums[key]
    },
    sums: () => ({ ...tally }),
  }
}

export interface Progress {
  readonly lines: number
  readonly readBytes: number
  readonly sizeBytes: number
  readonly elapsedMs: number
}

const grouped = new Intl.NumberFormat('en-US')

/** e.g. `1,204 lines: 1,200 translated (3 in part), 2 unsupported, 2 invalid; 1,411 messages; 0.4 s, 3,010 lines/s`. */
export function summaryText(tally: Tally, elapsedMs: number): string {
  const { lines, translated, inPart, unsupported, invalid, messages } = tally
  const part = inPart === 0 ? '' : ` (${grouped.format(inPart)} in part)`
  const outcomes = `${grouped.format(translated)} translated${part}, ${grouped.format(unsupported)} unsupported, ${grouped.format(invalid)} invalid`
  const rate = `${(elapsedMs / 1000).toFixed(1)} s, ${grouped.format(perSecond(lines, elapsedMs))} lines/s`
  return `${count(lines, 'line')}: ${outcomes}; ${count(messages, 'message')}; ${rate}`
}

/** e.g. ` 42 %   1,204,000 lines   96,020 lines/s   1:05 left`. */
export function progressText({ lines, readBytes, sizeBytes, elapsedMs }: Progress): string {
  const done = sizeBytes === 0 ? 1 : Math.min(1, readBytes / sizeBytes)
  const left = done === 0 ? '' : `   ${duration((elapsedMs * (1 - done)) / done)} left`
  const percent = String(Math.floor(done * 100)).padStart(3)
  return `${percent} %   ${count(lines, 'line')}   ${grouped.format(perSecond(lines, elapsedMs))} lines/s${left}`
}

const perSecond = (lines: number, elapsedMs: number) => Math.round((lines * 1000) / Math.max(1, elapsedMs))

const count = (number: number, noun: string) => `${grouped.format(number)} ${noun}${number === 1 ? '' : 's'}`

/** `65000` -> "1:05", `3725000` -> "1:02:05". */
function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const clock = `${hours > 0 ? String(minutes).padStart(2, '0') : minutes}:${String(seconds % 60).padStart(2, '0')}`
  return hours > 0 ? `${hours}:${clock}` : clock
}
