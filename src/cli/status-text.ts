// The page of /status as a screen for people: what is not ready and why stands first. In: the page. Out: lines. Pure.
import type { Style } from './output.ts'
import type { GroupStatus, StatusPage } from './status-page.ts'

type Paint = (style: Style, text: string) => string

/** At most so many lines, the partitions with the largest lag. */
export function statusText(page: StatusPage, paint: Paint, maxLines: number): string {
  const lines = [
    heading(page, paint),
    ...page.parts.map((part) => partLine(part, paint)),
    ...processLines(page),
    ...page.destinations.flatMap((one) => destinationLines(one, paint)),
  ]
  return [...lines, ...groupLines(page.groups, paint, Math.max(6, maxLines - lines.length))].join('\n')
}

function heading({ version, pid, startedAt, at, ready, logLevel }: StatusPage, paint: Paint): string {
  const state = ready ? paint('green', 'READY') : paint('red', 'NOT READY')
  const up = duration((Date.parse(at) - Date.parse(startedAt)) / 1_000)
  return `${paint('bold', `trackbridge ${version}`)}  ${state}  up ${up}, pid ${pid}, log level ${logLevel}, ${at}`
}

const partLine = ({ name, ready, why }: StatusPage['parts'][number], paint: Paint): string =>
  ready ? `${paint('green', '✓')} ${name}` : `${paint('red', '✗')} ${paint('bold', name)}: ${why}`

function processLines({ process }: StatusPage): readonly string[] {
  if (process === null) return []
  const { counts, rawPerSecond, workers, stuck } = process
  const by = workers === null ? '' : ` by ${workers} workers`
  return [
    '',
    `process  ${number(rawPerSecond)} records/s${by}; ${number(counts.raw)} done: ${number(counts.translated)} translated, ${number(counts.unsupported)} unsupported, ${number(counts.deadLetters)} dead letters, ${number(counts.skipped)} skipped`,
    ...Object.entries(stuck).map(([partition, why]) => `  ${partition} has stopped: ${why}`),
  ]
}

function destinationLines(one: StatusPage['destinations'][number], paint: Paint): readonly string[] {
  const { destination, state, why, waiting, nextTryInMs, counters, deliveredPerSecond } = one
  const doing = why === null ? 'delivering' : state === 'blocked' ? 'BLOCKED' : 'retrying'
  const told = why === null ? paint('green', doing) : paint(state === 'blocked' ? 'red' : 'yellow', doing)
  const next = nextTryInMs === null ? '' : `, next try in ${duration(nextTryInMs / 1_000)}`
  const { delivered, rejected, retries, inFlight, bufferedBytes } = counters
  return [
    '',
    `sink ${destination}  ${told}${why === null ? '' : `: ${why}`}${next}`,
    `  ${number(deliveredPerSecond)} messages/s; ${number(delivered)} delivered, ${number(rejected)} dead letters, ${number(retries)} requests repeated`,
    `  ${number(waiting)} messages wait (${number(Math.ceil(bufferedBytes / 1_000))} kB), ${number(inFlight)} requests under way`,
  ]
}

function groupLines(groups: readonly GroupStatus[], paint: Paint, most: number): readonly string[] {
  const rows = groups.flatMap(({ partitions }) => partitions)
  const heads = groups.map(
    ({ group, partitions, lag, oldestRecordAgeSeconds }) =>
      `group ${group}  ${partitions.length} partitions, lag ${known(lag)}, oldest record ${oldestRecordAgeSeconds === null ? '-' : duration(oldestRecordAgeSeconds)}`,
  )
  const width = Math.max(9, ...rows.map(({ topic, partition }) => `${topic}/${partition}`.length))
  const table = rows
    .toSorted((a, b) => (b.lag ?? -1) - (a.lag ?? -1))
    .slice(0, Math.max(0, most - heads.length - 3))
    .map(({ topic, partition, position, lag }) => cells([`${topic}/${partition}`, known(position), known(lag)], width))
  const rest = rows.length - table.length
  return [
    '',
    ...heads,
    ...(table.length === 0 ? [] : [paint('gray', cells(['partition', 'position', 'lag'], width))]),
    ...table,
    ...(rest > 0 ? [`  and ${rest} partitions with less lag`] : []),
  ]
}

const cells = ([name, position, lag]: readonly [string, string, string], width: number): string =>
  `  ${name.padEnd(width)} ${position.padStart(14)} ${lag.padStart(12)}`

const known = (value: number | null): string => (value === null ? '-' : number(value))

const number = (value: number): string => value.toLocaleString('en-US')

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}
