// Groups of dead letters, one letter, a redrive, as people read them. Pure: colours come as a function. What stands in a
// letter is shown with its control characters escaped: nobody must write to the terminal through it.
import { counted, grouped } from '../../amount-text.ts'
import { isoOf } from '../../dead-letters/exported.ts'
import type { LetterGroup } from '../../dead-letters/groups.ts'
import type { RedriveCounts } from '../../dead-letters/redrive-counts.ts'
import type { Output } from '../output.ts'

type Paint = Output['paint']

/** Letters that are left out of the groups, and records that are no letters. */
export interface LeftOut {
  readonly redriven: number
  readonly forgotten: number
  readonly strangers: number
}

/** What the records of the topic are called. */
export const whatOf = ({ unsupported }: { readonly unsupported?: true }): string =>
  unsupported ? 'unsupported record' : 'dead letter'

// C0 and C1 control characters but the line feed, and those that turn the direction of text.
const control = /[^\P{Cc}\n]|[\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

/** Text of a letter, safe to print. */
export const shown = (text: string): string =>
  text.replace(control, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

interface Listed {
  readonly topic: string
  readonly what: string
  readonly groups: readonly LetterGroup[]
  readonly leftOut: LeftOut
}

const titles = ['count', 'reason', 'stage', 'destination', 'status', 'first', 'last', 'example'] as const

/** A row for each group, and a last line that counts what is left out. */
export function groupsText({ topic, what, groups, leftOut }: Listed, paint: Paint): string {
  const rows = groups.map((group) => [
    grouped(group.count),
    shown(group.reason).slice(0, 60),
    group.stage,
    group.destination ?? '-',
    group.status === null ? '-' : String(group.status),
    secondOf(group.firstMs),
    secondOf(group.lastMs),
    group.example,
  ])
  const widths = titles.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd()
  const table = rows.length === 0 ? [] : [paint('bold', line(titles)), ...rows.map(line), '']
  const letters = groups.reduce((sum, { count }) => sum + count, 0)
  return [...table, `${counted(letters, what)} on ${topic}${leftOutText(leftOut)}`].join('\n')
}

function leftOutText({ redriven, forgotten, strangers }: LeftOut): string {
  const parts = [
    ...(redriven === 0 ? [] : [`${grouped(redriven)} redriven (--all shows them)`]),
    ...(forgotten === 0 ? [] : [`${grouped(forgotten)} of forgotten persons`]),
    ...(strangers === 0 ? [] : [counted(strangers, 'record') + ' that trackbridge cannot read as a letter']),
  ]
  return parts.length === 0 ? '' : `; left out: ${parts.join(', ')}`
}

/** `2026-11-21 10:00:00`. */
const secondOf = (ms: number): string => isoOf(ms)?.slice(0, 19).replace('T', ' ') ?? '-'

/** What a redrive will do, or has done, in lines. `tense`: `plan` or `done`. */
export function redriveText(counts: RedriveCounts, tense: 'plan' | 'done'): string {
  const { redriven, failedAgain, unrouted, unsupported, written, wholeBatches } = counts
  const [verb, fail] = tense === 'plan' ? ['would be run again', 'would fail again'] : ['run again', 'failed again']
  const lines = [
    `${counted(redriven, 'letter')} ${verb}`,
    ...Object.entries(written).map(([topic, count]) => `  ${grouped(count)} to ${topic}`),
    ...(failedAgain === 0 ? [] : [`  ${grouped(failedAgain)} of them ${fail}, as new letters with one attempt more`]),
    ...(unsupported === 0 ? [] : [`  ${grouped(unsupported)} of them hold unsupported calls`]),
    ...(unrouted === 0 ? [] : [`  ${counted(unrouted, 'message')} no destination takes`]),
    ...(wholeBatches === 0
      ? []
      : [`  ${counted(wholeBatches, 'batch').replace('batchs', 'batches')} ${wholeBatchText}`]),
    ...Object.entries(counts.kept).map(
      ([why, count]) => `${counted(count, 'letter')} ${count === 1 ? 'stays as it is' : 'stay as they are'}: ${why}`,
    ),
  ]
  const left = leftOutOfRedrive(counts)
  return [...lines, ...(left === '' ? [] : [`left out: ${left}`])].join('\n')
}

const wholeBatchText =
  'run as a whole: the letters do not say which operations failed; messages of the others may be there already'

function leftOutOfRedrive({ alreadyRedriven, forgotten, notMeant, strangers }: RedriveCounts): string {
  return [
    ...(alreadyRedriven === 0 ? [] : [`${grouped(alreadyRedriven)} redriven before`]),
    ...(forgotten === 0 ? [] : [`${grouped(forgotten)} of forgotten persons`]),
    ...(notMeant === 0 ? [] : [`${grouped(notMeant)} that --where or --since does not ask for`]),
    ...(strangers === 0 ? [] : [counted(strangers, 'record') + ' that trackbridge cannot read as a letter']),
  ].join(', ')
}
