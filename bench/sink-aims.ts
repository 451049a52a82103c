// What the sink is to reach, told from the rows of its benchmark. Pure.
import { cpuColumn, type Aim, type Row } from './report.ts'
import { ceilingTitle, type SinkContestant } from './sink-contestants.ts'

/** From the first request to the last one, as the stand-in counts. */
export const speedColumn = 'messages/s'

const ceilingShare = 0.8
const maxCpu = 19
const refusedShare = 0.5

/** Plain rows of the product: at least 0.8 of the ceiling and under 19 CPU s/M; with 1 % refused: at least half the speed
 *  of the same without. Aims whose rows are not there are left out. */
export function sinkAims(contestants: readonly SinkContestant[], rows: readonly Row[]): readonly Aim[] {
  const figure = (title: string, column: string): number | undefined =>
    rows.find(({ name }) => name === title)?.figures[column]
  const speedAim = (title: string, { beside, share }: { beside: string; share: number }): readonly Aim[] => {
    const [found, whole] = [figure(title, speedColumn), figure(beside, speedColumn)]
    if (found === undefined || whole === undefined) return []
    return [{ name: `${title}: ${speedColumn} / ${beside}`, found: found / whole, limit: share, atLeast: true }]
  }
  const cpuAim = (title: string): readonly Aim[] => {
    const found = figure(title, cpuColumn)
    return found === undefined ? [] : [{ name: `${title}: ${cpuColumn}`, found, limit: maxCpu }]
  }
  return contestants.flatMap(({ title, role }) => {
    if (role === 'plain') {
      return [...speedAim(title, { beside: ceilingTitle, share: ceilingShare }), ...cpuAim(title)]
    }
    return role === undefined ? [] : speedAim(title, { beside: role.refusedBeside, share: refusedShare })
  })
}
