// How far consumer groups are, as lines for people: the partitions with the largest lag first. In: the groups of /status.
// Out: lines. Pure.
import type { Style } from '../output.ts'
import type { GroupStatus } from './status-page.ts'
import { duration, number } from './status-words.ts'

type Paint = (style: Style, text: string) => string

/** A line a group, then a table of partitions; at most so many lines, but those of the groups always. */
export function groupLines(groups: readonly GroupStatus[], paint: Paint, most: number): readonly string[] {
  const rows = groups.flatMap(({ partitions }) => partitions)
  const heads = groups.map(
    ({ group, partitions, lag, oldestRecordAgeSeconds }) =>
      `group ${group}  ${partitions.length} partitions, lag ${known(lag)}, oldest record ${oldestRecordAgeSeconds === null ? '-' : duration(oldestRecordAgeSeconds)}`,
  )
  const width = Math.max(9, ...rows.map(({ topic, partition }) => `${topic}/${partition}`.length))
  const isWhole = rows.length + heads.length + 2 <= most
  const table = rows
    .toSorted((a, b) => (b.lag ?? -1) - (a.lag ?? -1))
    .slice(0, isWhole ? rows.length : Math.max(0, most - heads.length - 3))
    .map(({ topic, partition, position, lag }) => cells([`${topic}/${partition}`, known(position), known(lag)], width))
  const rest = rows.length - table.length
  const title = `${cells(['partition', 'position', 'lag'], width)}  with markers`
  return [
    '',
    ...heads,
    ...(table.length === 0 ? [] : [paint('gray', title), ...table]),
    ...(rest > 0 ? [`  and ${rest} partitions with less lag`] : []),
  ]
}

const cells = ([name, position, lag]: readonly [string, string, string], width: number): string =>
  `  ${name.padEnd(width)} ${position.padStart(14)} ${lag.padStart(12)}`

const known = (value: number | null): string => (value === null ? '-' : number(value))
