// Lines -> what fits on a screen, so that its top never scrolls away. In: lines, with colours or without. Out: lines. Pure.
import { stripVTControlCharacters } from 'node:util'

export interface ScreenSize {
  readonly rows: number
  /** Infinity: nothing is cut or wrapped, as in a file. */
  readonly columns: number
}

/** The line without what would stand beyond the edge. */
export function cutTo(line: string, { columns }: ScreenSize): string {
  if (lengthOf(line) <= columns) return line
  let left = columns - 1
  // Text and colours by turns: colours take no room, and those that end must be kept.
  const kept = line.split(colours).map((part, index) => {
    if (index % 2 === 1) return part
    const shown = part.slice(0, left)
    left -= shown.length
    return shown
  })
  return `${kept.join('')}…`
}

// oxlint-disable-next-line no-control-regex -- that is how colours begin
const colours = /(\u001B\[[\d;]*m)/

/** The lines, then those that `rest` makes of the room that they leave, at least `leastRest`; what is too much is cut off
 *  at the end, which says so. */
export function fitInto(size: ScreenSize, lines: readonly string[], rest: (left: number) => readonly string[]) {
  const all = [...lines, ...rest(Math.max(leastRest, size.rows - rowsOf(lines, size)))]
  if (rowsOf(all, size) <= size.rows) return all
  const kept: string[] = []
  for (const line of all) {
    if (rowsOf([...kept, line], size) >= size.rows) break
    kept.push(line)
  }
  return [...kept, cutTo(`… ${all.length - kept.length} more lines: a larger window shows them, --json as well`, size)]
}

const leastRest = 4

const rowsOf = (lines: readonly string[], { columns }: ScreenSize): number =>
  lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(lengthOf(line) / columns)), 0)

const lengthOf = (line: string): number => stripVTControlCharacters(line).length
