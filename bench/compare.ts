// Two saved results of one benchmark, before and after: figure by figure with their ratio. In: files written by --json.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { digits, tableText } from './report.ts'

const savedSchema = z.object({
  bench: z.string(),
  facts: z.record(z.string(), z.union([z.number(), z.string()])),
  rows: z.array(z.object({ name: z.string(), figures: z.record(z.string(), z.number()) })),
})

/** What `--json FILE` writes, as far as it is compared. */
export type Saved = z.output<typeof savedSchema>

/** Reads a saved result. Throws with one sentence that names the file when it is not one. */
export function readSaved(path: string): Saved {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error(`${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
  const parsed = savedSchema.safeParse(content)
  if (!parsed.success) throw new Error(`${path} is not a result that a benchmark saved with --json`)
  return parsed.data
}

/** A line for each figure that both results have: before, after, after / before. What only one of them has, and facts
 *  that differ, are said below. Throws when the results are of different benchmarks. */
export function comparisonText(before: Saved, after: Saved): string {
  if (before.bench !== after.bench)
    throw new Error(`results of one benchmark can be compared, found ${before.bench} and ${after.bench}`)
  const rows = before.rows.flatMap(({ name, figures }) => {
    const other = after.rows.find((row) => row.name === name)?.figures ?? {}
    const shared = Object.entries(figures).filter(([column]) => other[column] !== undefined)
    return shared.map(([column, value]) => line(name, column, [value, other[column] ?? Number.NaN]))
  })
  const lines = [['', 'figure', 'before', 'after', 'ratio'], ...rows]
  return [before.bench, tableText(lines), ...onlyIn(before, after), ...differences(before, after)].join('\n')
}

function line(name: string, column: string, [before, after]: readonly [number, number]): readonly string[] {
  return [name, column, digits(before), digits(after), before === 0 ? '' : (after / before).toFixed(2)]
}

function onlyIn(before: Saved, after: Saved): readonly string[] {
  const missing = (some: Saved, others: Saved): string[] =>
    some.rows.map(({ name }) => name).filter((name) => !others.rows.some((row) => row.name === name))
  return [
    ...missing(before, after).map((name) => `  only before: ${name}`),
    ...missing(after, before).map((name) => `  only after: ${name}`),
  ]
}

function differences(before: Saved, after: Saved): readonly string[] {
  const keys = [...new Set([...Object.keys(before.facts), ...Object.keys(after.facts)])]
  return keys
    .filter((key) => before.facts[key] !== after.facts[key])
    .map((key) => `  ${key} differs: ${before.facts[key] ?? 'none'} before, ${after.facts[key] ?? 'none'} after`)
}
