// The report of `replay --diff` for people, and as JSON. In: counts and samples. Out: lines. `-` is what stands or what is
// in force, `+` what would come. Pure but for the colours, which are handed in.
import { counted, grouped } from '../../amount-text.ts'
import { withoutIndices, type Change } from '../../replay/diff-json.ts'
import { verdicts, type DiffCounts, type Sample, type TypeCounts } from '../../replay/diff-tally.ts'
import type { TopicDiffNotes } from '../../replay/diff-topic.ts'
import { shown, type Paint } from '../explain/explanation-text.ts'
import { cutAt } from './replay-dry-run-text.ts'

export interface DiffReport {
  /** The present configuration's file. */
  readonly here: string
  readonly there:
    | { readonly kind: 'config'; readonly path: string }
    | { readonly kind: 'topics'; readonly topics: readonly ({ readonly topic: string } & TopicDiffNotes)[] }
  readonly partitions: number
  readonly offsets: number
  readonly records: number
  /** What is not there of the window. */
  readonly cut: string | undefined
  readonly counts: DiffCounts
}

/** True when there is any difference. */
export const hasDifferences = ({ totals }: DiffCounts): boolean =>
  totals.changed + totals.onlyHere + totals.onlyThere > 0

export function diffText(report: DiffReport, paint: Paint): string {
  const { counts } = report
  const sections = [
    headLines(report, paint),
    tableLines(counts, paint),
    pathLines(counts, paint),
    noteLines(report, paint),
    sampleLines(report, paint),
    [summaryOf(counts)],
  ]
  return sections.flatMap((lines) => (lines.length === 0 ? [] : [lines.join('\n')])).join('\n\n')
}

const thereText = ({ there }: DiffReport): string =>
  there.kind === 'config' ? there.path : `topic ${there.topics.map(({ topic }) => topic).join(', ')}`

// What changes by itself is new: another configuration is a proposal, a topic holds what was.
const isThereOld = ({ there }: DiffReport): boolean => there.kind === 'topics'

function headLines(report: DiffReport, paint: Paint): readonly string[] {
  const { partitions, offsets, records, cut, here } = report
  const sizes = `${counted(partitions, 'partition')}, ${grouped(offsets)} offsets, ${grouped(records)} raw records; nothing is written`
  const [hereSign, thereSign] = isThereOld(report) ? ['+', '-'] : ['-', '+']
  return [
    `${paint('bold', 'Window')}  ${sizes}`,
    ...(cut === undefined ? [] : [`${paint('yellow', '!')} ${cut}`]),
    `  ${hereSign} here   ${here}`,
    `  ${thereSign} there  ${thereText(report)}`,
  ]
}

const columns = { same: 'same', changed: 'changed', onlyHere: 'only here', onlyThere: 'only there' } as const

const nameOf = ({ destination, type }: Pick<TypeCounts, 'destination' | 'type'>): string =>
  shown(destination === null ? type : `${destination} ${type}`)

const cells = (texts: readonly string[]): string => texts.map((text) => text.padStart(14)).join('')

function tableLines({ types, totals }: DiffCounts, paint: Paint): readonly string[] {
  const rows = [...types, { destination: null, type: 'total', ...totals }]
  const width = Math.max(...rows.map((one) => nameOf(one).length))
  const lines = rows.map((one) => {
    const text = `  ${nameOf(one).padEnd(width)}${cells(verdicts.map((verdict) => grouped(one[verdict])))}`
    return one.changed + one.onlyHere + one.onlyThere > 0 ? paint('yellow', text) : text
  })
  return [paint('bold', `  ${''.padEnd(width)}${cells(verdicts.map((verdict) => columns[verdict]))}`), ...lines]
}

const maxPathLines = 15

function pathLines({ paths, pathsUnknown }: DiffCounts, paint: Paint): readonly string[] {
  if (paths.length === 0 && pathsUnknown === 0) return []
  const lines = paths.slice(0, maxPathLines).map(({ path, messages }) => row(messages, path || '(the whole value)'))
  const rest = paths.length - maxPathLines
  return [
    `${paint('bold', 'What changes')}  messages by path`,
    ...lines,
    ...(rest > 0 ? [`  and ${rest} more paths`] : []),
    ...(pathsUnknown > 0 ? [row(pathsUnknown, '(not looked at: both sides stand too far apart)')] : []),
  ]
}

const row = (count: number, text: string): string => `${grouped(count).padStart(14)}  ${shown(text)}`

const noteTexts = {
  unasked: 'are left out by --filter',
  repeats: 'are further copies of messages, of which the first one counts',
  outside: 'are from raw records outside of the window, or no longer kept',
  foreign: 'have no header tb-src: not written by trackbridge, and not compared',
  misplaced: 'stand in another partition than partitioning: source has it, and are not compared',
} as const

function noteLines({ there }: DiffReport, paint: Paint): readonly string[] {
  if (there.kind === 'config') return []
  const isBad = new Set(['foreign', 'misplaced'])
  return there.topics.flatMap(({ topic, records, isCut, ...notes }) => [
    `${paint('bold', 'Topic')}  ${topic}, ${grouped(records)} records read`,
    ...Object.entries(noteTexts).flatMap(([key, text]) => {
      const count = notes[key as keyof typeof noteTexts]
      if (count === 0) return []
      const line = `  ${grouped(count)} ${text}`
      return [isBad.has(key) ? paint('yellow', line) : line]
    }),
    ...(isCut
      ? [
          paint(
            'yellow',
            '  the topic does not go back as far as the window: some of what is only here may have been there',
          ),
        ]
      : []),
  ])
}

const signs = { changed: '~', onlyHere: '<', onlyThere: '>' } as const

function sampleLines(report: DiffReport, paint: Paint): readonly string[] {
  const { samples } = report.counts
  if (samples.length === 0) return []
  const blocks = samples.flatMap((sample) => [
    `${signs[sample.verdict]} ${paint('cyan', columns[sample.verdict])}  ${headingOf(sample)}`,
    ...changeLines(sample.changes, report, paint),
  ])
  return [`${paint('bold', 'Samples')}  they hold personal data; --no-samples leaves them out`, ...blocks]
}

function headingOf({ destination, type, place, messageId, person }: Sample): string {
  const parts = [destination, type, place, messageId, person === null ? null : JSON.stringify(person)]
  return parts.flatMap((part) => (part === null ? [] : [shown(part)])).join('  ')
}

const maxChangeLines = 10
const maxValueLength = 200

function changeLines(changes: readonly Change[], report: DiffReport, paint: Paint): readonly string[] {
  const lines = changes.flatMap(({ path, here, there }) => {
    const [old, recent] = isThereOld(report) ? [there, here] : [here, there]
    const name = path === '' ? '' : `${path}: `
    return [
      ...(old === undefined ? [] : [paint('red', `    - ${shownValue(name, old)}`)]),
      ...(recent === undefined ? [] : [paint('green', `    + ${shownValue(name, recent)}`)]),
    ]
  })
  if (lines.length <= maxChangeLines) return lines
  return [...lines.slice(0, maxChangeLines), `    ... and ${lines.length - maxChangeLines} lines more`]
}

const shownValue = (name: string, text: string): string => shown(name) + cutAt(shown(text), maxValueLength)

function summaryOf({ totals }: DiffCounts): string {
  const parts = verdicts.map((verdict) => `${grouped(totals[verdict])} ${columns[verdict]}`)
  return parts.join(', ')
}

/** The same as data. Values of changes are JSON texts, null for a side that has nothing there. */
export function diffJson({ counts, there, cut, ...report }: DiffReport): unknown {
  const { samples, ...sums } = counts
  return {
    ...report,
    cut: cut ?? null,
    there,
    differs: hasDifferences(counts),
    ...sums,
    samples: samples.map(({ changes, ...sample }) => ({
      ...sample,
      changes: changes.map((change) => ({
        path: change.path,
        kind: withoutIndices(change.path),
        here: change.here ?? null,
        there: change.there ?? null,
      })),
    })),
  }
}
