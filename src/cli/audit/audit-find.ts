// `trackbridge audit --find`: the story of one record, or of a person's. In: what is looked for. Out: text or JSON; exit 1
// when nothing was found, or something of it is missing. Keys, values and headers are shown only with --payload.
import type { AuditDeps, AuditOptions } from '../../audit/audit.ts'
import { find, type Findings } from '../../audit/find.ts'
import { parseWanted } from '../../audit/find-seeds.ts'
import type { Story } from '../../audit/story.ts'
import { storiesJson } from './audit-story-json.ts'
import { storiesText } from './audit-story-text.ts'
import type { CliContext } from '../context.ts'

/** Stories beyond so many are counted and not told. */
const mostStories = 20

export interface FindCommand {
  readonly find: string
  readonly payload?: true
  readonly json?: true
}

/** Looks for it. The result prints itself, when the progress of the search is out of the way. Rejects as `find` does. */
export async function searchStories(
  deps: AuditDeps,
  options: AuditOptions,
  { find: what, payload, json }: FindCommand,
): Promise<(context: Pick<CliContext, 'output' | 'exitWith'>) => void> {
  const findings = await find(deps, { ...options, wanted: parseWanted(what), limit: mostStories })
  const records = findings.stories.flatMap(({ outputs }) => outputs.map(({ record }) => record))
  if (payload) await deps.ensureSchemas?.(records, deps.signal)
  const shown = storiesJson(findings, { hasPayload: payload === true, decodeAvro: deps.decodeAvro })
  return ({ output, exitWith }) => {
    if (json) output.printJson(shown)
    else output.print(storiesText(shown, what, (style, text) => output.paint(style, text)))
    if (!isWhole(findings)) exitWith(1)
  }
}

const isWhole = ({ stories }: Findings): boolean => stories.length > 0 && stories.every(isStoryWhole)

const isStoryWhole = ({ record, missing }: Story): boolean => record !== 'none' && missing.length === 0
