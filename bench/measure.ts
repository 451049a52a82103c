// Rates of two ways to do the same work, fair to both: rounds alternate in one process after a warm-up, the median counts.

export interface Contender {
  readonly name: string
  /** Does the whole work once; what it gives keeps the work from being optimised away. */
  readonly run: () => number | Promise<number>
}

export interface Measured {
  readonly name: string
  /** Of all threads; what a busy machine spoils least. */
  readonly cpuSecondsPerMillion: number
  readonly perSecond: number
  readonly microsecondsEach: number
}

export interface BenchOptions {
  /** How many calls to handle; each benchmark has its own default. */
  readonly calls?: number
}

export interface BenchResult {
  /** What the rates are of, e.g. `{calls: 100000, ratio: 0.52}`. */
  readonly facts: Readonly<Record<string, number | string>>
  readonly rates: readonly Measured[]
}

/** `units`: how many things one run handles. */
export async function measureAlternating(
  contenders: readonly Contender[],
  units: number,
  rounds: number,
): Promise<Measured[]> {
  for (const { run } of contenders) await run()
  const runs = contenders.map((): Run[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, { run }] of contenders.entries()) runs[index]!.push(await timed(run))
  }
  return contenders.map(({ name }, index) => {
    const ms = median(runs[index]!.map((run) => run.ms))
    const cpuMicroseconds = median(runs[index]!.map((run) => run.cpuMicroseconds))
    return {
      name,
      cpuSecondsPerMillion: Number((cpuMicroseconds / units).toFixed(2)),
      perSecond: Math.round((units / ms) * 1000),
      microsecondsEach: Number(((ms / units) * 1000).toFixed(2)),
    }
  })
}

interface Run {
  readonly ms: number
  readonly cpuMicroseconds: number
}

async function timed(run: Contender['run']): Promise<Run> {
  const start = performance.now()
  const before = process.cpuUsage()
  if ((await run()) < 0) throw new Error('a run gives a sum of lengths')
  const { user, system } = process.cpuUsage(before)
  return { ms: performance.now() - start, cpuMicroseconds: user + system }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
