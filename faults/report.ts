// Outcome of a scenario -> a row, and rows -> a table or JSON. Pure.
import type { Account } from '../test/support/accounting.ts'
import type { Scenario, Size } from './scenario.ts'
import type { StageFindings } from './stage.ts'

export interface Row {
  readonly scenario: string
  readonly promise: string
  readonly seed: number
  /** Raw records, read back; null when they could not be read. */
  readonly records: number | null
  /** Faults that struck, by name. */
  readonly faults: Readonly<Record<string, number>>
  /** Null when the outcome could not be read. */
  readonly account: Account | null
  /** From a fault until every partition with work left has committed again, in milliseconds. */
  readonly recovery: { readonly p50Ms: number; readonly maxMs: number } | null
  /** Faults that found nothing to strike, with the reason. */
  readonly notStruck: readonly string[]
  /** What the scenario had to say beside. */
  readonly notes: readonly string[]
  /** What is not as it should be; empty when all is well. */
  readonly bad: readonly string[]
}

export interface Outcome {
  readonly scenario: Scenario
  readonly options: { readonly size: Size; readonly seed: number }
  readonly findings: StageFindings
  readonly recoveriesMs: readonly number[]
  readonly account: Account | undefined
}

/** Judges an outcome. */
export function toRow({ scenario, options, findings, recoveriesMs, account }: Outcome): Row {
  // In many rounds one may find the process with fewer requests to send than usual; a fault that never struck is another
  // matter, for then its promise has not been looked at.
  const unexpected = findings.missed.filter(({ fault, isExpected }) => !isExpected && !findings.struck.includes(fault))
  return {
    scenario: scenario.name,
    promise: scenario.promise,
    seed: options.seed,
    records: account?.accounted.raw ?? null,
    faults: countedBy(findings.struck),
    account: account ?? null,
    recovery: toRecovery(recoveriesMs),
    notStruck: findings.missed.map(({ fault, reason }) => `${fault}: ${reason}`),
    notes: findings.notes,
    bad: [
      ...(account === undefined ? ['the outcome could not be read'] : judge(account, scenario.expects ?? 'clean')),
      ...unexpected.map(({ fault, reason }) => `${fault} did not strike: ${reason}`),
      ...(findings.struck.length === 0 ? ['no fault struck'] : []),
      ...findings.complaints,
    ],
  }
}

const zeros = ['lost', 'doubled', 'partitionOrder', 'keyOrder', 'misplaced', 'foreign'] as const

function judge(account: Account, expects: 'clean' | 'doubles'): readonly string[] {
  if (expects === 'doubles')
    return account.doubled > 0 ? [] : ['the negative control shows no doubles: this harness sees nothing']
  const faults = zeros.filter((kind) => account[kind] > 0).map((kind) => `${kind}: ${account[kind]}`)
  const { raw, ...slots } = account.accounted
  const out = Object.values(slots).reduce((sum, count) => sum + count, 0)
  const unaccounted = raw === out ? [] : [`${raw} records went in, ${out} are accounted for`]
  return [...faults, ...unaccounted, ...(faults.length > 0 ? account.examples : [])]
}

function countedBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function toRecovery(recoveriesMs: readonly number[]): Row['recovery'] {
  const sorted = recoveriesMs.toSorted((a, b) => a - b)
  const p50Ms = sorted[Math.floor((sorted.length - 1) / 2)]
  const maxMs = sorted.at(-1)
  return p50Ms === undefined || maxMs === undefined ? null : { p50Ms, maxMs }
}

const columns = ['scenario', 'records', 'faults', 'lost', 'doubled', 'order', 'in = out', 'recovery', 'result'] as const

/** The rows as aligned text, what is amiss beneath each. */
export function toTable(rows: readonly Row[]): string {
  const cells = [columns, ...rows.map(toCells)]
  const widths = columns.map((_name, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)))
  const lines = cells.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const [head = '', ...bodies] = lines
  return [head, ...bodies.flatMap((body, index) => [body, ...remarks(rows[index])])].join('\n')
}

function toCells({ scenario, records, faults, account, recovery, bad }: Row): readonly string[] {
  const struck = Object.values(faults).reduce((sum, count) => sum + count, 0)
  const count = (...numbers: readonly (number | undefined)[]): string =>
    account === null ? '?' : String(numbers.reduce<number>((sum, number) => sum + (number ?? 0), 0))
  return [
    scenario,
    records === null ? '?' : String(records),
    String(struck),
    count(account?.lost),
    count(account?.doubled),
    count(account?.partitionOrder, account?.keyOrder, account?.misplaced),
    account === null ? '?' : accountedText(account.accounted),
    recovery === null ? '-' : `${seconds(recovery.p50Ms)} / ${seconds(recovery.maxMs)} s`,
    bad.length === 0 ? 'ok' : 'BAD',
  ]
}

/** `4000 = 3500 + 180 + 280 + 40`: translated, unsupported, dead letters, skipped. */
function accountedText({ raw, translated, unsupported, deadLetters, skipped }: Account['accounted']): string {
  const out = translated + unsupported + deadLetters + skipped
  return `${raw} ${raw === out ? '=' : '!='} ${translated} + ${unsupported} + ${deadLetters} + ${skipped}`
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}

function remarks(row: Row | undefined): readonly string[] {
  if (row === undefined) return []
  const struck = Object.entries(row.faults).map(([fault, count]) => `${fault} ${count}`)
  return [
    `    ${row.promise}`,
    ...(struck.length > 0 ? [`    faults: ${struck.join(', ')}`] : []),
    ...Object.entries(countedBy(row.notStruck)).map(
      ([text, count]) => `    not struck: ${text}${count === 1 ? '' : ` (${count} times)`}`,
    ),
    ...row.notes.map((text) => `    ${text}`),
    ...row.bad.map((text) => `    BAD: ${text}`),
    ...(row.bad.length > 0 ? [`    seed ${row.seed}`] : []),
  ]
}
