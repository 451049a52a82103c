// Outcome of a scenario -> a row, and rows -> a table or JSON, whatever was attacked: how an account is read is handed in.
// Pure.
import type { Recovery } from './progress.ts'
import type { Scenario, Size } from './scenario.ts'
import type { StageFindings } from './stage.ts'
import type { Reading } from './subject.ts'

/** From a fault until every partition with work left has committed again, in milliseconds. */
export interface RecoveryTimes {
  readonly p50Ms: number
  readonly maxMs: number
}

export interface Row<A> {
  readonly scenario: string
  readonly promise: string
  readonly seed: number
  /** Records fed, read back; null when they could not be read. */
  readonly records: number | null
  /** Faults that struck, by name. */
  readonly faults: Readonly<Record<string, number>>
  /** Null when the outcome could not be read. */
  readonly account: A | null
  readonly recovery: RecoveryTimes | null
  readonly recoveryByFault: Readonly<Record<string, RecoveryTimes>>
  /** Faults that found nothing to strike, with the reason. */
  readonly notStruck: readonly string[]
  /** What the scenario had to say beside. */
  readonly notes: readonly string[]
  /** What is not as it should be; empty when all is well. */
  readonly bad: readonly string[]
}

export interface Outcome<A> {
  readonly scenario: Pick<Scenario<never>, 'name' | 'promise' | 'expects'>
  readonly options: { readonly size: Size; readonly seed: number }
  readonly findings: StageFindings
  readonly recoveries: readonly Recovery[]
  readonly account: A | undefined
}

/** Judges an outcome. */
export function toRow<A>(
  { scenario, options, findings, recoveries, account }: Outcome<A>,
  reading: Reading<A>,
): Row<A> {
  // In many rounds one may find the process with fewer requests to send than usual; a fault that never struck is another
  // matter, for then its promise has not been looked at.
  const unexpected = findings.missed.filter(({ fault, isExpected }) => !isExpected && !findings.struck.includes(fault))
  const { expects = 'clean' } = scenario
  return {
    scenario: scenario.name,
    promise: scenario.promise,
    seed: options.seed,
    records: account === undefined ? null : reading.records(account),
    faults: countedBy(findings.struck),
    account: account ?? null,
    recovery: toRecovery(recoveries),
    recoveryByFault: Object.fromEntries(
      [...Map.groupBy(recoveries, ({ fault }) => fault)].flatMap(([fault, own]) => {
        const times = toRecovery(own)
        return times === null ? [] : [[fault, times]]
      }),
    ),
    notStruck: findings.missed.map(({ fault, reason }) => `${fault}: ${reason}`),
    notes: findings.notes,
    bad: [
      ...(account === undefined ? ['the outcome could not be read'] : reading.judge(account, expects)),
      ...unexpected.map(({ fault, reason }) => `${fault} did not strike: ${reason}`),
      ...(findings.struck.length === 0 ? ['no fault struck'] : []),
      ...findings.complaints,
    ],
  }
}

function countedBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function toRecovery(recoveries: readonly Recovery[]): RecoveryTimes | null {
  const sorted = recoveries.map(({ ms }) => ms).toSorted((a, b) => a - b)
  const p50Ms = sorted[Math.floor((sorted.length - 1) / 2)]
  const maxMs = sorted.at(-1)
  return p50Ms === undefined || maxMs === undefined ? null : { p50Ms, maxMs }
}

/** A line of cells, or a remark beneath one. */
type Line = readonly string[] | string

/** The rows as aligned text; beneath each its faults, where the account tells them apart, and what a reader must know. */
export function toTable<A>(rows: readonly Row<A>[], reading: Reading<A>): string {
  const head = ['scenario', 'records', 'faults', ...reading.columns, 'recovery', 'result']
  const lines: readonly Line[] = [head, ...rows.flatMap((row) => linesOf(row, reading))]
  const cells = lines.filter((line) => typeof line !== 'string')
  const widths = head.map((_name, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)))
  const aligned = (line: readonly string[]): string =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return lines.map((line) => (typeof line === 'string' ? line : aligned(line))).join('\n')
}

function linesOf<A>(row: Row<A>, reading: Reading<A>): readonly Line[] {
  const { account } = row
  const total = [
    row.scenario,
    row.records === null ? '?' : String(row.records),
    String(Object.values(row.faults).reduce((sum, count) => sum + count, 0)),
    ...(account === null ? reading.columns.map(() => '?') : reading.cells(account)),
    recoveryText(row.recovery),
    row.bad.length === 0 ? 'ok' : 'BAD',
  ]
  const byFault = account === null ? undefined : reading.byFault?.(account)
  const faults = byFault?.map(({ fault, records, cells }) => [
    `  ${fault}`,
    String(records),
    String(row.faults[fault] ?? 0),
    ...cells,
    recoveryText(row.recoveryByFault[fault] ?? null),
  ])
  return [total, ...(faults ?? []), ...remarks(row, byFault === undefined)]
}

function recoveryText(times: RecoveryTimes | null): string {
  return times === null ? '-' : `${seconds(times.p50Ms)} / ${seconds(times.maxMs)} s`
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}

function remarks<A>(row: Row<A>, isNamingFaults: boolean): readonly string[] {
  const struck = Object.entries(row.faults).map(([fault, count]) => `${fault} ${count}`)
  return [
    `    ${row.promise}`,
    ...(isNamingFaults && struck.length > 0 ? [`    faults: ${struck.join(', ')}`] : []),
    ...Object.entries(countedBy(row.notStruck)).map(
      ([text, count]) => `    not struck: ${text}${count === 1 ? '' : ` (${count} times)`}`,
    ),
    ...row.notes.map((text) => `    ${text}`),
    ...row.bad.map((text) => `    BAD: ${text}`),
    ...(row.bad.length > 0 ? [`    seed ${row.seed}`] : []),
  ]
}
