// What a benchmark found, and how it is shown: facts, one row for each contender, aims beside the figures. Pure.

/** Figures by column title, e.g. `{'events/s': 35000, 'CPU s/M': 34.1}`. */
export type Figures = Readonly<Record<string, number>>

export interface Row {
  readonly name: string
  readonly figures: Figures
  /** What the medians of `figures` are made from. */
  readonly runs?: readonly Figures[]
}

/** Met when `found` is at most `limit`; when at least, with `atLeast`. */
export interface Aim {
  readonly name: string
  readonly found: number
  readonly limit: number
  readonly atLeast?: boolean
}

export interface BenchReport {
  /** What the figures are of, e.g. `{records: 500000, runs: 5}`. */
  readonly facts: Readonly<Record<string, number | string>>
  readonly rows: readonly Row[]
  readonly aims: readonly Aim[]
}

/** The middle value; of an even number the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  const [below = Number.NaN, above = Number.NaN] = sorted.length % 2 === 1 ? [] : [sorted[half - 1], sorted[half]]
  return sorted.length % 2 === 1 ? (sorted[half] ?? Number.NaN) : (below + above) / 2
}

/** The value below which `share` (0 to 1) of the values lie: nearest rank; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** CPU seconds per million records: the column that every contestant has. */
export const cpuColumn = 'CPU s/M'

/** Seconds for so many records -> seconds per million of them. */
export const perMillion = (seconds: number, records: number): number => (seconds * 1e6) / records

/** Of latencies in milliseconds; NaN where there are none. */
export const latencyFigures = (ms: readonly number[]): Figures => ({
  samples: ms.length,
  'p50 ms': quantile(ms, 0.5),
  'p99 ms': quantile(ms, 0.99),
  'max ms': quantile(ms, 1),
})

/** A row of medians, column by column. A column that some runs lack is the median of those that have it. */
export function medianRow(name: string, runs: readonly Figures[]): Row {
  const columns = [...new Set(runs.flatMap((run) => Object.keys(run)))]
  const valuesOf = (column: string): number[] => runs.flatMap((run) => (run[column] === undefined ? [] : [run[column]]))
  return { name, figures: Object.fromEntries(columns.map((column) => [column, median(valuesOf(column))])), runs }
}

/** The rows with a column more: `column` of each as a multiple of the row called `base`; as they were without it. */
export function withRatio(rows: readonly Row[], { column, base, title }: Record<'column' | 'base' | 'title', string>) {
  const whole = rows.find(({ name }) => name === base)?.figures[column]
  return rows.map((row): Row => {
    const part = row.figures[column]
    if (whole === undefined || part === undefined) return row
    return { ...row, figures: { ...row.figures, [title]: part / whole } }
  })
}

export const isMet = ({ found, limit, atLeast = false }: Aim): boolean => (atLeast ? found >= limit : found <= limit)

/** For a terminal: title and facts, the table, the aims. */
export function reportText(title: string, { facts, rows, aims }: BenchReport): string {
  const shown = Object.entries(facts).map(
    ([key, value]) => `${key} ${typeof value === 'number' ? digits(value) : value}`,
  )
  const columns = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))]
  const cells = rows.map(({ name, figures }) => [
    name,
    ...columns.map((column) => (figures[column] === undefined ? '' : digits(figures[column]))),
  ])
  return [`${title}: ${shown.join(', ')}`, tableText([['', ...columns], ...cells]), ...aims.map(aimText)].join('\n')
}

function aimText(aim: Aim): string {
  const bound = aim.atLeast ? 'at least' : 'at most'
  return `  aim ${isMet(aim) ? 'met   ' : 'missed'}  ${aim.name}: ${digits(aim.found)}, ${bound} ${digits(aim.limit)}`
}

/** Lines of cells, the first column to the left, the others to the right. */
export function tableText(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  return lines.map((line) => `  ${line.map(pad).join('  ')}`.trimEnd()).join('\n')
}

/** A figure with as many digits as it deserves: `35,120`, `34.1`, `0.25`. */
export function digits(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en')
  const size = Math.abs(value)
  const places = size >= 1000 ? 0 : size >= 10 ? 1 : 2
  return value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })
}
