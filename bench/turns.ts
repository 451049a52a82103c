// Runs of several contestants in turn, so that drift of the machine strikes all alike: a row of medians for each.
import type { Run } from './children.ts'
import { say } from './kafka.ts'
import { cpuColumn, digits, medianRow, perMillion, type Figures, type Row } from './report.ts'

/** Runs each of them `runs` times by `runOnce`. */
export async function inTurns<T extends { readonly title: string }>(
  contestants: readonly T[],
  runs: number,
  runOnce: (contestant: T) => Promise<Figures>,
): Promise<Row[]> {
  const found = contestants.map((): Figures[] => [])
  for (let run = 1; run <= runs; run++) {
    for (const [index, contestant] of contestants.entries()) {
      const figures = await runOnce(contestant)
      found[index]?.push(figures)
      say(`run ${run} of ${runs}: ${contestant.title}, ${digits(figures[cpuColumn] ?? 0)} ${cpuColumn}`)
    }
  }
  return contestants.map(({ title }, index) => medianRow(title, found[index] ?? []))
}

/** What a whole child has taken. "warm": in the second half of the records, where start-up and most of the compiling are
 *  over. */
export function cpuFigures({ joined, half, last }: Run): Figures {
  const warm = perMillion(last.cpuSeconds - half.cpuSeconds, last.processed - half.processed)
  return {
    [cpuColumn]: perMillion(last.cpuSeconds, last.processed),
    ...(half.processed < last.processed ? { 'CPU s/M warm': warm } : {}),
    'start-up CPU s': joined.cpuSeconds,
    'peak RSS MB': last.peakRssMb,
  }
}
