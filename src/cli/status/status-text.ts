// The page of /status as a screen for people: what is not ready and why stands first, and stays on the screen however
// small it is. In: the page, the size of the screen. Out: lines. Pure.
import { groupLines } from './status-groups.ts'
import type { Style } from '../output.ts'
import { cutTo, fitInto, type ScreenSize } from './status-screen.ts'
import type { DestinationFigures, StatusPage } from './status-page.ts'
import { duration, number } from './status-words.ts'

export type Paint = (style: Style, text: string) => string

/** At most so many lines, the partitions with the largest lag. Causes are never cut, other lines at the screen's edge. */
export function statusText(page: StatusPage, paint: Paint, size: ScreenSize): string {
  const cut = (line: string): string => cutTo(line, size)
  const lines = [
    cut(heading(page, paint)),
    ...partLines(page, paint),
    ...processLines(page),
    ...page.destinations.flatMap((one) => destinationLines(one, paint)),
  ]
  return fitInto(size, lines, (left) => groupLines(page.groups, paint, left).map(cut)).join('\n')
}

function heading(page: StatusPage, paint: Paint): string {
  const { version, pid, startedAt, at, logLevel } = page
  const state = stateOf(page, paint)
  const up = duration((Date.parse(at) - Date.parse(startedAt)) / 1_000)
  return `${paint('bold', `trackbridge ${version}`)}  ${state}  ${at.slice(0, 19)}Z  up ${up}, pid ${pid}, log level ${logLevel}`
}

function stateOf(page: StatusPage, paint: Paint): string {
  if (!page.ready) return paint('red', 'NOT READY')
  const hasTrouble = page.parts.some(({ why }) => why !== '')
  return hasTrouble ? paint('yellow', 'READY, BUT NOT DELIVERING') : paint('green', 'READY')
}

// What has trouble stands before what has none.
function partLines(page: StatusPage, paint: Paint): readonly string[] {
  const lines = page.parts.map(({ name, ready, why }): readonly [number, string] => {
    if (!ready) return [0, `${paint('red', '✗')} ${paint('bold', name)}: ${why}`]
    if (why !== '') return [1, `${paint('yellow', '!')} ${paint('bold', name)}: ${why}`]
    return [2, `${paint('green', '✓')} ${name}`]
  })
  return lines.toSorted(([a], [b]) => a - b).map(([, line]) => line)
}

function processLines({ process }: StatusPage): readonly string[] {
  if (process === null) return []
  const { counts, rawPerSecond, workers, stuck } = process
  const by = workers === null ? '' : ` by ${workers} workers`
  const { translated, unsupported, deadLetters, skipped } = counts
  return [
    '',
    `process  ${number(rawPerSecond)} records/s${by}; ${number(counts.raw)} done`,
    `  ${number(translated)} translated, ${number(unsupported)} unsupported, ${number(deadLetters)} dead letters, ${number(skipped)} skipped`,
    ...Object.entries(stuck).map(([partition, why]) => `  ${partition} has stopped: ${why}`),
    ...(Object.keys(stuck).length === 0 ? [] : [toDo('TrackbridgePartitionsStopped')]),
  ]
}

function destinationLines(one: DestinationFigures, paint: Paint): readonly string[] {
  const { destination, state, why, waiting, counters, deliveredPerSecond } = one
  const { delivered, rejected, retries, inFlight, bufferedBytes } = counters
  const isBlocked = state === 'blocked'
  const alert = isBlocked ? 'TrackbridgeDestinationBlocked' : 'TrackbridgeDestinationFailing'
  return [
    '',
    `sink ${destination}  ${doing(one, paint)}`,
    ...(why === null ? [] : [`  ${why}`]),
    `  ${number(deliveredPerSecond)} messages/s; ${number(delivered)} delivered, ${number(rejected)} dead letters, ${number(retries)} requests repeated`,
    `  ${number(waiting)} messages wait (${number(Math.ceil(bufferedBytes / 1_000))} kB), ${number(inFlight)} requests under way`,
    ...(why === null ? [] : [toDo(alert)]),
  ]
}

function doing({ state, why, nextTryInMs, failingForSeconds }: DestinationFigures, paint: Paint): string {
  if (why === null) return paint('green', 'delivering')
  const told = state === 'blocked' ? paint('red', 'BLOCKED') : paint('yellow', 'retrying')
  const since = failingForSeconds === null ? '' : ` for ${duration(failingForSeconds)}`
  const next = nextTryInMs === null ? '' : `, next try in ${duration(nextTryInMs / 1_000)}`
  return `${told}${since}${next}`
}

const toDo = (alert: string): string => `  what to do: docs/runbook.md, ${alert}`
