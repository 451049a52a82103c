// The report of an audit as people read it: a table of raw partitions, destinations, faults with their first offenders,
// notes, and one sentence. Pure but for the colours, which are handed in.
import type { Fault, Offender } from '../../audit/faults.ts'
import { counted, grouped } from '../../amount-text.ts'
import type { AuditReport, PartitionSums } from './audit-report.ts'
import type { Output } from '../output.ts'

type Paint = Output['paint']

/** All of it, line by line. */
export function auditText(report: AuditReport, paint: Paint): string {
  const { faults, notes, conclusion, ok } = report
  return [
    ...tableLines(report, paint),
    ...destinationLines(report),
    ...faults.flatMap((fault) => ['', ...faultLines(fault, paint)]),
    ...(faults.some(({ kind }) => isOfConfiguration.has(kind)) ? ['', configurationHint] : []),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `${paint('yellow', '!')} ${note}`)]),
    '',
    paint(ok ? 'green' : 'red', conclusion),
  ].join('\n')
}

const isOfConfiguration: ReadonlySet<string> = new Set(['missing', 'unexpected', 'different', 'misplaced'])

const configurationHint =
  'What is expected is what the present version and configuration make of the raw records. If destinations, where, mapping,\n' +
  'partitioning or trackbridge itself have changed since they were processed, such faults are those changes.'

interface Column {
  readonly title: string
  readonly of: (sums: PartitionSums) => number
  /** Left out where all of it is 0. */
  readonly isRare?: true
}

const columns: readonly Column[] = [
  { title: 'in', of: (sums) => sums.in },
  { title: '= translated', of: (sums) => sums.translated },
  { title: '+ unsupported', of: (sums) => sums.unsupported },
  { title: '+ dead letters', of: (sums) => sums.deadLetters },
  { title: '+ empty', of: (sums) => sums.empty },
  { title: '+ faulty', of: (sums) => sums.faulty, isRare: true },
  { title: '+ not judged', of: (sums) => sums.unjudged, isRare: true },
]

const moreColumns: readonly Column[] = [
  { title: 'unrouted', of: (sums) => sums.unrouted, isRare: true },
  { title: 'replayed', of: (sums) => sums.replayed, isRare: true },
  { title: 'repeated', of: (sums) => sums.repeats, isRare: true },
  { title: 'not yet', of: (sums) => sums.notYet },
]

function tableLines({ partitions, total, destinations }: AuditReport, paint: Paint): readonly string[] {
  const ofDestinations = destinations.map(({ name }): Column => ({
    title: name,
    of: ({ messages }) => messages[name] ?? 0,
  }))
  const shown = [...columns, ...ofDestinations, ...moreColumns].filter(({ of, isRare }) => !isRare || of(total) > 0)
  const cells = (sums: PartitionSums): readonly string[] => shown.map(({ of }) => grouped(of(sums)))
  const rows = [
    ['raw partition', ...shown.map(({ title }) => title)],
    ...partitions.map((one) => [`${one.topic}/${one.partition}`, ...cells(one)]),
    ...(partitions.length > 1 ? [['all', ...cells(total)]] : []),
  ]
  const [head = '', ...lines] = alignedRows(rows)
  return [paint('bold', head), ...lines]
}

/** The first column to the left, the others to the right. */
function alignedRows(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  )
}

function destinationLines({ destinations }: AuditReport): readonly string[] {
  const lines = destinations.flatMap(({ name, messages, sink }) =>
    sink === null
      ? []
      : [
          `${name}: of ${counted(messages, 'message')}, the sink is past ${grouped(sink.past)} (forwarded or dead-lettered), ${grouped(sink.waiting)} wait; ${grouped(sink.deadLetters)} of its dead letters are kept`,
        ],
  )
  return lines.length === 0 ? [] : ['', ...lines]
}

function faultLines({ kind, meaning, count, offenders }: Fault, paint: Paint): readonly string[] {
  const rest = count - offenders.length
  return [
    `${paint('red', '✗')} ${paint('bold', kind)}: ${grouped(count)}: ${meaning}`,
    ...offenders.map((offender) => `    ${offenderText(offender)}`),
    ...(rest > 0 ? [`    and ${grouped(rest)} more`] : []),
  ]
}

function offenderText({ raw, output, note }: Offender): string {
  const places = [...(raw === null ? [] : [raw]), ...(output === null ? [] : [`at ${output}`])].join(' ')
  return note === '' ? places : `${places}: ${note}`
}
