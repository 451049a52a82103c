// Rules of `destinations[].backfill` that span keys (cross-checks.ts tells them with the others). In: the document with
// ${ENV} filled in, right or wrong. Out: faults. Ruled by sink.md, "Facts of the API": what is above the API's rate may be
// dropped, whichever lane it is in.
import { apiRequestsPerSecond, backfillName, usualRequestsPerSecond } from './destination-schema.ts'
import type { Fault } from './faults.ts'
import { isMapping, keyText, valueAt, type Path } from './paths.ts'

/** The paths of backfill topics, named or not. `entries`: the paths of the destinations. */
export const backfillTopicPaths = (document: unknown, entries: readonly Path[]): readonly Path[] =>
  entries.filter((entry) => hasBackfill(document, entry)).map((entry) => [...entry, 'backfill', 'topic'])

export function backfillFaults(document: unknown, entries: readonly Path[]): readonly Fault[] {
  const names = new Set(entries.map((entry) => valueAt(document, [...entry, 'name'])))
  return entries
    .filter((entry) => hasBackfill(document, entry))
    .flatMap((entry) => [...nameFaults(document, entry, names), ...rateFaults(document, entry)])
}

const hasBackfill = (document: unknown, entry: Path): boolean => isMapping(valueAt(document, [...entry, 'backfill']))

function nameFaults(document: unknown, entry: Path, names: ReadonlySet<unknown>): readonly Fault[] {
  const name = valueAt(document, [...entry, 'name'])
  if (typeof name !== 'string' || !names.has(backfillName(name))) return []
  const found = `a destination "${name}" with a backfill lane, which is called "${backfillName(name)}" as another destination is`
  return [{ key: keyText([...entry, 'name']), found, allowed: 'names that differ from those of the lanes' }]
}

/** Whoever has a higher limit of the API sets the live rate above the documented one, and is not held to it. */
function rateFaults(document: unknown, entry: Path): readonly Fault[] {
  const path = [...entry, 'backfill', 'requestsPerSecond']
  const own = valueAt(document, path)
  const live = valueAt(document, [...entry, 'sink', 'limits', 'requestsPerSecond']) ?? usualRequestsPerSecond
  const format = valueAt(document, [...entry, 'sink', 'format']) ?? 'pipelines'
  if (typeof own !== 'number' || typeof live !== 'number' || format !== 'pipelines') return []
  if (live > apiRequestsPerSecond || live + own <= apiRequestsPerSecond) return []
  const left = Math.max(0, apiRequestsPerSecond - live)
  const allowed = `at most ${left}: with sink.limits.requestsPerSecond, ${live}, it must stay within the API's ${apiRequestsPerSecond} a second; lower that to make room`
  return [{ key: keyText(path), found: String(own), allowed }]
}
