// The result of an audit as data: what --json prints, and what the text is made from. Pure.
import type { AuditOptions, AuditResult } from '../../audit/audit.ts'
import type { Fault } from '../../audit/faults.ts'
import type { RawView } from '../../audit/scene.ts'
import { emptyTally } from '../../audit/tally.ts'
import { grouped } from '../../amount-text.ts'

/** One raw partition, or the sum of all. `in` = translated + unsupported + deadLetters + empty + faulty + unjudged. */
export interface PartitionSums {
  readonly in: number
  readonly translated: number
  readonly unsupported: number
  readonly deadLetters: number
  readonly empty: number
  /** Raw records of which something is missing, or that became something else. */
  readonly faulty: number
  /** Raw records whose outputs are not kept any more. */
  readonly unjudged: number
  /** By destination, replays left out. */
  readonly messages: Readonly<Record<string, number>>
  readonly unrouted: number
  readonly replayed: number
  readonly repeats: number
  /** Offsets of the window that `process` has not committed. */
  readonly notYet: number
}

export interface ReportedPartition extends PartitionSums {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly to: number
}

export interface AuditReport {
  readonly ok: boolean
  readonly conclusion: string
  readonly partitions: readonly ReportedPartition[]
  readonly total: PartitionSums
  readonly destinations: readonly {
    readonly name: string
    readonly topic: string
    readonly messages: number
    readonly sink: { readonly past: number; readonly waiting: number; readonly deadLetters: number } | null
  }[]
  readonly faults: readonly Fault[]
  /** What is no fault and to be known. */
  readonly notes: readonly string[]
}

/** `options`: as the audit was run. */
export function auditReport(result: AuditResult, options: Pick<AuditOptions, 'isTranslated' | 'group'>): AuditReport {
  const { isTranslated } = options
  const names = result.destinations.map(({ name }) => name)
  const partitions = result.partitions.map((view) => toReported(view, names))
  const total = partitions.reduce(addSums, noSums(names))
  return {
    ok: result.faults.length === 0,
    conclusion: conclusionOf(result.faults, total, options),
    partitions,
    total,
    destinations: result.destinations.map(({ forwarding, ...told }) => ({ ...told, sink: forwarding ?? null })),
    faults: result.faults,
    notes: notesOf(result, total, isTranslated),
  }
}

function toReported({ tally, ...view }: RawView, names: readonly string[]): ReportedPartition {
  const { topic, partition, from, to, windowTo } = view
  const messages = Object.fromEntries(names.map((name, number) => [name, tally.messages[number] ?? 0]))
  return { topic, partition, from, to, ...tally, messages, notYet: windowTo - to }
}

const noSums = (names: readonly string[]): PartitionSums => ({
  ...emptyTally(0),
  messages: Object.fromEntries(names.map((name) => [name, 0])),
  notYet: 0,
})

function addSums(sum: PartitionSums, one: PartitionSums): PartitionSums {
  const keys = Object.keys(sum).filter((key): key is Exclude<keyof PartitionSums, 'messages'> => key !== 'messages')
  return {
    ...sum,
    ...Object.fromEntries(keys.map((key) => [key, sum[key] + one[key]])),
    messages: Object.fromEntries(
      Object.entries(one.messages).map(([name, n]) => [name, n + (sum.messages[name] ?? 0)]),
    ),
  }
}

function conclusionOf(
  faults: readonly Fault[],
  total: PartitionSums,
  { isTranslated, group }: Pick<AuditOptions, 'isTranslated' | 'group'>,
): string {
  if (faults.length > 0) {
    const kinds = faults.map(({ kind, count }) => `${grouped(count)} ${kind}`)
    return `Not every record is accounted for: ${kinds.join(', ')}.`
  }
  if (total.in === 0) return `Nothing was judged: the window has no record that the group ${group} has committed.`
  const rest = total.unjudged === 0 ? '' : `, but for ${grouped(total.unjudged)} that cannot be judged`
  return isTranslated
    ? `Every record is accounted for${rest}.`
    : `Every record has left something${rest}; whether all of it, only an audit that translates can tell.`
}

function notesOf({ partitions, aside, compacted }: AuditResult, total: PartitionSums, isTranslated: boolean) {
  const cut = partitions.filter(({ isCut }) => isCut)
  return [
    ...cut.map(
      ({ topic, partition, earliest }) =>
        `${topic}/${partition}: retention has taken the records before offset ${grouped(earliest)}; they cannot be judged`,
    ),
    ...when('offsets of the window, markers of transactions included, that are not processed yet', total.notYet),
    ...when(`raw records that cannot be judged (${unjudgedWhy(isTranslated)})`, total.unjudged),
    ...compacted.map((topic) => `${topic} is compacted: what is missing there is no fault, and may be one`),
    ...when('messages that no audited destination takes', total.unrouted),
    ...when('outputs of replays and redrives, which are no second copies', total.replayed),
    ...when('second copies, which delivery: at-least-once allows', total.repeats),
    ...when('outputs of raw records outside of the window', aside.outside),
    ...when('outputs of raw records that are not kept any more', aside.sourceGone),
    ...when('dead letters and unsupported records of topics that are not audited', aside.foreign),
    ...when('marks on the dead-letter topic', aside.marks),
  ]
}

const when = (text: string, count: number): readonly string[] => (count > 0 ? [`${text}: ${grouped(count)}`] : [])

const unjudgedWhy = (isTranslated: boolean): string =>
  isTranslated
    ? 'retention or compaction has taken their outputs, or may have'
    : 'they have no output, which retention may have taken, or no destination takes them'
